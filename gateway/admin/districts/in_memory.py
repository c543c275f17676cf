"""Requests with files: what a form brings stays in memory, whatever its size, and never becomes a temporary file."""

from __future__ import annotations

import re
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any, Final

from flask import Request, current_app, has_app_context

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

UPLOADS: Final = "UPLOAD_BYTES"
"""The setting of an application that says how large an uploaded file may be."""

ENVELOPE_BYTES: Final = 65_536
PATHS: Final = re.compile(r"/(?:console|admin/v1)/districts/[a-z][a-z0-9-]{0,39}/upload")


class LargeFileRequest(Request):
    """A request whose files stay in memory; only the addresses of uploads take large ones."""

    def __init__(self, environ: WSGIEnvironment, *more: Any, **given: Any) -> None:
        super().__init__(environ, *more, **given)
        if PATHS.fullmatch(self.path) and has_app_context():
            self.max_content_length = current_app.config[UPLOADS] + ENVELOPE_BYTES

    def _get_file_stream(
        self,
        total_content_length: int | None,  # noqa: ARG002 -- werkzeug's signature
        content_type: str | None,  # noqa: ARG002
        filename: str | None = None,  # noqa: ARG002
        content_length: int | None = None,  # noqa: ARG002
    ) -> IO[bytes]:
        """Return where the form parser writes a file: werkzeug's own writes large ones to the disk in clear."""
        return BytesIO()
