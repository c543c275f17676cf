"""P3 for people: who has students assigned sees these and no other, as if the district had no other; a client sees none."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from random import Random
from types import MappingProxyType

import pytest
from sqlalchemy import update

from gateway import telemetry
from gateway.admin.agreements.effect import EffectOfAgreements
from gateway.admin.answers.preview import Previews
from gateway.admin.registers.assignments import KeptAssignments
from gateway.auth.scopes import known_scopes
from gateway.reasoning.children import sight
from gateway.registers.effects import students as student_effects
from gateway.registers.entries import StaffAssignment
from gateway.registers.matching import state_ids
from gateway.storage.database import transaction
from gateway.storage.people.tables import memberships
from gateway.storage.registry import Client, Secret
from policies.compiler import compile as compiled
from policies.grant import Registered
from policies.population import EVERYONE
from policies.testing.reference_registers import Decision, laid_over
from standards.errors import CallerError
from tests.gateway.engine import worlds as villages
from tests.gateway.registers.memory import BEGIN, MemoryRegisters
from tests.promises.test_register_interference import ASKED, MEMORY, Pair, bulk
from tests.support.consumers import Consumer
from tests.support.people.region import people_region
from tests.support.regions import EDFI, ROSTER, agreement, quick_secret, small_sites

PERSON = "p" * 32
ADDRESSES = [f"{ROSTER}students", f"{ROSTER}users", f"{ROSTER}enrollments", f"{EDFI}students?totalCount=true",
             f"{EDFI}studentSchoolAssociations"]  # fmt: skip
ASSIGNED = "{all: [{enrollment: active}], staffAssignment: required}"


class AssignedPair(Pair):
    """A district with assignments, asked by one person; and one whose system has none but that person's students."""

    def __init__(self, folder: Path, name: str) -> None:
        self.village, self.registers, self.form = villages.village(1), MemoryRegisters(), False
        rows = EVERYONE.rows(registered=True)

        def change(**more):
            kept = bulk(registered=Registered(directory=True), **more)
            return lambda grant: kept(replace(grant, rows=MappingProxyType({**rows, **grant.rows})))

        self.one = Consumer(
            folder / "one", name, self.village, registers=self.registers.watch(), change=change(person=PERSON)
        )
        self.other = Consumer(folder / "other", name, self.village, change=change())
        self.kinds = self.one.questions(1)
        self.questions = sorted({one for some in self.kinds.values() for one in some})

    def restrict(self, random: Random) -> list[Decision]:
        """Assign some students to the person, others to somebody else, and one by an id alone; return who is not."""
        everybody = self.village["student"]
        mine = random.sample(everybody, random.randint(1, 3))
        rest = [row for row in everybody if row not in mine]
        entries = [(row, PERSON, self.known_by(row)) for row in mine]
        entries += [(row, "q" * 32, self.known_by(row)) for row in random.sample(rest, 2)]
        entries += [(row, PERSON, {"id": self.known_by(row)["id"]}) for row in random.sample(rest, 1)]
        grant = self.one.grant
        self.registers.assignments = tuple(
            StaffAssignment(f"a{number}", "maple", grant.agreement, grant.org, person, tags, BEGIN)
            for number, (_, person, tags) in enumerate(entries)
        )
        self.registers.version += 1
        return [Decision(row["key"], hidden=True) for row in rest]

    def known_by(self, row):
        own = row.get("id") or self.one.keyring.outward_ids("maple", "student", [row["key"]])[0]
        return {"id": self.registers.tag("id", own), **self.registers.numbered(state_ids(row)[0])}


@pytest.fixture(scope="module")
def _quiet():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(telemetry, "observe", lambda response: response)
        yield


@pytest.fixture(scope="module")
def pairs(_quiet):
    made: dict[str, AssignedPair] = {}
    with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as place:

        def find(name: str) -> AssignedPair:
            if name not in made:
                made[name] = AssignedPair(Path(place, name.replace(" ", "-")), name)
            return made[name]

        yield find
        for pair in made.values():
            pair.close()


@pytest.mark.parametrize("examples", [3, pytest.param(200, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["rostering vendor", "everything but staff"])
def test_a_person_is_answered_as_if_the_district_had_no_other_students(name, examples, pairs):
    pair = pairs(name)
    for seed in range(examples):
        pair.examine(seed, ASKED)


def test_the_files_of_a_person_have_no_other_students(pairs):
    pair = pairs("everything but staff")
    pair.begin(villages_of(pair, 3))
    pair.same([f"/ims/oneroster/bulk/{version}/csv" for version in ("v1p1", "v1p2")], "in files")


def villages_of(pair, seed):
    return laid_over(pair.village, pair.one.grant, pair.restrict(Random(seed)))


def test_a_student_of_somebody_else_who_stays_is_caught(pairs, monkeypatch):
    everyone = student_effects.RuleSearch.assigned
    monkeypatch.setattr(
        student_effects.RuleSearch, "assigned", lambda self: everyone(self) | {0, 1} if self.grant.person else set()
    )
    with pytest.raises(AssertionError, match="tells the two worlds apart"):
        examine(pairs("everything but staff"))


def examine(pair):
    for seed in range(20):
        pair.examine(seed, 60, ("collection",))


# A running region: every exit that people have today


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("assigned-students")
    sites = {name: site for name, site in small_sites(folder / "data").items() if name == "maple"}
    terms = agreement("maple", client="mentors", population=ASSIGNED).replace("kind: vendor", "kind: cbo")
    with people_region(folder / "region", sites, [terms]) as region:
        yield region


@pytest.fixture(scope="module")
def secret(region):
    made, kept = quick_secret()
    every = tuple(sorted(known_scopes()))
    store = region.administered.store
    store.add_client(Client("mentors", "mentors", "cbo", every, (Secret(kept),), region.clock(), "ana"))
    return made


@pytest.fixture(scope="module")
def people(region, secret):
    ada = region.actor("ada", ("maple", "privacy-officer"))
    region.person("sam", ("mentors", "cbo-staff"))
    region.person("tess", ("mentors", "cbo-staff"))
    return ada


@pytest.fixture(scope="module")
def students(region, people):
    """The ids of students in the population: their assignment is all that keeps them away."""
    (terms,) = region.running.standing.agreements
    grant = compiled(replace(terms, population=replace(terms.population, assigned=False)), "mentors")
    visibility = sight(region.running.gateway, grant, ["student.id"])
    mask, own = visibility.visible("student"), visibility.snapshot.table("student").ids
    return [one for one, there in zip(own, mask, strict=True) if there]


def given(person, **more):
    return {"agreement": "mentors-maple", "person": f"{person}@example.org", **more}


def assigned(region, people, student, person="sam"):
    service = KeptAssignments(region.administered)
    written = service.add(people, "maple", {"studentId": student}, given(person), "spring")
    region.clock.move(1)
    return (written.made + written.changed + written.the_same)[0]


def seen(region, people, student, person=""):
    mail = f"{person}@example.org" if person else ""
    return Previews(region.administered).of_student(people, "maple", "mentors", student, mail=mail)


def test_a_preview_shows_a_person_the_assigned_and_nobody_else(region, people, students):
    mine, other = students[:2]
    assigned(region, people, mine)
    assigned(region, people, other, "tess")
    shown = seen(region, people, mine, "sam")
    assert (shown.visible, shown.shown) == (True, 1)
    assert shown.records
    hidden = seen(region, people, other, "sam")
    assert (hidden.visible, hidden.shown, hidden.records) == (False, 1, ())
    assert any("not assigned to this person" in one.text for one in hidden.steps)
    for student in (mine, other):
        none = seen(region, people, student)
        assert (none.visible, none.shown, none.records) == (False, 0, ())
        assert any("no client is" in one.text for one in none.steps)


def test_an_assignment_ends_within_a_second(region, people, students):
    student = students[2]
    entry = assigned(region, people, student)
    assert seen(region, people, student, "sam").visible
    KeptAssignments(region.administered).end(people, "maple", entry, "moved to another group")
    region.clock.move(1)
    assert not seen(region, people, student, "sam").visible


def test_an_assignment_counts_on_its_last_day_and_no_longer(region, people, students):
    student = students[3]
    today = region.clock().date().isoformat()
    KeptAssignments(region.administered).add(people, "maple", {"studentId": student}, given("tess", until=today))
    region.clock.move(1)
    assert seen(region, people, student, "tess").visible
    region.clock.move(2 * 24 * 3600)
    assert not seen(region, people, student, "tess").visible
    region.clock.move(-2 * 24 * 3600)


def test_who_works_there_no_more_is_shown_nobody(region, people, students):
    student = students[0]
    gone = region.person("gus", ("mentors", "cbo-staff"))
    assigned(region, people, student, "gus")
    with transaction(region.administered.store.engine, write=True) as connection:
        connection.execute(update(memberships).where(memberships.c.person == gone).values(ends=region.clock()))
    with pytest.raises(CallerError):
        seen(region, people, student, "gus")


def test_a_simulation_counts_a_client_nobody_and_the_people_their_students(region, people, students):
    assigned(region, people, students[0])
    found = EffectOfAgreements(region.administered).see(people, "mentors-maple", 1).simulation
    told = {one.client: one.students for one in found.clients}
    assert (told["mentors"].now, told["mentors"].then) == (0, 0)
    assert "the people of mentors" in told


def test_a_machine_gets_nobody_whoever_is_assigned(region, people, secret, students):
    web = region.stranger().wsgi
    token = web.post(
        "/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=("mentors", secret),
        base_url="https://localhost",
    ).json["access_token"]
    asked = {"headers": {"Authorization": f"Bearer {token}"}, "base_url": "https://localhost"}
    student = students[0]
    assigned(region, people, student)
    for address in ADDRESSES:
        answer = web.get(address, **asked)
        assert answer.status_code == 200, address
        assert not [one for one in students if one in answer.get_data(as_text=True)], address
    assert web.get(f"{ROSTER}students/{student}", **asked).status_code == 404
