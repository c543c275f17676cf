"""Papers: documents that are pages of their own, with their own style, to be read and printed."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from typing import Final

from flask import Response

STYLE: Final = re.compile(rb"<style>(.*?)</style>", re.DOTALL)
"""The style of a document, which the policy of its page names by its hash."""


def paper(content: bytes) -> Response:
    """Send a document as a page of its own: nothing in it may load anything, and its one style is known."""
    answer = Response(content, content_type="text/html; charset=utf-8")
    hashes = " ".join(f"'sha256-{_hash(style)}'" for style in STYLE.findall(content))
    answer.headers["Content-Security-Policy"] = f"default-src 'none'; style-src {hashes}; frame-ancestors 'none'"
    return answer


def _hash(style: bytes) -> str:
    return b64encode(sha256(style).digest()).decode()
