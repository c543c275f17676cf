"""Ten packages as districts really send them: served where their meaning is clear, else refused with every place."""

from __future__ import annotations

import csv
import fnmatch
import io
import zipfile
from datetime import UTC

import pytest

from adapters.oneroster_csv.adapter import OneRosterCsv
from gateway.cache.needed_fields import wanted_by
from gateway.config.settings import DistrictSettings
from gateway.districts.source_check import look
from standards.errors import SourceBroken
from standards.oneroster.csv import specification as facts
from tests.adapters.oneroster import packages as made

PUPILS = 30


def rows(version):
    """A district with enough students to tell a slip from a habit."""
    found = made.rows(version)
    for number in range(PUPILS):
        own = f"x{number}"
        user = found["users.csv"][0] | {"sourcedId": own, "username": own, "agentSourcedIds": ""}
        found["users.csv"].append(user)
        found["enrollments.csv"].append(found["enrollments.csv"][0] | {"sourcedId": f"e{own}", "userSourcedId": own})
        found["demographics.csv"].append(found["demographics.csv"][0] | {"sourcedId": own})
        if version == "1.2":
            found["roles.csv"].append(found["roles.csv"][0] | {"sourcedId": f"r{own}", "userSourcedId": own})
    return found


def package(version, change=None):
    """The files of that district, as they should be, but for a *change* of their rows."""
    found = rows(version)
    if change:
        change(found)
    files = {name: made.text(list(facts.files(version)[name].columns), some) for name, some in found.items()}
    return {"manifest.csv": made.manifest(version, files).encode()} | {k: v.encode() for k, v in files.items()}


def each(files, change):
    return {name: data if name == "manifest.csv" else change(data) for name, data in files.items()}


def one(files, name, change):
    return files | {name: change(files[name])}


def swapped(data, *pairs):
    for old, new in pairs:
        assert old in data, old
        data = data.replace(old, new)
    return data


def headings(data, change):
    first, line, rest = data.partition(b"\r\n")
    return change(first) + line + rest


def reordered(files):
    """Metadata in the middle of users.csv and orgs.csv, as some vendors write them."""
    for name in ("orgs.csv", "users.csv"):
        lines = [line.split(b",", 3) for line in files[name].rstrip().split(b"\r\n")]
        told = [b"metadata.vendor.note", *(b"" for _ in lines[1:])]
        files[name] = b"\r\n".join(
            b",".join([*line[:3], cell, line[3]]) for line, cell in zip(lines, told, strict=True)
        )
    return files


def american(found):
    for row in found["users.csv"]:
        row["dateLastModified"] = "1/05/2026 8:00 AM"
    found["orgs.csv"][0]["dateLastModified"] = "2017-05-06 08:01:05"


def capitals(found):
    for row in found["classes.csv"]:
        row["classType"] = "Scheduled"
    for row in found["users.csv"]:
        row |= {"role": row["role"].title(), "enabledUser": row["enabledUser"].upper()}
    for row in found["enrollments.csv"]:
        row["role"] = row["role"].upper()


def blanks(found):
    for name, columns in {
        "users.csv": ("orgSourcedIds", "role"),
        "enrollments.csv": ("userSourcedId", "beginDate"),
    }.items():
        for row in found[name]:
            row |= {column: f" {row[column]} " for column in columns if row.get(column)}


def usual(found):
    """What other systems write for true and false, days, years and words of lists that may grow."""
    for row in found["users.csv"]:
        row["enabledUser"] = {"true": "Y", "false": "n"}[row["enabledUser"]]
    for row in found["enrollments.csv"]:
        row |= {"primary": {"true": "1", "false": "0"}[row.get("primary", "false")], "beginDate": "20260820"}
    for row in found["demographics.csv"]:
        row |= {"sex": "F", "asian": "Yes"}
    for row, year in zip(found["academicSessions.csv"], ("2026-2027", "2026/27"), strict=True):
        row |= {"schoolYear": year, "startDate": "2026-08-20 00:00:00"}


def with_day(found):
    """As `usual` has it, as the standard writes it."""
    for row in found["enrollments.csv"]:
        row |= {"beginDate": "2026-08-20", "primary": row.get("primary", "false")}


def newer(files):
    """A package of 1.1 from a system that writes columns, files and lines of the manifest of 1.2, and some of its own."""
    lines = files["users.csv"].rstrip().split(b"\r\n")
    more = [b"userMasterIdentifier,preferredGivenName,Homeroom Teacher", *(b",Bob,Ms Lee" for _ in lines[1:])]
    files["users.csv"] = b"\r\n".join(b",".join(pair) for pair in zip(lines, more, strict=True))
    files["manifest.csv"] += b"file.roles,absent\r\nfile.userProfiles,absent\r\nfile.staff,bulk\r\n"
    return files | {"readme.txt": b"Exported at night", "staff.csv": b"a,b\r\n"}


def lined(found):
    """A name and a room of two lines."""
    found["users.csv"][0]["givenName"] = "María\r\nJosé"
    found["classes.csv"][0]["location"] = "B2\n\nupstairs"


def requoted(data):
    """A file with every cell in quotation marks."""
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(csv.reader(io.StringIO(data.decode(), newline="")))
    return out.getvalue().encode()


def unpacked(files):
    """A zip made on a Mac, each file named from the folder it was packed in."""
    mac = {"__MACOSX/._users.csv": b"\0\5\x16\7", "__MACOSX/": b"", "._orgs.csv": b"\0\5\x16\7", ".DS_Store": b"\0"}
    return {f"./{name}": data for name, data in files.items()} | mac


CLEAR = {
    "a byte order mark, carriage returns alone and blank lines": (
        "1.1", lambda: each(package("1.1"), lambda data: b"\xef\xbb\xbf" + data.replace(b"\r\n", b"\r\r")), 0),
    "words and truths in capitals": ("1.1", lambda: package("1.1", capitals), 3),
    "empty cells and headings at the ends": (
        "1.1", lambda: each(package("1.1"), lambda data: headings(data.replace(b"\r\n", b",,\r\n"), bytes)), 0),
    "American times of change, which nobody reads": ("1.1", lambda: package("1.1", american), PUPILS + 4),
    "a manifest with empty modes, and with capitals": (
        "1.2", lambda: one(package("1.2"), "manifest.csv", lambda data: swapped(
            data, (b",absent\r\n", b",\r\n"), (b",bulk\r\n", b",Bulk\r\n"))), 0),
    "metadata in the middle": ("1.1", lambda: reordered(package("1.1")), 0),
    "headings of OneRoster 1.0, and in capitals": (
        "1.1", lambda: one(one(package("1.1"), "demographics.csv", lambda data: swapped(
            data, (b"birthDate", b"birthdate"), (b"sourcedId", b"userSourcedId"))), "users.csv", lambda data: headings(
                data, lambda line: swapped(line, (b"grades", b"grade"), (b"givenName", b"GIVENNAME")))), 0),
    "blanks around what has no blanks": ("1.1", lambda: package("1.1", blanks), 3),
    "truths, days, years and words in other usual ways": ("1.1", lambda: package("1.1", usual), 7),
    "columns and files of 1.2 and of its own in 1.1": ("1.1", lambda: newer(package("1.1")), 0),
    "line ends in a cell, all cells in quotation marks, and lines of blanks": (
        "1.1", lambda: each(package("1.1", lined), lambda data: requoted(data) + b"  \r\n , ,\r\n"), 0),
    "a zip made on a Mac": ("1.1", lambda: unpacked(package("1.1")), 0),
    "missing columns at the end, and short rows": (
        "1.2", lambda: one(package("1.2"), "users.csv", lambda data: b"\r\n".join(
            line.rstrip(b",") for line in swapped(data, ((b",preferredGivenName,preferredMiddleName,preferredFamilyName,"
                b"primaryOrgSourcedId,pronouns"), b"")).split(b"\r\n"))), 0),
}  # fmt: skip


SAME = {"truths, days, years and words in other usual ways": with_day,
        "line ends in a cell, all cells in quotation marks, and lines of blanks": lined}  # fmt: skip
"""What the package that is right says otherwise than it usually does, by the kind of the odd one."""


def born(found):
    for row in found["demographics.csv"]:
        row["birthDate"] = "5/07/2011"


def nobody(found):
    for row in found["enrollments.csv"][2:12]:
        row["userSourcedId"] = "nobody"


REFUSED = {
    "American dates in a column that is read": (
        lambda: package("1.1", born), [f"demographics.csv:{n}:4: birthDate is not a date (YYYY-MM-DD)" for n in range(2, PUPILS + 3)]),
    "Windows-1252 in names": (
        lambda: one(package("1.1"), "users.csv", lambda data: data.decode().encode("cp1252")),
        [f"users.csv:{n}:9: givenName is not UTF-8" for n in (2, *range(5, PUPILS + 5))]),
    "enrollments of users who are not there": (
        lambda: package("1.1", nobody), [f"enrollments.csv:{n}:6: userSourcedId leads nowhere" for n in range(4, 14)]),
    "a comma in a name without quotation marks": (
        lambda: one(package("1.1"), "users.csv", lambda data: data.replace(b"Mar", b"Mar,i")),
        [f"users.csv:{n}:19: has more cells than there are headings" for n in (2, *range(5, PUPILS + 5))]),
    "semicolons": (
        lambda: one(package("1.1"), "orgs.csv", lambda data: data.replace(b",", b";")),
        [("orgs.csv:1:1: The columns sourcedId, name, type are missing. The cells are separated by semicolons;"
         " the standard's are by commas.")]),
    "files in a folder": (
        lambda: {f"export 2026/{name}": data for name, data in package("1.1").items()},
        ["district.zip: The archive holds the folder export 2026, which is not allowed: the files must be at its root."]),
    "a file in capitals": (
        lambda: {name.replace("users", "Users"): data for name, data in package("1.1").items()},
        [("manifest.csv:*:2: file.users says bulk, and there is no users.csv. There is Users.csv: rename it to users.csv,"
         " since names of files count letter by letter.")]),
    "1.2 without roles.csv": (
        lambda: one({k: v for k, v in package("1.2").items() if k != "roles.csv"}, "manifest.csv",
                    lambda data: data.replace(b"file.roles,bulk", b"file.roles,absent")),
        [("manifest.csv:*:2: OneRoster 1.2 tells in roles.csv what every user is, and that file is absent."
         " Where users.csv tells it, oneroster.version is 1.1.")]),
    "a column that is there twice": (
        lambda: one(package("1.1"), "users.csv", lambda data: headings(data, lambda line: line + b",Email")),
        ["users.csv:1:19: The column email is there twice."]),
    "tabs, and the text of another code, at once": (
        lambda: one(one(package("1.1"), "users.csv", lambda data: data.decode().encode("utf-16")), "classes.csv",
                    lambda data: data.replace(b",", b"\t")),
        ["users.csv:1:1: The text is not UTF-8.", "classes.csv:1:1: The columns * The cells are separated by tabs; *"]),
    "no manifest": (
        lambda: {k: v for k, v in package("1.1").items() if k != "manifest.csv"},
        ["manifest.csv: There is no such file, and without it nothing says what the others are."]),
    "headings alone where others refer to rows": (
        lambda: one(package("1.1"), "users.csv", lambda data: data.split(b"\r\n")[0]),
        [f"enrollments.csv:{n}:6: userSourcedId leads nowhere" for n in range(2, PUPILS + 4)]),
}  # fmt: skip


def adapter_of(tmp_path, files):
    path = tmp_path / "district.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return OneRosterCsv("maple", {"source": str(path)})


def findings(adapter):
    """What `crossing check` tells of a source: its mistakes, its warnings, and how much was read."""
    problems = tuple(str(problem) for problem in adapter.check())
    if problems:
        return problems, (), ()
    spec = DistrictSettings("maple", "oneroster_csv", None, "own", UTC, {})
    found = look(adapter, spec, wanted_by(()))
    return found.problems, found.warnings, found.told


def records(adapter):
    every = adapter.read(dict.fromkeys(adapter.manifest.entities))
    return sorted(repr(sorted(record.items())) for _, record in every)


@pytest.mark.parametrize("kind", CLEAR)
def test_a_package_whose_meaning_is_clear_is_read_as_if_it_were_right_and_what_is_odd_is_told(tmp_path, kind):
    version, make, warned = CLEAR[kind]
    (tmp_path / "odd").mkdir()
    odd, right = adapter_of(tmp_path / "odd", make()), adapter_of(tmp_path, package(version, SAME.get(kind)))
    assert records(odd) == records(right)
    problems, warnings, told = findings(odd)
    assert (problems, len(warnings)) == ((), min(warned, 50))
    assert told
    assert not any("set aside" in line for line in told)


@pytest.mark.parametrize("kind", REFUSED)
def test_a_package_whose_meaning_is_not_clear_is_refused_with_every_place_at_once(tmp_path, kind):
    make, places = REFUSED[kind]
    problems, _, _ = findings(adapter_of(tmp_path, make()))
    assert [place for place in places if not fnmatch.filter(problems, place)] == []
    assert not any("Mar" in problem or "nobody" in problem or "2011" in problem for problem in problems)


def zip64(files):
    """A zip whose end record is that of a zip64 archive, as tools write it that do not know how much will come."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            with archive.open(name, "w", force_zip64=True) as member:
                member.write(data)
        archive.start_dir, limit = archive.start_dir, zipfile.ZIP_FILECOUNT_LIMIT
        zipfile.ZIP_FILECOUNT_LIMIT = 1
    zipfile.ZIP_FILECOUNT_LIMIT = limit
    assert b"PK\x06\x06" in out.getvalue()
    return out.getvalue()


def test_a_zip_with_zip64_end_records_is_read(tmp_path):
    (tmp_path / "d.zip").write_bytes(zip64(package("1.1")))
    assert records(OneRosterCsv("maple", {"source": str(tmp_path / "d.zip")})) == records(
        adapter_of(tmp_path, package("1.1"))
    )


def test_a_zip64_end_record_that_leads_nowhere_is_refused(tmp_path):
    data = zip64(package("1.1"))
    at = data.rindex(b"PK\x06\x07")
    (tmp_path / "d.zip").write_bytes(data[: at + 8] + b"\xff" * 8 + data[at + 16 :])
    with pytest.raises(SourceBroken, match="not a readable zip"):
        records(OneRosterCsv("maple", {"source": str(tmp_path / "d.zip")}))


def test_the_folder_that_a_mac_leaves_beside_unpacked_files_is_passed_over(tmp_path):
    path = made.folder(tmp_path / "d", package("1.1"))
    (path / "__MACOSX").mkdir()
    (path / "._users.csv").write_bytes(b"\0\5")
    assert records(OneRosterCsv("maple", {"source": str(path)})) == records(adapter_of(tmp_path, package("1.1")))
