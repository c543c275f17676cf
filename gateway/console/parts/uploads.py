"""Uploads: files that people send, read in memory alone, each page as large as it says."""

from __future__ import annotations

from io import BytesIO
from typing import IO, TYPE_CHECKING

from flask import Request, current_app, request

if TYPE_CHECKING:
    from typing import Any


class InMemoryRequest(Request):
    """A request whose files are never written to a temporary file, however large they are."""

    def _get_file_stream(self, *_about: Any, **_more: Any) -> IO[bytes]:
        return BytesIO()


def allow_size() -> None:
    """Let the page that is asked have files of the size that it names, or that the setting says which it names.

    It must come before forms are read.
    """
    view = current_app.view_functions.get(request.endpoint or "")
    if most := getattr(view, "most_bytes", 0):
        request.max_content_length = current_app.config[most] if isinstance(most, str) else most
