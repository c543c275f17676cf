"""P8: a source that fails mid-way yields an error, never a short list: consumers delete what is missing."""

from __future__ import annotations

import re
import zipfile

import pytest

from gateway.demo.data import write_edfi_xml, write_oneroster_12
from standards.errors import SourceBroken
from tests.adapters.oneroster import packages as made
from tests.support.regions import EDFI, ROSTER, Clock, Site, agreement, running, small_district

ROWS = f"{ROSTER}users?limit=10000"


def csv_source(folder, students=40):
    write_oneroster_12(small_district(students), folder / "maple.zip")
    return folder / "maple.zip"


def xml_source(folder, students=40):
    write_edfi_xml(small_district(students), folder / "maple")
    return folder / "maple"


def repack(path, change):
    """Write a zip anew with some of its members changed; None leaves one out."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    path.unlink()
    made.archive(path, {name: data for name, old in files.items() if (data := change(name, old)) is not None})


def on(member, spoil):
    return lambda path: repack(path, lambda name, data: spoil(data) if name == member else data)


def xml_file(folder, element):
    return next(file for file in sorted(folder.rglob("*.xml")) if f"<{element}>" in file.read_text("utf-8"))


def rewrite(path, spoil):
    path.write_bytes(spoil(path.read_bytes()))


def twins(data):
    """The first student a second time, born on another day."""
    first = data[data.index(b"<Student>") : data.index(b"</Student>") + len(b"</Student>")]
    return data.replace(first, first + first.replace(b"<BirthDate>20", b"<BirthDate>19", 1), 1)


CSV_FAULTS = {
    "the zip ends too early": lambda path: rewrite(path, lambda data: data[: len(data) // 2]),
    "the zip is empty": lambda path: rewrite(path, lambda data: b""),
    "the zip is gone": lambda path: path.unlink(),
    "the last rows have a cell too many": on(
        "users.csv", lambda data: data + b'x,,,true,u,,a,b,,,,,,,,,,,,,,,,,,,,,"more"\r\n' * 2
    ),
    "the last row repeats an id": on("users.csv", lambda data: data + data.splitlines(keepends=True)[-1]),
    "a quotation is never closed": on("users.csv", lambda data: data + b'"x'),
    "two rows are no UTF-8": on("users.csv", lambda data: data + b"\xff,,\r\n\xfe,,\r\n"),
    "no role is there": on("roles.csv", lambda data: data.splitlines(keepends=True)[0]),
    "no organization is there": on("orgs.csv", lambda data: data.splitlines(keepends=True)[0]),
    "no user is there": on("users.csv", lambda data: data.splitlines(keepends=True)[0]),
    "the heading is not the standard's": on("users.csv", lambda data: data.replace(b"sourcedId", b"sourceId", 1)),
    "a file that the manifest names is missing": lambda path: repack(
        path, lambda name, data: None if name == "enrollments.csv" else data
    ),
    "a file has no heading": on("roles.csv", lambda data: b""),
}
XML_FAULTS = {
    "a document ends too early": lambda folder: rewrite(
        xml_file(folder, "Student"), lambda data: data[: len(data) * 2 // 3]
    ),
    "a tag is never closed": lambda folder: rewrite(
        xml_file(folder, "Student"), lambda data: data.replace(b"</Student>", b"", 1)
    ),
    "no date is one": lambda folder: rewrite(
        xml_file(folder, "Student"), lambda data: data.replace(b"<BirthDate>20", b"<BirthDate>x20")
    ),
    "a byte is no UTF-8": lambda folder: rewrite(
        xml_file(folder, "Student"), lambda data: data.replace(b"<FirstName>", b"<FirstName>\xff", 1)
    ),
    "two different students share a number": lambda folder: rewrite(xml_file(folder, "Student"), twins),
    "the folder is gone": lambda folder: folder.rename(folder.with_name("elsewhere")),
}
FAULTS = [("oneroster_csv", csv_source, fault) for fault in CSV_FAULTS] + [
    ("edfi_xml", xml_source, fault) for fault in XML_FAULTS
]


def refused(answer):
    """Whether an answer says that the source failed, and nothing else."""
    if answer.status_code not in {500, 502, 503}:
        return False
    return (
        answer.json.keys() <= {"imsx_codeMajor", "imsx_severity", "imsx_description", "imsx_CodeMinor"}
        or "type" in answer.json
    )


@pytest.mark.parametrize("hold", ["1h", "0"])
@pytest.mark.parametrize(
    ("adapter", "source", "fault"), FAULTS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_source_that_fails_gives_an_error_to_every_question_about_it(tmp_path, adapter, source, fault, hold):
    path = source(tmp_path)
    (CSV_FAULTS if adapter == "oneroster_csv" else XML_FAULTS)[fault](path)
    with running(
        tmp_path / "region", {"maple": Site(adapter, {"source": str(path)}, hold)}, [agreement("maple")]
    ) as region:
        consumer = region.consumer()
        for address in (
            ROWS,
            f"{ROSTER}users?limit=1",
            f"{EDFI}students?limit=500&totalCount=true",
            f"{EDFI}students?limit=1",
        ):
            answer = consumer.ask(address)
            assert refused(answer), (fault, address, answer.status_code, answer.text[:300])
            assert not {"X-Total-Count", "Total-Count", "Link"} & set(answer.headers.keys())


@pytest.mark.parametrize("source", [csv_source, xml_source])
def test_a_source_that_is_mended_is_whole_again(tmp_path, source):
    path = source(tmp_path)
    site = Site("oneroster_csv" if source is csv_source else "edfi_xml", {"source": str(path)})
    away = path.rename(tmp_path / "away")
    with running(tmp_path / "region", {"maple": site}, [agreement("maple")]) as region:
        consumer = region.consumer()
        assert refused(consumer.ask(ROWS))
        away.rename(path)
        assert len(consumer.ask(f"{ROSTER}students").json["users"]) == 40


def test_one_district_that_fails_refuses_the_answer_about_all(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    sites = {
        "alder": Site("oneroster_csv", {"source": str(csv_source(tmp_path / "a"))}),
        "birch": Site("edfi_xml", {"source": str(xml_source(tmp_path / "b"))}),
    }
    CSV_FAULTS["the zip ends too early"](tmp_path / "a" / "maple.zip")
    with running(tmp_path / "region", sites, [agreement(name) for name in sites]) as region:
        consumer = region.consumer()
        assert refused(consumer.ask(ROWS))
        assert refused(consumer.ask(f"{EDFI}students"))
        assert consumer.ask(f"/birch{ROWS}").status_code == 200
        assert refused(consumer.ask(f"/alder{ROWS}"))


def test_two_districts_together_are_the_sum_of_both(tmp_path):
    sites = {}
    for name in ("alder", "birch"):
        (tmp_path / name).mkdir()
    sites["alder"] = Site("oneroster_csv", {"source": str(csv_source(tmp_path / "alder", 30))})
    sites["birch"] = Site("edfi_xml", {"source": str(xml_source(tmp_path / "birch", 20))})
    with running(tmp_path / "region", sites, [agreement(name) for name in sites]) as region:
        consumer = region.consumer()
        assert len(consumer.users("students", limit=7)) == 50
        assert len(consumer.resources("students", limit=7)) == 50


def held(tmp_path, clock, students=60):
    return running(
        tmp_path / "region",
        {"maple": Site("oneroster_csv", {"source": str(csv_source(tmp_path, students))}, "10m")},
        [agreement("maple")],
        clock=clock,
    )


def settle(region):
    """Wait for a refresh that goes on aside."""
    with region.gateway.districts["maple"]._loading:
        pass


def count(consumer):
    answer = consumer.roster("students", limit=1)
    return int(answer.headers["X-Total-Count"]) if answer.status_code == 200 else answer.status_code


def test_a_hold_survives_a_failing_source_until_it_expires_and_no_longer(tmp_path):
    clock = Clock()
    with held(tmp_path, clock) as region:
        consumer = region.consumer()
        assert count(consumer) == 60
        CSV_FAULTS["the zip ends too early"](tmp_path / "maple.zip")
        clock.move(400)
        assert count(consumer) == 60
        settle(region)
        assert count(consumer) == 60
        clock.move(300)
        assert count(consumer) in {502, 503}
        csv_source(tmp_path, 60)
        clock.move(2)  # the pause after a second failure
        assert count(consumer) == 60


def test_a_renewal_that_would_drop_many_is_refused(tmp_path):
    clock = Clock()
    with held(tmp_path, clock) as region:
        consumer = region.consumer()
        assert count(consumer) == 60
        csv_source(tmp_path, 30)
        clock.move(400)
        assert count(consumer) == 60
        settle(region)
        assert count(consumer) == 60
        clock.move(300)
        assert count(consumer) in {502, 503}


def test_a_renewal_that_drops_few_is_taken(tmp_path):
    clock = Clock()
    with held(tmp_path, clock) as region:
        consumer = region.consumer()
        assert count(consumer) == 60
        csv_source(tmp_path, 57)
        clock.move(400)
        count(consumer)
        settle(region)
        assert count(consumer) == 57


SPOILT = {
    "users.csv": lambda line: line.replace(b",true,", b",perhaps,", 1),
    "demographics.csv": lambda line: re.sub(rb"([0-9]{4})-([0-9]{2})-", rb"\1/\2/", line),
    "enrollments.csv": lambda line: line.replace(b",student,", b",pupil,"),
}


def people(consumer):
    """What a consumer reads of all users, and which tombstones it is told of."""
    asked = {name: consumer.roster(name, limit=10_000).json for name in ("users", "enrollments", "demographics")}
    deleted = {name: consumer.roster(name, filter="status='tobedeleted'").json for name in asked}
    return asked, deleted


@pytest.mark.parametrize("member", SPOILT)
def test_a_row_that_becomes_unreadable_is_served_as_it_was_and_is_never_a_tombstone(tmp_path, member):
    clock = Clock()
    with held(tmp_path, clock) as region:
        consumer = region.consumer()
        before = people(consumer)

        def spoil(data):
            lines = data.splitlines(keepends=True)
            at = next(n for n, line in enumerate(lines) if n and SPOILT[member](line) != line)
            return b"".join([*lines[:at], SPOILT[member](lines[at]), *lines[at + 1 :]])

        on(member, spoil)(tmp_path / "maple.zip")
        clock.move(700)
        after = people(consumer)
        told = region.gateway.districts["maple"].status().lines()
        assert any(line.startswith(f"set aside: {member}:") for line in told), told
        assert after == before


def test_a_user_whom_no_role_tells_of_is_told_and_the_rest_is_served(tmp_path):
    path = csv_source(tmp_path)
    on("roles.csv", lambda data: b"".join(data.splitlines(keepends=True)[:-1]))(path)
    site = Site("oneroster_csv", {"source": str(path)})
    with running(tmp_path / "region", {"maple": site}, [agreement("maple")]) as region:
        assert region.consumer().ask(ROWS).status_code == 200
        told = region.gateway.districts["maple"].status().lines()
        assert any(
            "no role says what the user is" in line and line.startswith("set aside: users.csv:") for line in told
        )


def test_a_source_that_breaks_while_it_is_read_gives_nothing_of_what_it_gave_before(tmp_path):
    """The reader itself yields a thousand records before it fails; none of them is kept."""
    path = xml_source(tmp_path)
    XML_FAULTS["a document ends too early"](path)
    with running(
        tmp_path / "region", {"maple": Site("edfi_xml", {"source": str(path)})}, [agreement("maple")]
    ) as region:
        district = region.gateway.districts["maple"]
        taken = []
        with pytest.raises(SourceBroken):
            taken.extend(district.adapter.read(dict.fromkeys(district.cached_entities)))
        assert refused(region.consumer().ask(ROWS))
        assert district._cached is None
