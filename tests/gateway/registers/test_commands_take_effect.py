"""What a command writes into the registers takes effect in every answer of every process within a second."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
import time
import zipfile
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import sqlalchemy

from gateway.audit.log import open_record
from gateway.config.settings import load
from gateway.demo.data import write_oneroster_12
from gateway.runtime import startup
from gateway.runtime.startup import start
from tests.support.needs import ROOT
from tests.support.regions import EDFI, ROSTER, Site, agreement, links, served, small_district, write

ALWAYS = {"begin": "2020-01-01", "end": "2099-12-31", "operations": "[read, search, bulk]"}
CONSENT = "{all: [{consent: {form: tutoring-form, status: granted}}]}"
NAMES = (("student.id", "allow"), ("student.name", "allow"), ("student.grades", "allow"))
SUBSTITUTE = "street: PO Box 257\ncity: Olympia\nstate: WA\npostalCode: 98507\n"
STUDENTS = 12


def directory_agreement(district):
    """An agreement about directory information."""
    text = agreement(district, NAMES, **ALWAYS).replace("99.31(a)(1)", "99.31(a)(11)")
    return text + "directory: {optOut: honour, notice: [student.id, student.name, student.grades]}\n"


AGREEMENTS = (
    agreement("maple", **ALWAYS), agreement("oak", **ALWAYS), directory_agreement("birch"),
    agreement("cedar", population=CONSENT, **ALWAYS),
)  # fmt: skip


class Beside:
    """A second gateway, in the process of the tests, over the registry and the memory of another."""

    def __init__(self, settings, first):
        self.app, self.gateway = start(load(settings))
        self.web, self.first, self.base = self.app.test_client(), first, "http://localhost"

    def get(self, path, params=None):
        """Ask as the consumer of the first one."""
        answer = self.web.get(path, query_string=params, headers=self.first.bearer)
        return SimpleNamespace(
            status_code=answer.status_code, text=answer.data.decode(errors="replace"), content=answer.data, headers=answer.headers,
            json=lambda: answer.json,
        )  # fmt: skip


@contextmanager
def beside(settings, first):
    """Start a second gateway; its record of disclosures is its own, as a registry holds the head of one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(startup, "open_record", lambda place, keys, _store: open_record(place, keys))
        opened = Beside(settings, first)
    try:
        yield opened
    finally:
        opened.gateway.close()


class Region:
    """Two processes over one registry, and the commands of a third."""

    def __init__(self, one, other, students, database):
        self.processes, self.students, self.database = (one, other), students, database

    def crossing(self, *words, typed=""):
        """Type a command in a process of its own; return what it said, and the moment at which it had ended."""
        command = [
            sys.executable,
            "-m",
            "gateway",
            *words,
            "--settings",
            str(self.processes[0].folder / "gateway.toml"),
        ]
        done = subprocess.run(command, cwd=ROOT, input=typed, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def add(self, register, district, student, *words):
        """Add an entry about a student; return its id."""
        said = self.crossing(register, "add", "--district", district, *words, typed=f"{student}\n")
        return re.search(r"^(\S+): added", said, re.MULTILINE)[1]

    def within_a_second(self, what):
        """Ask both processes from a second after now on."""
        end = time.monotonic() + 1
        while time.monotonic() < end:
            time.sleep(end - time.monotonic())
        assert [what(process) for process in self.processes] == [True, True]


@pytest.fixture(scope="module")
def region(tmp_path_factory, postgresql_url, redis_url):
    folder = tmp_path_factory.mktemp("registers")
    write_oneroster_12(small_district(STUDENTS), folder / "maple.zip")
    source = {"source": str(folder / "maple.zip")}
    sites = {name: Site("oneroster_csv", source, cache="0" if name == "oak" else "1h")
             for name in ("maple", "oak", "birch", "cedar")}  # fmt: skip
    with zipfile.ZipFile(folder / "maple.zip") as archive:
        people = [*csv.DictReader(io.TextIOWrapper(archive.open("users.csv"), "utf-8"))]
        born = {row["sourcedId"] for row in csv.DictReader(io.TextIOWrapper(archive.open("demographics.csv"), "utf-8"))}
    students = [row["sourcedId"] for row in people if row["sourcedId"] in born]
    url = postgresql_url.replace("postgresql+psycopg:", "postgresql:")
    settings = f'[store]\nurl = "{url}"\n[memory]\nurl = "{redis_url}"\n'
    with (
        served(folder / "one", sites, settings, agreements=AGREEMENTS) as one,
        beside(write(folder / "other", sites, AGREEMENTS, settings), one) as other,
    ):
        yield Region(one, other, students, postgresql_url)


def users(process, district):
    """The OneRoster users of a district by id."""
    answer = process.get(f"/{district}{ROSTER}users", params={"limit": 1000})
    assert answer.status_code == 200, answer.text
    return {one["sourcedId"]: one for one in answer.json()["users"]}


def students_of(process, district):
    """What the Ed-Fi API tells of the students of a district, as text."""
    answer = process.get(f"/{district}{EDFI}students", params={"limit": 500})
    assert answer.status_code == 200, answer.text
    return answer.text


def bulk(process, district):
    """The bulk files of a district, as one text."""
    answer = process.get(f"/{district}/ims/oneroster/bulk/v1p2/csv")
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return "".join(archive.read(name).decode() for name in archive.namelist())


@pytest.mark.parametrize("district", ["maple", pytest.param("oak", marks=pytest.mark.slow)])
def test_a_protected_students_telephone_leaves_no_process_any_more(region, district, tmp_path):
    student = next(one for one in region.students if "phone" in users(region.processes[0], district)[one])
    phone = users(region.processes[1], district)[student]["phone"]
    (tmp_path / "substitute").write_text(SUBSTITUTE)
    assert phone in bulk(region.processes[0], district)
    entry = region.add(
        "restrictions", district, student, "--kind", "acp", "--substitute-from", str(tmp_path / "substitute")
    )
    region.within_a_second(lambda process: "phone" not in users(process, district)[student])
    for process in region.processes:
        others = {one: row for one, row in users(process, district).items() if one != student}
        assert any("phone" in row for row in others.values())
        lines = [line for line in bulk(process, district).splitlines() if line.startswith(f"{student},")]
        assert lines
        assert not any(phone in line for line in lines)
    words = ("student.phone", "--student", district)
    assert "the registers say so" in region.crossing("agreements", "who-can-see", *words, typed=f"{student}\n")
    assert f"{entry}: acp" in region.crossing("explain", "conformance", *words, typed=f"{student}\n")
    region.crossing("restrictions", "lift", entry, "--district", district, "--reason", "moved away")
    region.within_a_second(lambda process: users(process, district)[student].get("phone") == phone)


def test_who_opts_out_of_directory_information_is_in_no_answer(region):
    student = region.students[1]
    assert all(student in users(process, "birch") for process in region.processes)
    place = f"/birch{ROSTER}students"
    walks = [process.get(place, params={"limit": 2}) for process in region.processes]
    following = [links(answer.headers["Link"])["next"] for answer in walks]
    entry = region.add("restrictions", "birch", student, "--kind", "directory")
    region.within_a_second(lambda process: student not in users(process, "birch"))
    for process, address in zip(region.processes, following, strict=True):
        answer = process.get(address.removeprefix(process.base))
        assert answer.status_code in {200, 409}
        assert student not in answer.text
        assert student not in bulk(process, "birch")
        assert student not in students_of(process, "birch")
        assert process.get(f"/birch{ROSTER}students/{student}").status_code == 404
    region.crossing("restrictions", "lift", entry, "--district", "birch", "--reason", "a mistake")
    region.within_a_second(lambda process: student in users(process, "birch"))


def test_a_consent_lets_one_student_in_and_its_withdrawal_out_again(region):
    student = region.students[2]
    assert all(student not in users(process, "cedar") for process in region.processes)
    words = ("--agreement", "conformance-cedar", "--form-hash", "0" * 64, "--signer", "eligible-student")
    asked = ("explain", "conformance", "student.name.given", "--student", "cedar")
    assert "none that holds is on record" in region.crossing(*asked, typed=f"{student}\n")
    entry = region.add("consents", "cedar", student, *words, "--method", "paper", "--signed", "2026-09-01")
    assert f"{entry}: given by eligible-student" in region.crossing(*asked, typed=f"{student}\n")
    region.within_a_second(lambda process: student in users(process, "cedar"))
    for process in region.processes:
        assert users(process, "cedar").keys() & set(region.students) == {student}
        files = bulk(process, "cedar")
        assert [one for one in region.students if one in files] == [student]
        assert students_of(process, "cedar").count("studentUniqueId") == 1
    region.crossing("consents", "withdraw", entry, "--district", "cedar", "--reason", "letter of today")
    region.within_a_second(lambda process: student not in users(process, "cedar"))


@contextmanager
def without_registers(database):
    """Take the registers away until the end of the block, as an outage would."""
    engine = sqlalchemy.create_engine(database)
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE register_versions RENAME TO elsewhere")
        yield
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO register_versions")
        engine.dispose()


def test_where_the_registers_cannot_be_read_nothing_is_sent(region):
    process, places = region.processes[1], (f"{ROSTER}users", f"{EDFI}students", "/ims/oneroster/bulk/v1p2/csv")
    addresses = [f"/{district}{place}" for district in ("maple", "oak", "birch", "cedar") for place in places]
    with without_registers(region.database):
        time.sleep(1)
        for address in addresses:
            answer = process.get(address)
            assert answer.status_code == 503, address
            assert not any(student in answer.text for student in region.students)
    time.sleep(1)
    assert [process.get(address).status_code for address in addresses] == [200] * len(addresses)
