"""OneRoster bulk files are read whole, whatever harmless oddities they have, or refused with the exact place."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.contract import Notes
from adapters.files.archives import open_source
from adapters.oneroster import tables
from adapters.oneroster.manifest import STRICT, Tolerance
from standards.errors import SourceBroken
from standards.oneroster.csv import specification as facts
from tests.adapters.oneroster import packages as made

VERSIONS = ("1.1", "1.2")


@pytest.fixture(params=["folder", "zip"])
def put(request, tmp_path):
    """Puts files where they can be read."""
    return lambda files: (
        made.folder(tmp_path / "d", files) if request.param == "folder" else made.archive(tmp_path / "d.zip", files)
    )


@pytest.fixture
def reading(tmp_path):
    """Reads files: rows as dictionaries by file, and what was noted."""

    def read(files, tolerance=STRICT, wanted=None):
        path = made.folder(tmp_path / "district", files)
        return contents(path, tolerance, wanted)

    return read


def contents(path, tolerance=STRICT, wanted=None):
    notes = Notes()
    found = {}
    with open_source(path) as source:
        for table in tables.read(source, wanted, notes, tolerance):
            found[table.name] = [
                {name: cell for name, cell in zip(table.columns, row, strict=True) if name and cell}
                for _, row in table.rows
            ]
    return found, notes.counts


def aside(path, wanted=None):
    """The rows that are set aside, each with its place and the reason."""
    notes = Notes()
    with open_source(path) as source:
        for table in tables.read(source, wanted, notes):
            for _ in table.rows:
                pass
    return notes.page


def refusal(path, tolerance=STRICT, wanted=None) -> SourceBroken:
    with pytest.raises(SourceBroken) as caught:
        contents(path, tolerance, wanted)
    return caught.value


def spoilt(version, name, old, new):
    """The files of a small district, with one thing changed in one of them."""
    files = made.package(version)
    before = files[name]
    files[name] = before.replace(
        old.encode() if isinstance(old, str) else old, new.encode() if isinstance(new, str) else new
    )
    assert files[name] != before
    return files


@pytest.mark.parametrize("version", VERSIONS)
def test_a_written_package_reads_back(put, version):
    found, notes = contents(put(made.package(version)))
    assert found == made.rows(version)
    assert notes == {}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_manifest_says_what_is_there_and_who_sent_it(put, version):
    with open_source(put(made.package(version))) as source:
        stated = tables.manifest(source, Notes())
    assert (stated.version, stated.system_name, stated.system_code) == (version, "Mapleton", "MAP")
    assert {name for name, mode in stated.modes.items() if mode == "bulk"} == made.rows(version).keys()
    assert set(stated.modes) == set(facts.files(version))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_file_comes_after_those_it_refers_to(reading, version):
    found, _ = reading(made.package(version))
    order = list(found)
    assert (
        order.index("orgs.csv")
        < order.index("courses.csv")
        < order.index("classes.csv")
        < order.index("enrollments.csv")
    )
    assert order.index("users.csv") < order.index("demographics.csv")


def test_only_what_is_wanted_is_given_and_its_references_still_hold(reading):
    found, _ = reading(made.package("1.2"), wanted={"enrollments.csv"})
    assert found == {"enrollments.csv": made.ROWS["enrollments.csv"]}


cell = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)


@settings(max_examples=150, deadline=None)
@given(names=st.lists(st.tuples(cell, cell), min_size=1, max_size=8), mark=st.booleans())
def test_any_text_reads_back_with_the_line_it_stands_in(names, mark):
    rows = [
        made.ROWS["users.csv"][1] | {"sourcedId": f"x{n}", "givenName": given, "familyName": family}
        for n, (given, family) in enumerate(names)
    ]
    files = made.package("1.2")
    text = made.text(list(facts.files("1.2")["users.csv"].columns), rows)
    files["users.csv"] = text.encode("utf-8-sig" if mark else "utf-8")
    with tempfile.TemporaryDirectory() as folder, open_source(made.archive(Path(folder) / "d.zip", files)) as source:
        for table in tables.read(source, {"users.csv"}):
            found = list(table.rows)
    at = table.columns.index("givenName")
    assert [(row[at], row[at + 1]) for _, row in found] == names
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert [lines[line - 1].split(",")[0] for line, _ in found] == [f"x{n}" for n in range(len(names))]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_mistake_anywhere_is_found_in_its_place(data):
    number = data.draw(st.integers(0, 5000))
    blanks = data.draw(st.lists(st.integers(0, 5000), max_size=3))
    row = "e{},,,k,s1,u1,student,false,2026-08-20,"
    lines = [row.format(n) for n in range(5001)]
    lines[number] = lines[number].replace("2026-08-20", "2026-02-30")
    for blank in sorted(blanks, reverse=True):
        lines.insert(blank, "")
    files = made.package("1.2")
    heading = files["enrollments.csv"].split(b"\r\n")[0]
    files["enrollments.csv"] = heading + b"\n" + "\n".join(lines).encode()
    with tempfile.TemporaryDirectory() as folder:
        (error,) = aside(made.folder(Path(folder) / "d", files)).aside
    line = 2 + next(n for n, text in enumerate(lines) if "2026-02-30" in text)
    assert error.place == f"enrollments.csv:{line}:9"


DEVIATIONS = {
    "a byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "line feeds alone": lambda data: data.replace(b"\r\n", b"\n"),
    "carriage returns alone": lambda data: data.replace(b"\r\n", b"\r"),
    "blank lines": lambda data: data.replace(b"\r\n", b"\r\n\r\n"),
    "a missing last line end": lambda data: data.rstrip(b"\r\n"),
    "rows of separators only": lambda data: data + b",,,\r\n,,,,,,\r\n",
    "every cell in quotation marks": lambda data: b"\r\n".join(b",".join(b'"' + c + b'"' for c in line.split(b",")) for line in data.split(b"\r\n") if line),
}  # fmt: skip


@pytest.mark.parametrize("deviation", DEVIATIONS)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_harmless_deviation_changes_nothing(reading, version, deviation):
    files = made.package(version)
    plain = {"orgs.csv", "academicSessions.csv", "enrollments.csv", "demographics.csv", "manifest.csv"}
    every = deviation != "every cell in quotation marks"
    found, notes = reading(
        {name: DEVIATIONS[deviation](data) if every or name in plain else data for name, data in files.items()}
    )
    assert found == made.rows(version)
    assert notes == {}


@pytest.mark.parametrize("written", ["TRUE", "True", "tRuE"])
def test_truth_may_be_written_large(reading, written):
    found, _ = reading(spoilt("1.2", "users.csv", "u2,,,true", f"u2,,,{written}"))
    assert found["users.csv"][1]["enabledUser"] == written


def test_trailing_columns_may_be_missing(reading):
    files = made.package("1.2")
    rows = made.rows("1.2")["users.csv"]
    files["users.csv"] = made.text(list(facts.files("1.2")["users.csv"].columns)[:9], rows).encode()
    found, _ = reading(files)
    assert found["users.csv"][1] == rows[1]


def test_short_rows_lack_their_last_cells(reading):
    files = made.package("1.2")
    heading, *lines = files["orgs.csv"].split(b"\r\n")
    files["orgs.csv"] = b"\r\n".join([heading, *(line.rstrip(b",") for line in lines)])
    found, _ = reading(files)
    assert found["orgs.csv"] == made.ROWS["orgs.csv"]


@pytest.mark.parametrize(
    ("name", "old", "now"),
    [
        ("users.csv", "grades", "grade"),
        ("users.csv", "agentSourcedIds", "agents"),
        ("demographics.csv", "birthDate", "birthdate"),
        ("demographics.csv", "sourcedId", "userSourcedId"),
        ("users.csv", "givenName", "GIVENNAME"),
    ],
)
def test_an_old_or_misspelt_heading_is_understood_and_counted(reading, name, old, now):
    found, notes = reading(spoilt("1.1", name, old, now))
    assert found == made.rows("1.1")
    assert notes == {f"{name}: {old} is called {now}": 1}


def test_metadata_may_stand_in_the_middle_and_unknown_columns_are_dropped_by_name(reading):
    files = made.package("1.2")
    columns = ["sourcedId", "metadata.maple.color", "name", "nickname", "type", "identifier", "parentSourcedId"]
    rows = [row | {"metadata.maple.color": "red", "nickname": "secret"} for row in made.ROWS["orgs.csv"]]
    found, notes = reading(files | {"orgs.csv": made.text(columns, rows).encode()})
    assert found["orgs.csv"] == [row | {"metadata.maple.color": "red"} for row in made.ROWS["orgs.csv"]]
    assert notes == {"orgs.csv: unknown column nickname": 1}


def test_the_mode_of_an_absent_file_may_be_empty(reading):
    found, _ = reading(spoilt("1.2", "manifest.csv", "file.results,absent", "file.results,"))
    assert found == made.rows("1.2")


def test_status_and_time_may_be_filled_in_bulk(reading):
    found, _ = reading(spoilt("1.2", "orgs.csv", "s1,,,", "s1,active,2026-08-01T00:00:00.000Z,"))
    assert found["orgs.csv"][1] == made.ROWS["orgs.csv"][1] | {
        "status": "active",
        "dateLastModified": "2026-08-01T00:00:00.000Z",
    }


def test_a_deleted_row_is_left_out_and_counted(reading):
    found, notes = reading(spoilt("1.2", "enrollments.csv", "e2,,", "e2,tobedeleted,"))
    assert found["enrollments.csv"] == made.ROWS["enrollments.csv"][:1]
    assert notes == {"enrollments.csv: deleted row": 1}


def test_what_belongs_to_a_deleted_row_is_not_set_aside_and_its_owner_is_told_as_gone(tmp_path):
    files = spoilt("1.2", "users.csv", "u2,,", "u2,tobedeleted,")
    page = aside(made.folder(tmp_path / "d", files))
    assert (page.aside, page.departed) == ([], {("user", ("u2",))})


def test_what_belongs_to_no_row_at_all_is_set_aside(tmp_path):
    files = spoilt("1.2", "users.csv", "u2,,", "u9,,")
    places = [row.place for row in aside(made.folder(tmp_path / "d", files)).aside]
    assert {"enrollments.csv:3:6", "roles.csv:3:4"} <= set(places)


def test_a_file_stated_as_absent_is_ignored_with_a_note(reading):
    found, notes = reading(spoilt("1.2", "manifest.csv", "file.demographics,bulk", "file.demographics,absent"))
    assert "demographics.csv" not in found
    assert notes == {"demographics.csv is there and stated as absent": 1}


def test_check_is_told_of_a_file_stated_as_absent(tmp_path):
    files = spoilt("1.2", "manifest.csv", "file.demographics,bulk", "file.demographics,absent")
    told = "file.demographics does not say bulk: demographics.csv is there and not read"
    assert told in [text for _, text in aside(made.folder(tmp_path / "d", files)).remarks]


@pytest.mark.parametrize("stated", ["file.{},absent", "x.{},bulk", "file.{},"])
@pytest.mark.parametrize("name", ["orgs", "academicSessions", "courses", "classes", "users", "roles", "enrollments"])
def test_rows_of_the_roster_stated_as_absent_are_refused_and_no_list_is_empty_for_it(tmp_path, name, stated):
    files = spoilt("1.2", "manifest.csv", f"file.{name},bulk", stated.format(name))
    with pytest.raises(SourceBroken) as caught:
        aside(made.folder(tmp_path / "d", files))
    assert caught.value.message.endswith(f"file.{name} does not say bulk, and there are rows in {name}.csv.")
    assert caught.value.place.startswith("manifest.csv:")


@pytest.mark.parametrize("left", ["headings", "nothing"])
def test_a_file_of_the_roster_without_a_row_may_be_stated_as_absent(reading, left):
    files = spoilt("1.2", "manifest.csv", "file.enrollments,bulk", "file.enrollments,absent")
    files["enrollments.csv"] = files["enrollments.csv"].partition(b"\n")[0] if left == "headings" else b""
    found, notes = reading(files)
    assert "enrollments.csv" not in found
    assert notes == {"enrollments.csv is there and stated as absent": 1}


def test_an_unknown_file_is_noted(reading):
    _, notes = reading(made.package("1.1") | {"roles.csv": b"anything"})
    assert notes == {"unknown file roles.csv": 1}


@pytest.mark.parametrize("version", VERSIONS)
def test_without_a_manifest_nothing_is_read_unless_that_is_allowed(tmp_path, version):
    files = made.package(version)
    del files["manifest.csv"]
    path = made.folder(tmp_path / "d", files)
    assert refusal(path).place == "manifest.csv"
    found, notes = contents(path, Tolerance(allow_missing_manifest=True))
    assert found == made.rows(version)
    assert notes == {"manifest.csv is missing": 1}


MISTAKES = {
    "UTF-16": ("orgs.csv", b"sourcedId", b"\xff\xfes", "orgs.csv:1:1", "UTF-8"),
    "a quotation mark never closed": ("users.csv", "Ann,", '"Ann,', "users.csv:3:7", "quotation mark"),
    "text after a closing mark": ("users.csv", "Ann", '"A"nn', "users.csv:3:7", "quotation mark"),
    "a NUL in a heading": ("orgs.csv", b"name", b"na\0me", "orgs.csv:1:4", "NUL"),
    "an empty heading": ("orgs.csv", "identifier", "", "orgs.csv:1:6", "heading"),
    "a heading twice": ("orgs.csv", "identifier", "name", "orgs.csv:1:6", "name is there twice"),
    "a required column missing": ("orgs.csv", "name", "nome", "orgs.csv:1:1", "name is missing"),
    "a cell far too long": ("users.csv", "Ann", '"' + "A" * 140_000 + '"', "users.csv:3:7", "longer than"),
    "a line far too long": ("users.csv", "Ann", "A" * 5_000_000, "users.csv:3:7", "longer than"),
    "an id twice": ("orgs.csv", "s2,", "s1,", "orgs.csv:4:1", "same as in a row before"),
    "another manifest version": ("manifest.csv", "version,1.0", "version,2.0", "manifest.csv:2:2", "manifest.version must be 1.0"),
    "another version of OneRoster": ("manifest.csv", ",1.2\r", ",1.3\r", "manifest.csv:3:2", "must be 1.1 or 1.2"),
    "a mode that is none": ("manifest.csv", "file.orgs,bulk", "file.orgs,full", "manifest.csv:*:2", "absent, bulk or delta"),
    "a file that is not there": ("manifest.csv", "file.results,absent", "file.results,bulk", "manifest.csv:*:2", "there is no results.csv"),
    "a property twice": ("manifest.csv", "file.orgs,bulk", "file.users,bulk", "manifest.csv:*:1", "twice"),
    "a manifest without values": ("manifest.csv", "propertyName,value", "propertyName,values", "manifest.csv:1:1", "one column value"),
}  # fmt: skip
ROWS_SET_ASIDE = {
    "a byte that is no UTF-8": ("users.csv", b"Ann", b"A\xe9n", "users.csv:3:7", "givenName is not UTF-8"),
    "a NUL in a text": ("users.csv", b"Ann", b"A\0n", "users.csv:3:7", "givenName holds a NUL"),
    "a NUL in a date": ("enrollments.csv", b"2027-01-20", b"2027-01-2\0", "enrollments.csv:2:10", "endDate holds a NUL"),
    "a cell too many": ("orgs.csv", "101,d", "101,d,x", "orgs.csv:3:8", "more cells"),
    "a cell too long": ("users.csv", "Ann", "A" * 65_537, "users.csv:3:7", "givenName is too long"),
    "a date that is none": ("enrollments.csv", "2027-01-20", "2027-13-20", "enrollments.csv:2:10", "endDate is not a date"),
    "an American date": ("demographics.csv", "2011-05-07", "05/07/2011", "demographics.csv:2:4", "birthDate is not a date"),
    "a truth that is none": ("users.csv", "u2,,,true", "u2,,,perhaps", "users.csv:3:4", "enabledUser is neither"),
    "a year that is none": ("academicSessions.csv", "y,2027", "y,2026-2028", "academicSessions.csv:3:9", "schoolYear is not a year"),
    "an id that is none": ("orgs.csv", "s2,", "s 2,", "orgs.csv:4:1", "sourcedId is not"),
    "an id in a reference that is none": ("classes.csv", ",s1,t,", ",s!,t,", "classes.csv:2:10", "schoolSourcedId is not"),
    "ids that are none": ("classes.csv", ",s1,t,", ',s1,"t,t t",', "classes.csv:2:11", "termSourcedIds is not"),
    "a word not listed": ("orgs.csv", "North,school", "North,shcool", "orgs.csv:3:5", "type is not one"),
    "a status not listed": ("orgs.csv", "s1,,", "s1,retired,", "orgs.csv:3:2", "status is not one"),
    "an empty cell that may not be": ("enrollments.csv", ",teacher,", ",,", "enrollments.csv:3:7", "role is empty"),
    "user ids without braces": ("users.csv", "{LDAP:m1}", "LDAP:m1", "users.csv:2:6", "userIds is not"),
    "a dangling reference": ("enrollments.csv", ",u2,", ",u9,", "enrollments.csv:3:6", "userSourcedId leads nowhere"),
    "demographics of nobody": ("demographics.csv", "u1,", "u4,", "demographics.csv:2:1", "sourcedId leads nowhere"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_refused_with_its_place_and_without_its_value(tmp_path, mistake):
    name, old, new, place, words = MISTAKES[mistake]
    files = spoilt("1.2", name, old, new)
    if "*" in place:
        lines = files[name].split(b"\r\n")
        place = place.replace("*", str(max(n for n, line in enumerate(lines, 1) if line.startswith(new.encode()))))
    error = refusal(made.folder(tmp_path / "d", files))
    assert error.place == place
    assert words in error.message
    if ":1:" not in place and name != "manifest.csv":
        said = [text.decode("latin-1") if isinstance(text, bytes) else text for text in (old, new)]
        for value in set(said[1].split(",")) - set(said[0].split(",")) - {""}:
            assert value not in error.message or len(value) == 1
    assert error.__context__ is None


@pytest.mark.parametrize("mistake", ROWS_SET_ASIDE)
def test_a_row_that_cannot_be_understood_is_set_aside_with_its_place_and_without_its_value(tmp_path, mistake):
    name, old, new, place, words = ROWS_SET_ASIDE[mistake]
    page = aside(made.folder(tmp_path / "d", spoilt("1.2", name, old, new)))
    (row,) = page.aside
    assert row.place == place
    assert words in row.told
    assert sum(page.asides.values()) == 1
    line = int(place.split(":")[1])
    before = contents(tmp_path / "d")[0][name]
    assert len(before) == len(made.rows("1.2")[name]) - 1
    assert made.rows("1.2")[name][line - 2] not in before


def test_a_wrong_cell_in_a_column_that_nobody_reads_is_a_remark(tmp_path):
    files = spoilt("1.2", "orgs.csv", "s1,,,", "s1,,5/06/2026 08:01:05,")
    path = made.folder(tmp_path / "d", files)
    page = aside(path)
    assert (page.aside, page.counts) == ([], {"orgs.csv: dateLastModified is wrong and not read": 1})
    ((place, text),) = page.remarks
    assert (place, text.split(" is ")[0]) == ("orgs.csv:3:3", "dateLastModified")
    assert len(contents(path)[0]["orgs.csv"]) == 3


def test_a_changes_file_is_refused_where_it_is_wanted(tmp_path):
    path = made.folder(
        tmp_path / "d", spoilt("1.2", "manifest.csv", "file.demographics,bulk", "file.demographics,delta")
    )
    assert "changes" in refusal(path).message
    assert refusal(path).place == "demographics.csv"
    assert contents(path, wanted={"orgs.csv"})[0] == {"orgs.csv": made.ROWS["orgs.csv"]}


def test_an_empty_file_has_no_headings(tmp_path):
    path = made.folder(tmp_path / "d", made.package("1.2") | {"orgs.csv": b"\r\n\r\n"})
    assert refusal(path).place == "orgs.csv:1:1"


def test_too_many_columns_are_refused(tmp_path):
    files = made.package("1.2")
    files["orgs.csv"] = b",".join(b"metadata.x%d" % n for n in range(501))
    assert refusal(made.folder(tmp_path / "d", files)).place == "orgs.csv:1:501"


def test_too_many_rows_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("adapters.files.csv_reader.MAX_ROWS", 50)
    files = made.package("1.2")
    files["orgs.csv"] += b"".join(b"x%d,,,Some,school,,\r\n" % number for number in range(51))
    assert refusal(made.folder(tmp_path / "d", files)).place == "orgs.csv"


@pytest.mark.parametrize("surplus", [",", ",,,", ", ,"])
def test_cells_at_the_end_of_a_row_that_say_nothing_are_none_too_many(reading, surplus):
    found, _ = reading(spoilt("1.2", "orgs.csv", "101,d", f"101,d{surplus}"))
    assert found["orgs.csv"] == made.ROWS["orgs.csv"]


def test_a_row_with_an_empty_cell_too_many_may_have_a_comma_too_many_further_left(tmp_path):
    page = aside(made.folder(tmp_path / "d", spoilt("1.1", "users.csv", ",Ann,", ",Ann, Lee,")))
    assert [(row.place, row.told) for row in page.aside] == [
        ("users.csv:3:19", "has more cells than there are headings")
    ]


def test_an_empty_cell_too_many_in_every_row_is_none(reading):
    files = made.package("1.1")
    heading, *lines = files["users.csv"].split(b"\r\n")
    files["users.csv"] = b"\r\n".join([heading, *(line + b"," for line in lines if line)])
    assert reading(files)[0] == made.rows("1.1")


def test_empty_headings_at_the_end_are_no_columns(reading):
    files = made.package("1.2")
    files["orgs.csv"] = files["orgs.csv"].replace(b"\r\n", b",,\r\n")
    assert reading(files)[0]["orgs.csv"] == made.ROWS["orgs.csv"]


def test_an_extension_word_is_understood_in_1_2_only(tmp_path):
    path = made.folder(tmp_path / "new", spoilt("1.2", "orgs.csv", "North,school", "North,ext:camp"))
    assert contents(path)[0]["orgs.csv"][1]["type"] == "ext:camp"
    path = made.folder(tmp_path / "old", spoilt("1.1", "orgs.csv", "North,school", "North,ext:camp"))
    assert [row.place for row in aside(path).aside] == ["orgs.csv:3:5"]


def test_every_row_without_its_owner_is_set_aside(tmp_path):
    files = made.package("1.2")
    row = b"%s,,,k,s1,nobody,student,false,,\r\n"
    files["enrollments.csv"] += b"".join(row % (b"x%d" % n) for n in range(9))
    page = aside(made.folder(tmp_path / "d", files))
    assert [one.place for one in page.aside] == [f"enrollments.csv:{line}:6" for line in range(4, 13)]
    assert {one.told for one in page.aside} == {"userSourcedId leads nowhere"}
    assert [one.key for one in page.aside][:2] == [("x0",), ("x1",)]
    assert page.asides == {"placement": 9}


def test_any_other_reference_to_nothing_vanishes_and_is_counted_with_the_first_places(tmp_path):
    files = spoilt("1.2", "users.csv", ",u3,", ',"u3,u4",')
    files["orgs.csv"] = files["orgs.csv"].replace(b"102,d", b"102,e")
    path = made.folder(tmp_path / "d", files)
    found, notes = contents(path)
    assert found["users.csv"] == made.ROWS["users.csv"]
    assert found["orgs.csv"][2] == {k: v for k, v in made.ROWS["orgs.csv"][2].items() if k != "parentSourcedId"}
    assert notes == {"users.csv: dangling agentSourcedIds": 1, "orgs.csv: dangling parentSourcedId": 1}
    page = aside(path)
    assert (page.aside, page.lost) == ([], {"users.agentSourcedIds": (1, 1), "orgs.parentSourcedId": (1, 2)})
    assert [place for place, _ in page.remarks] == ["orgs.csv:4:7", "users.csv:2:14"]


def test_what_refers_to_a_row_that_is_set_aside_is_left_to_whoever_knows_all_records(tmp_path):
    page = aside(made.folder(tmp_path / "d", spoilt("1.2", "courses.csv", ",d,Math", ",gone,Math")))
    assert [(one.place, one.entity) for one in page.aside] == [("courses.csv:2:8", "course")]
    assert page.lost == {}


@pytest.mark.parametrize(
    ("name", "old", "new", "column"),
    [
        ("enrollments.csv", "2027-01-20", " 2027-01-20 ", "endDate"),
        ("enrollments.csv", "2027-01-20", "2027-01-20T00:00:00Z", "endDate"),
        ("classes.csv", ",s1,t,", ", s1,t,", "schoolSourcedId"),
        ("classes.csv", "scheduled", "Scheduled", "classType"),
        ("orgs.csv", "s1,,", " s1,,", "sourcedId"),
    ],
)
def test_what_has_one_meaning_is_read_as_the_standard_writes_it_with_a_remark(
    reading, tmp_path, name, old, new, column
):
    files = spoilt("1.2", name, old, new)
    assert reading(files)[0][name] == made.rows("1.2")[name]
    ((_, text),) = aside(tmp_path / "district").remarks
    assert text == f"{column} is not written as the standard writes it"


def test_a_quoted_cell_over_several_lines_keeps_the_lines_after_it_right(tmp_path):
    files = spoilt("1.2", "users.csv", "Ann", '"A\r\nn\nn"')
    files["users.csv"] = files["users.csv"].replace(b"u3,,,false", b"u3,,,not")
    assert [row.place for row in aside(made.folder(tmp_path / "d", files)).aside] == ["users.csv:6:4"]
