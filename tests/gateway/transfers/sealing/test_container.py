"""The container is a tar in which only names and sizes differ; whatever else a tar can have is refused."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.transfers.sealing import container
from gateway.transfers.sealing.container import BLOCK_BYTES, END, ContainerReader, write_container
from gateway.transfers.sealing.errors import MalformedPackage, PackageTooLarge

PARTS = [b"manifest", b"signature" * 100, b"", b"x" * BLOCK_BYTES]
LONGEST = 10_000


def written(parts=PARTS):
    return b"".join(write_container(parts))


def read(content, number=4):
    reader = ContainerReader(io.BytesIO(content))
    parts = [reader.part(LONGEST) for _ in range(number)]
    reader.finish()
    return parts


def refused(content, kind=MalformedPackage):
    with pytest.raises(kind):
        read(content)


@given(parts=st.lists(st.binary(max_size=1500), max_size=6))
def test_what_is_written_can_be_read_back(parts):
    assert read(written(parts), len(parts)) == parts


def test_the_same_parts_make_the_same_bytes():
    assert written() == written()


@given(at=st.integers(0, len(written()) - 1), by=st.integers(1, 255))
@settings(max_examples=200)
def test_a_changed_byte_is_refused_unless_it_is_one_of_a_part(at, by):
    changed = bytearray(written())
    changed[at] ^= by
    try:
        assert b"".join(read(bytes(changed))) != b"".join(PARTS)
    except (MalformedPackage, PackageTooLarge):
        return


def tar(change, form=tarfile.USTAR_FORMAT):
    """Write the same parts with one thing different."""
    made = io.BytesIO()
    names = container.part_names()
    with tarfile.open(fileobj=made, mode="w", format=form, bufsize=1024) as archive:
        for part in PARTS:
            entry = tarfile.TarInfo(next(names))
            entry.size, entry.mode = len(part), 0o600
            change(entry)
            archive.addfile(entry, io.BytesIO(part))
    content = made.getvalue().rstrip(b"\0")
    return content + bytes(-len(content) % BLOCK_BYTES) + END


def setting(**changes):
    def change(entry):
        for name, value in changes.items():
            setattr(entry, name, value)

    return change


def test_python_s_own_tar_is_the_same_where_nothing_is_different():
    assert tar(setting()) == written()


@pytest.mark.parametrize(
    "changes",
    [
        {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}, {"type": tarfile.LNKTYPE, "linkname": "manifest.jwe"},
        {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 3}, {"type": tarfile.BLKTYPE}, {"type": tarfile.FIFOTYPE},
        {"type": tarfile.DIRTYPE}, {"type": tarfile.CONTTYPE}, {"type": tarfile.AREGTYPE}, {"type": tarfile.GNUTYPE_SPARSE},
        {"type": tarfile.GNUTYPE_LONGNAME}, {"type": tarfile.XHDTYPE}, {"type": tarfile.XGLTYPE}, {"type": tarfile.SOLARIS_XHDTYPE},
        {"mtime": 1}, {"uid": 1}, {"gid": 1}, {"mode": 0o644}, {"mode": 0o4755}, {"uname": "root"}, {"gname": "root"},
        {"name": "../manifest.jwe"}, {"name": "/manifest.jwe"}, {"name": "manifest.jwe/"}, {"name": "MANIFEST.JWE"}, {"name": "x"},
        {"name": "./manifest.jwe"}, {"name": "a" * 90 + "/" + "b" * 90},
    ],
)  # fmt: skip
def test_an_entry_of_any_other_kind_is_refused(changes):
    refused(tar(setting(**changes)))


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_another_format_of_tar_is_refused(form):
    refused(tar(setting(pax_headers={"path": "x", "comment": "y"}), form))


@pytest.mark.parametrize(
    "size",
    [
        b"00000000010 ",
        b"0x000000010\0",
        b"-0000000010\0",
        b"\x80" + bytes(10) + b"\x08",
        b" 0000000010\0",
        b"77777777778\0",
    ],
)
def test_a_size_in_another_spelling_is_refused(size):
    content = bytearray(written())
    content[124:136] = size
    refused(bytes(content))


def test_a_part_that_says_to_be_larger_than_it_can_be_is_refused_unread():
    class Ends(io.BytesIO):
        def read(self, size=-1, /):
            assert size <= BLOCK_BYTES
            return super().read(size)

    entry = container._header("manifest.jwe", 8**11 - 1)
    with pytest.raises(PackageTooLarge):
        ContainerReader(Ends(entry)).part(LONGEST)
    refused(written([b"x" * (LONGEST + 1)]), PackageTooLarge)


def test_a_container_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(container, "MAX_CONTAINER_BYTES", 4 * BLOCK_BYTES)
    refused(written(), PackageTooLarge)


@pytest.mark.parametrize(
    "content",
    [
        b"", END, written() + b"\0", written() + END, written()[:-1], written()[:-BLOCK_BYTES], written()[:-len(END)],
        written(PARTS[:3]), written([*PARTS, b"more"]), bytes(BLOCK_BYTES) + written(), written() + written(),
        written()[:BLOCK_BYTES], written()[BLOCK_BYTES:],
    ],
)  # fmt: skip
def test_a_container_with_more_or_less_in_it_is_refused(content):
    refused(content)


def test_padding_with_anything_in_it_is_refused():
    content = bytearray(written())
    content[BLOCK_BYTES + len(PARTS[0])] = 1
    refused(bytes(content))
