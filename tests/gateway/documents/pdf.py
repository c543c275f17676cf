"""The text and the tags of a PDF that Typst wrote, read from its objects."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from functools import cached_property

OBJECT = re.compile(rb"(\d+) 0 obj\s*(.*?)\s*endobj", re.DOTALL)
STREAM = re.compile(rb"stream\r?\n(.*)\r?\nendstream", re.DOTALL)
TOKEN = re.compile(rb"\s*(?:(<<|>>|\[|\])|/([^\s<>\[\]()/]*)|<([0-9A-Fa-f\s]*)>|([^\s<>\[\]()/]+))")
ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


@dataclass(frozen=True)
class Pdf:
    """A PDF, by its numbered objects."""

    content: bytes

    @cached_property
    def objects(self) -> dict[int, bytes]:
        return {int(number): body for number, body in OBJECT.findall(self.content)}

    def stream(self, number: int) -> bytes:
        body = self.objects[number]
        found = STREAM.search(body)
        assert found
        return zlib.decompress(found[1]) if b"FlateDecode" in body else found[1]

    @cached_property
    def catalog(self) -> bytes:
        return next(body for body in self.objects.values() if b"/Type/Catalog" in body)

    @cached_property
    def metadata(self) -> str:
        return self.stream(self._ref(self.catalog, b"Metadata")).decode()

    @property
    def tags(self) -> list[str]:
        """The kinds of the structure elements, in the order of reading."""
        root = self.objects[self._ref(self.catalog, b"StructTreeRoot")]
        return list(self._tags(root))

    def _tags(self, body: bytes):
        kind = re.search(rb"/S\s*/(\w+)", body)
        if kind:
            yield kind[1].decode()
        children = re.search(rb"/K\s*(\[[^\]]*\]|\d+ 0 R)", body)
        for number in re.findall(rb"(\d+) 0 R", children[1] if children else b""):
            child = self.objects[int(number)]
            if b"/Type/OBJR" not in child:
                yield from self._tags(child)

    @property
    def words(self) -> list[str]:
        """The words of all pages, without the artifacts (running feet, marks and lines)."""
        return [word for page in self.pages for word in page]

    @property
    def pages(self) -> list[list[str]]:
        """The words of each page."""
        return [self._page(page).replace("\u200b", "").split() for page in self._pages()]

    def _pages(self) -> list[bytes]:
        (root,) = (body for body in self.objects.values() if b"/Type/Pages" in body)
        kids = re.search(rb"/Kids\[([^\]]*)\]", root)
        assert kids
        return [self.objects[int(number)] for number in re.findall(rb"(\d+) 0 R", kids[1])]

    def _page(self, page: bytes) -> str:
        fonts = self._fonts(self.objects[self._ref(page, b"Resources")])
        said: list[str] = []
        tags: list[bytes] = []
        font: dict[int, str] = {}
        for operator, operands in operations(self.stream(self._ref(page, b"Contents"))):
            if operator in {b"BDC", b"BMC"}:
                tags.append(next(one for one in operands if one.startswith(b"/")))
                said.append(" ")
            elif operator == b"EMC":
                tags.pop()
            elif operator == b"Tf":
                font = fonts[operands[0][1:]]
            elif operator in {b"Tj", b"TJ"} and b"/Artifact" not in tags:
                said.append(_shown(b"".join(one[1:] for one in operands if one.startswith(b"(")), font))
        return "".join(said)

    def _fonts(self, resources: bytes) -> dict[bytes, dict[int, str]]:
        listed = re.search(rb"/Font\s*<<(.*?)>>", resources, re.DOTALL)
        body = listed[1] if listed else self.objects[self._ref(resources, b"Font")]
        found = {}
        for name, number in re.findall(rb"/(\w+)\s+(\d+) 0 R", body):
            cmap = self.stream(self._ref(self.objects[int(number)], b"ToUnicode"))
            found[name] = _unicode(cmap)
        return found

    @staticmethod
    def _ref(body: bytes, name: bytes) -> int:
        found = re.search(rb"/" + name + rb"\s+(\d+) 0 R", body)
        assert found, (name, body[:300])
        return int(found[1])


def operations(stream: bytes):
    """Yield each operator of a page with its operands: names begin with a slash, texts with a parenthesis."""
    operands: list[bytes] = []
    at = 0
    while at < len(stream.rstrip()):
        found = TOKEN.match(stream, at)
        if found is None:
            at = stream.index(b"(", at) + 1
            text, at = _literal(stream, at)
            operands.append(b"(" + text)
            continue
        at = found.end()
        _, name, coded, word = found.groups()
        if name is not None:
            operands.append(b"/" + name)
        elif coded is not None:
            operands.append(b"(" + bytes.fromhex(coded.decode()))
        elif (
            word is not None and re.fullmatch(rb"[A-Za-z'\"*]+[01]?", word) and word not in {b"true", b"false", b"null"}
        ):
            yield word, operands
            operands = []


def _literal(stream: bytes, at: int) -> tuple[bytes, int]:
    """Read a text in parentheses, which may hold others."""
    found = bytearray()
    depth = 1
    while True:
        sign = stream[at : at + 1]
        at += 1
        if sign == b"\\":
            octal = re.compile(rb"[0-7]{1,3}").match(stream, at)
            sign = bytes([int(octal[0], 8)]) if octal else ESCAPES.get(stream[at : at + 1], stream[at : at + 1])
            at = octal.end() if octal else at + 1
        elif sign == b"(":
            depth += 1
        elif sign == b")":
            depth -= 1
            if not depth:
                return bytes(found), at
        found += sign


def _shown(codes: bytes, font: dict[int, str]) -> str:
    return "".join(font.get(int.from_bytes(codes[at : at + 2]), "?") for at in range(0, len(codes), 2))


def _unicode(cmap: bytes) -> dict[int, str]:
    """The signs of a font by the codes of its glyphs."""
    found = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", cmap, re.DOTALL):
        for code, sign in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]*)>", block):
            found[int(code, 16)] = bytes.fromhex(sign.decode()).decode("utf-16-be")
    return found
