"""Requests with files: what a form brings stays in memory, whatever its size, and never becomes a temporary file."""

from __future__ import annotations

from io import BytesIO
from typing import IO, Final

from flask import Request

UPLOADS: Final = "UPLOAD_BYTES"
"""The setting of an application that says how large an uploaded file may be."""


class LargeFileRequest(Request):
    """A request whose files stay in memory."""

    def _get_file_stream(
        self,
        total_content_length: int | None,  # noqa: ARG002 -- werkzeug's signature
        content_type: str | None,  # noqa: ARG002
        filename: str | None = None,  # noqa: ARG002
        content_length: int | None = None,  # noqa: ARG002
    ) -> IO[bytes]:
        """Return where the form parser writes a file: werkzeug's own writes large ones to the disk in clear."""
        return BytesIO()
