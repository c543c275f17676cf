"""PDF documents as programs write them, and as attackers do."""

import zlib


def pdf(*objects, trailer=b"<< /Root 1 0 R >>"):
    """A document of these objects."""
    numbered = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, one) for number, one in enumerate(objects, 1))
    return b"%PDF-1.7\n" + numbered + b"trailer\n" + trailer + b"\nstartxref\n0\n%%EOF\n"


def stream(content, about=b"", packed=True):
    """An object that is a stream."""
    data = zlib.compress(content) if packed else content
    kind = b"/Filter /FlateDecode " if packed else b""
    return b"<< %s%s/Length %d >>\nstream\n%s\nendstream" % (about, kind, len(data), data)


PAGE = b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>"
PLAN = pdf(*PAGE, stream(b"BT (The plan of Quillfeather) Tj ET"))
SCRIPT = b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"
