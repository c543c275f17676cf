"""PDF documents as they are taken: no larger than they may be, and with nothing in them that a program would run.

This looks for what is known to act, in every stream that can be unpacked. It is no search for viruses.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Final

from gateway.translations.phrases import Phrase
from standards.errors import BodyTooLarge, InvalidBody

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DOCUMENT_BYTES: Final = 10 << 20
MAX_UNPACKED_BYTES: Final = 64 << 20
TAIL_BYTES: Final = 1024

MAGIC: Final = re.compile(rb"%PDF-[12]\.[0-9]")
END: Final = b"%%EOF"
ENDSTREAM: Final = b"endstream"
ESCAPE: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
STREAM: Final = re.compile(rb"stream\r?\n")
NAME_ENDS: Final = rb"(?![^\s\0()<>\[\]{}/%])"
"""What follows a name: any white space or delimiter of PDF (ISO 32000-1, 7.2.2), of which NUL is one, or nothing."""
ACTIVE: Final = re.compile(
    rb"/(JavaScript|Launch|EmbeddedFiles?|EF|FileAttachment|Filespec|RichMedia(?:Content|Settings)?|XFA|Rendition"
    rb"|ImportData|SubmitForm|GoToR|GoToE|Movie|Sound)" + NAME_ENDS
)
"""The names of actions that do something, and of files within the file."""
ENCRYPTED: Final = re.compile(rb"/Encrypt" + NAME_ENDS)
OBJECTS: Final = re.compile(rb"/ObjStm" + NAME_ENDS)
FILTER: Final = re.compile(rb"/Filter" + NAME_ENDS)
PLAIN: Final = re.compile(rb"/Filter\s*(?:/FlateDecode|\[\s*/FlateDecode\s*\])")
PREDICTED: Final = re.compile(rb"/(?:DecodeParms|DP)" + NAME_ENDS)

NO_PDF: Final = "This is no PDF document, or it is cut off."
LOCKED: Final = "This PDF is encrypted. Save it without a password, or print it to a PDF."
ACTS: Final = "This PDF holds something that acts or another file (%(name)s). Print it to a PDF, and attach that."
UNREADABLE: Final = "This PDF cannot be looked through. Print it to a PDF, and attach that."


def check_pdf(content: bytes) -> None:
    """Refuse bytes that are no PDF document, or one that is larger than it may be, locked, or does something.

    Raises:
        BodyTooLarge: it is larger.
        InvalidBody: it is any of the others; what it says is not repeated.
    """
    if len(content) > MAX_DOCUMENT_BYTES:
        raise BodyTooLarge(MAX_DOCUMENT_BYTES)
    if not MAGIC.match(content) or END not in content[-TAIL_BYTES:]:
        raise InvalidBody(NO_PDF)
    plain = _unescaped(content)
    if ENCRYPTED.search(plain):
        raise InvalidBody(LOCKED)
    _refuse_active(plain)
    for unpacked in _unpacked(content, len(OBJECTS.findall(plain))):
        _refuse_active(_unescaped(unpacked))


def _refuse_active(content: bytes) -> None:
    if found := ACTIVE.search(content):
        raise InvalidBody(Phrase(ACTS, name=found[1].decode("ascii")))


def _unescaped(content: bytes) -> bytes:
    """Write names as they are meant: any character of one may be written by its number."""
    return ESCAPE.sub(lambda found: bytes((int(found[1], 16),)), content)


def _unpacked(content: bytes, objects: int) -> Iterator[bytes]:
    """Yield every stream that can be unpacked; all that hold *objects* must be.

    Raises:
        InvalidBody: one of those cannot, or there is more in them than can be looked through.
    """
    left, seen, begin = MAX_UNPACKED_BYTES, 0, 0
    while found := STREAM.search(content, begin):
        about, end = _unescaped(content[begin : found.start()]), content.find(ENDSTREAM, found.end())
        if end < 0:
            raise InvalidBody(NO_PDF)
        begin = end + len(ENDSTREAM)
        unpacked, is_whole = _inflated(content[found.end() : end], left)
        left -= len(unpacked)
        holding = len(OBJECTS.findall(about))
        is_plain = len(FILTER.findall(about)) == len(PLAIN.findall(about)) > 0 and not PREDICTED.search(about)
        if left <= 0 or (holding and not (is_whole and is_plain)):
            raise InvalidBody(UNREADABLE)
        seen += holding
        yield unpacked
    if seen != objects:
        raise InvalidBody(UNREADABLE)


def _inflated(packed: bytes, most: int) -> tuple[bytes, bool]:
    """Inflate a stream as far as it can be, *most* bytes of it; tell whether that is all of it."""
    inflating = zlib.decompressobj()
    try:
        return inflating.decompress(packed, most), inflating.eof
    except zlib.error:
        return b"", False
