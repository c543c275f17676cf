"""Districts whose system has no way in get files; others may have them too."""

from __future__ import annotations

import pytest

from tests.gateway.receiving.houses import (
    ODS,
    TRANSFER,
    run,
)


def folder(fir, text='adapter = "folder"\nfolder = "records"\n'):
    fir.write_settings(destination=text)


def test_a_system_without_a_way_in_gets_files(fir):
    folder(fir)
    [line] = run(fir)
    assert line.endswith("files in the folder; acknowledged")
    assert fir.running.log == []
    root = fir.folder / "records" / TRANSFER / "v1"
    names = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    assert {"ed-fi/students.json", "pesc/transcript.xml", "restrictions.json"} <= names
    assert any(name.endswith(".html") for name in names)
    assert any(name.startswith("documents/") for name in names)
    records = fir.folder / "records"
    assert all(path.stat().st_mode & 0o077 == 0 for path in (records, *records.rglob("*")))
    assert {body["how"] for body in fir.gateway.told("/filed")} == {"document"}
    assert run(fir) == []


def test_a_folder_beside_a_system_gets_the_files_and_undo_removes_them(fir):
    destination = ODS.format(url=fir.running.url, courses="new")
    folder(fir, 'folder = "records"\n' + destination)
    run(fir)
    root = fir.folder / "records" / TRANSFER / "v1"
    changed = root / "restrictions.json"
    changed.write_text("{}")
    with fir.agent() as agent:
        agent.undo(TRANSFER)
    assert list(root.rglob("*")) == [changed]


def test_an_adapter_that_may_not_write_is_refused(fir):
    folder(fir, ODS.format(url=fir.running.url, courses="new").replace("writable = true", ""))
    with pytest.raises(Exception, match="writable = true"):
        run(fir)
