"""A folder or a zip is read whole and unharmed, or refused with its place."""

from __future__ import annotations

import io
import os
import struct
import zipfile

import pytest

from adapters.files.archives import Caps, Source, open_source
from standards.errors import SourceBroken

CONTENT = {"a.csv": b"one,two\r\n1,2\r\n", "b.csv": b"x" * 100_000}


@pytest.fixture(params=["folder", "zip"])
def make(request, tmp_path):
    def source(files: dict[str, bytes]):
        path = tmp_path / "district"
        if request.param == "zip":
            return archive(path.with_suffix(".zip"), files)
        path.mkdir()
        for name, data in files.items():
            (path / name).parent.mkdir(exist_ok=True)
            (path / name).write_bytes(data)
        return path

    return source


def archive(path, files, **changes):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            for key, value in changes.items():
                setattr(info, key, value)
            made.writestr(info, data)
    return path


def read_all(source: Source) -> dict[str, bytes]:
    found = {}
    for name in source.names():
        with source.open(name) as file:
            found[name] = file.read()
    return found


def test_every_file_is_read_as_it_is(make):
    with open_source(make(CONTENT)) as source:
        assert read_all(source) == CONTENT


def test_lines_can_be_read_as_text(make):
    with (
        open_source(make(CONTENT)) as source,
        source.open("a.csv") as file,
        io.TextIOWrapper(file, "utf-8") as text,
    ):
        assert next(text) == "one,two\n"


def test_a_file_may_be_read_twice_without_being_counted_twice(make):
    with open_source(make(CONTENT), caps=Caps(folder_bytes=110_000, zip_bytes=110_000)) as source:
        assert read_all(source) == read_all(source) == CONTENT


def test_hidden_files_are_not_part_of_a_source(make):
    with open_source(make(CONTENT | {".DS_Store": b"x"})) as source:
        assert source.names() == ["a.csv", "b.csv"]


def test_too_many_files_are_refused(make):
    with pytest.raises(SourceBroken, match="more than 1 files"):
        open_source(make(CONTENT), caps=Caps(members=1))


def test_too_many_bytes_are_refused_while_reading(make):
    with (
        open_source(make(CONTENT), caps=Caps(folder_bytes=50_000, zip_bytes=50_000)) as source,
        pytest.raises(SourceBroken, match=r"^b\.csv: "),
    ):
        read_all(source)


def test_a_nested_folder_is_refused(make):
    with pytest.raises(SourceBroken, match="is not allowed"):
        open_source(make(CONTENT | {"in/c.csv": b""}))


def test_a_nested_folder_is_ignored_where_that_is_wished(make):
    with open_source(make(CONTENT | {"in/c.csv": b""}), caps=Caps(nested="ignore")) as source:
        assert source.names() == ["a.csv", "b.csv"]


def test_an_unknown_name_is_refused(make):
    with open_source(make(CONTENT)) as source, pytest.raises(SourceBroken, match="no such file"):
        source.open("c.csv")


def test_the_stamp_stays_while_nothing_changes_and_changes_with_a_file(make):
    path = make(CONTENT)
    with open_source(path) as source:
        before = source.stamp()
    with open_source(path) as source:
        assert source.stamp() == before
    changed = path / "a.csv" if path.is_dir() else path
    os.utime(changed, ns=(1, 1))
    with open_source(path) as source:
        assert source.stamp() != before


def test_what_does_not_exist_is_refused(tmp_path):
    with pytest.raises(SourceBroken, match="no such folder"):
        open_source(tmp_path / "nowhere")


def test_a_link_out_of_the_folder_is_refused(tmp_path):
    (tmp_path / "secret").write_text("x")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").symlink_to(tmp_path / "secret")
    with pytest.raises(SourceBroken, match=r"^a\.csv: .*leads out"):
        open_source(tmp_path / "in")


def test_a_link_inside_the_folder_is_followed(tmp_path):
    (tmp_path / "a.csv").write_text("x")
    (tmp_path / "b.csv").symlink_to("a.csv")
    with open_source(tmp_path) as source:
        assert read_all(source) == {"a.csv": b"x", "b.csv": b"x"}


@pytest.mark.parametrize("target", ["a.csv", "nothing"])
def test_a_link_to_itself_or_to_nothing_is_refused(tmp_path, target):
    (tmp_path / "a.csv").symlink_to(target)
    with pytest.raises(SourceBroken, match="cannot be listed"):
        open_source(tmp_path)


def test_a_pipe_is_refused(tmp_path):
    os.mkfifo(tmp_path / "a.csv")
    with pytest.raises(SourceBroken, match="not a regular file"):
        open_source(tmp_path)


def test_a_file_replaced_after_the_listing_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("x")
    with open_source(tmp_path) as source:
        (tmp_path / "a.csv").write_text("longer")
        with pytest.raises(SourceBroken, match="changed"):
            source.open("a.csv")


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"x" * 200_000)
    with open_source(tmp_path) as source, source.open("a.csv") as file:
        file.read(10)
        with (tmp_path / "a.csv").open("ab") as more:
            more.write(b"y")
        with pytest.raises(SourceBroken, match="changed"):
            file.read()


@pytest.mark.parametrize("name", ["../a.csv", "/etc/a.csv", "in/../../a.csv", "..\\a.csv", "c:a.csv"])
@pytest.mark.parametrize("nested", ["refuse", "ignore"])
def test_a_member_that_leads_out_of_the_archive_is_refused(tmp_path, name, nested):
    with pytest.raises(SourceBroken, match="leads out"):
        open_source(archive(tmp_path / "x.zip", {name: b""}), caps=Caps(nested=nested))


def test_a_link_in_an_archive_is_refused(tmp_path):
    with pytest.raises(SourceBroken, match="is a link"):
        open_source(archive(tmp_path / "x.zip", {"a.csv": b"/etc/passwd"}, external_attr=0o120777 << 16))


def test_a_bomb_is_refused_before_it_is_inflated(tmp_path):
    path = archive(tmp_path / "x.zip", {"a.csv": b"\0" * (50 << 20)})
    chunks = []
    with open_source(path) as source, source.open("a.csv") as file:
        with pytest.raises(SourceBroken, match=r"^a\.csv: .*more than 200 times"):
            chunks.extend(iter(lambda: file.read(1 << 16), b""))
        assert file.raw._size < 12 << 20


def test_a_member_named_twice_is_refused(tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("a.csv", "1")
        made.writestr("A.csv", "2")
    with pytest.raises(SourceBroken, match="twice"):
        open_source(path)


def test_an_encrypted_member_is_refused(tmp_path):
    path = archive(tmp_path / "x.zip", {"a.csv": b"1"})
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(SourceBroken, match="encrypted"):
        open_source(path)


def test_another_compression_than_deflate_is_refused(tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as made:
        made.writestr("a.csv", "1")
    with pytest.raises(SourceBroken, match="neither stored nor deflated"):
        open_source(path)


def test_a_damaged_member_is_refused(tmp_path):
    path = archive(tmp_path / "x.zip", {"a.csv": os.urandom(1000)})
    data = bytearray(path.read_bytes())
    data[500] ^= 0xFF
    path.write_bytes(data)
    with open_source(path) as source, source.open("a.csv") as file, pytest.raises(SourceBroken, match=r"^a\.csv: "):
        file.read()


@pytest.mark.parametrize("cut", [1, 10, 60, 200])
def test_a_truncated_archive_is_refused(tmp_path, cut):
    path = archive(tmp_path / "x.zip", CONTENT)
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(SourceBroken, match="not a readable zip"):
        open_source(path)


def test_a_header_that_understates_the_size_is_refused(tmp_path):
    path = archive(tmp_path / "x.zip", {"a.csv": b"x" * 1000})
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.rindex(b"PK\x01\x02") + 24, 10)
    path.write_bytes(data)
    with open_source(path) as source, source.open("a.csv") as file, pytest.raises(SourceBroken, match="damaged"):
        file.read()


def test_members_that_share_their_bytes_are_refused(tmp_path):
    path = archive(tmp_path / "x.zip", {f"{number}.csv": os.urandom(50) for number in range(3)})
    data = bytearray(path.read_bytes())
    at = -1
    while (at := data.find(b"PK\x01\x02", at + 1)) >= 0:
        struct.pack_into("<I", data, at + 20, len(data))
    path.write_bytes(data)
    with pytest.raises(SourceBroken, match="overlap"):
        open_source(path)


def test_a_long_list_of_members_is_refused_before_it_is_read(tmp_path):
    path = archive(tmp_path / "x.zip", {"a.csv": b""})
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.rindex(b"PK\x05\x06") + 12, 100 << 20)
    path.write_bytes(data)
    with pytest.raises(SourceBroken, match="lists more"):
        open_source(path)


def test_what_is_not_a_zip_is_refused(tmp_path):
    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04 nothing more")
    with pytest.raises(SourceBroken, match=r"^x\.zip: This is not a readable zip"):
        open_source(tmp_path / "x.zip")
