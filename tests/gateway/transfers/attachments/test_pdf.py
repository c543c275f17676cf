"""A PDF is taken if it is one, of a size that can be sent, and does nothing when it is opened."""

from __future__ import annotations

import time
import zlib

import pytest

from gateway.documents.blocks import PrintedDocument
from gateway.documents.formats.pdf import render
from gateway.transfers.attachments.pdf import MAX_DOCUMENT_BYTES, check_pdf
from standards.errors import BodyTooLarge, InvalidBody
from tests.gateway.transfers.attachments.documents import PAGE, PLAN, SCRIPT, pdf, stream

OBJECTS = b"/Type /ObjStm /N 1 /First 4 "


def refused(content, match):
    begun = time.process_time()
    with pytest.raises(InvalidBody, match=match) as error:
        check_pdf(content)
    assert time.process_time() - begun < 3
    assert "Quillfeather" not in str(error.value)


@pytest.mark.parametrize(
    "content", [PLAN, pdf(*PAGE, stream(b"1 0 << /Type /Font >>", OBJECTS)), pdf(*PAGE, b"<< /A << /S /URI >> >>")]
)
def test_a_document_that_only_says_something_is_taken(content):
    check_pdf(content)


@pytest.mark.parametrize(
    "content",
    [b"", b"Quillfeather", b"<html>%PDF-1.7 %%EOF", b"PK\x03\x04 %PDF-1.7 %%EOF", PLAN[:-8], b"%PDF-1.7 %%EOF"[1:]],
)
def test_what_is_no_pdf_or_was_cut_off_is_refused(content):
    refused(content, "no PDF document")


def test_a_document_that_is_too_large_is_refused():
    with pytest.raises(BodyTooLarge):
        check_pdf(PLAN + b" " * MAX_DOCUMENT_BYTES)


@pytest.mark.parametrize(
    "content",
    [
        pdf(*PAGE, SCRIPT),
        pdf(*PAGE, SCRIPT.replace(b"/JavaScript", b"/J#61va#53cript")),
        pdf(*PAGE, stream(b"1 0 " + SCRIPT, OBJECTS)),
        pdf(*PAGE, stream(b"1 0 " + SCRIPT.replace(b"/JavaScript", b"/Java#53cript"), OBJECTS)),
        pdf(*PAGE, stream(b"1 0 " + SCRIPT, OBJECTS.replace(b"ObjStm", b"Obj#53tm"))),
        pdf(*PAGE, b"<< /S /Launch /F (calc.exe) >>"),
        pdf(*PAGE, b"<< /Type /Filespec /EF << /F 4 0 R >> >>"),
        pdf(*PAGE, b"<< /S /JavaScript\0/JS (app.alert\\(1\\)) >>"),
        pdf(*PAGE, stream(b"1 0 << /S /Launch\0/F (calc.exe) >>", OBJECTS.replace(b"ObjStm ", b"ObjStm\0"))),
        pdf(*PAGE, b"<< /FS << /F (calc.exe) /EF << /F 4 0 R >> >> >>", stream(b"MZ")),
        pdf(*PAGE, b"<< /Type /Annot /Subtype /FileAttachment /FS 4 0 R >>"),
        pdf(*PAGE, stream(b"PK", b"/Type /EmbeddedFile ")),
        pdf(*PAGE, b"<< /AcroForm << /XFA [(a) 5 0 R] >> >>"),
        pdf(*PAGE, b"<< /Subtype /RichMedia >>"),
        pdf(*PAGE, b"<< /S /SubmitForm /F (https://example.org) >>"),
    ],
)
def test_a_document_that_does_something_or_holds_a_file_is_refused(content):
    refused(content, "holds something that acts")


@pytest.mark.parametrize("name", [b"/Encrypt ", b"/Encrypt\0", b"/Encrypt%\n"])
def test_a_document_with_a_password_is_refused(name):
    refused(pdf(*PAGE, trailer=b"<< /Root 1 0 R " + name + b"9 0 R >>"), "is encrypted")


@pytest.mark.parametrize(
    "content",
    [
        pdf(*PAGE, stream(b"1 0 " + SCRIPT.hex().encode(), OBJECTS + b"/Filter /ASCIIHexDecode ", packed=False)),
        pdf(*PAGE, stream(SCRIPT.hex().encode(), OBJECTS + b"/Filter [/FlateDecode /ASCIIHexDecode] ")),
        pdf(*PAGE, stream(SCRIPT.hex().encode(), b"/Type /ObjStm%\n/N 1 /Filter [/FlateDecode /ASCIIHexDecode] ")),
        pdf(*PAGE, stream(b"1 0 x", OBJECTS + b"/DecodeParms << /Predictor 12 >> ")),
        pdf(*PAGE, b"<< " + OBJECTS + b">>"),
        pdf(*PAGE, stream(zlib.compress(b"1 0 x" * 99)[:-6], OBJECTS + b"/Filter /FlateDecode ", packed=False)),
        pdf(*PAGE, stream(b"x", b"/A (stream\n) ") + stream(b"1 0 x", OBJECTS)).replace(b"endstream", b"end", 1),
        pdf(*PAGE, *[stream(b"\0" * (9 << 20))] * 9),
    ],
)
def test_objects_that_cannot_be_looked_through_are_refused(content):
    refused(content, "cannot be looked through")


def test_many_streams_that_never_end_cost_little():
    refused(pdf(b"stream\n" * 1_000_000), "no PDF document")
    check_pdf(pdf(b"stream\n" * 1_000_000 + b"endstream"))


def test_the_pages_that_the_gateway_prints_can_be_attached():
    check_pdf(render(PrintedDocument("en", "A plan", "", ())))
