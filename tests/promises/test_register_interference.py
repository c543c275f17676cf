"""What a register restricts looks as if the district's system had it so: nobody can tell that there is a register."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from gateway import telemetry
from gateway.engine import laid_over as engine_effects
from gateway.engine.visibility import Visibility
from gateway.registers.effects import cells, rows
from gateway.registers.matching import state_ids
from policies.grant import Registered
from policies.records import places
from policies.testing.non_interference import difference
from policies.testing.reference_registers import Decision, laid_over
from tests.gateway.engine import worlds as villages
from tests.gateway.registers.memory import MemoryRegisters
from tests.support.consumers import CONSUMERS, EDFI, ONEROSTER, Consumer

EXAMPLES, ASKED = [6, pytest.param(300, marks=pytest.mark.slow)], 14
KINDS = ("acp", "hide", "object", "contact", "all", "directory", "discipline")
FAULT_EXAMPLES, FAULT_ASKED = 40, 60
MEMORY = "/dev/shm"
STEP_SECONDS, ORIGIN = 10, 1_767_225_600
SUBSTITUTE = {"street": "PO Box 257", "city": "Olympia", "state": "WA", "postalCode": "98507"}


def step(moment: float) -> int:
    """Return the change version of a moment."""
    return max(0, int((moment - ORIGIN) / STEP_SECONDS))


@pytest.fixture(scope="module", autouse=True)
def _quiet():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(telemetry, "observe", lambda response: response)
        yield


def bulk(**changes):
    """A change of a grant: it lets its client have files too."""
    return lambda grant: replace(grant, operations=grant.operations | {"bulk"}, **changes)


class Pair:
    """A district with registers, and one without whose system has what these decide."""

    def __init__(self, folder: Path, name: str, *, form: bool = False) -> None:
        self.village = villages.village(1)
        self.registers = MemoryRegisters()
        self.form = form
        registered = Registered("form" if form else "", directory=True, kind="district")
        self.one = Consumer(
            folder / "one", name, self.village, registers=self.registers.watch(), change=bulk(registered=registered)
        )
        # Tombstones are bare where registers decide who is in an agreement, in both districts.
        self.other = Consumer(folder / "other", name, self.village, change=bulk(registered=Registered(directory=True)))
        self.kinds = self.one.questions(1)
        self.questions = sorted({one for some in self.kinds.values() for one in some})

    def close(self) -> None:
        self.one.close()
        self.other.close()

    def examine(self, seed: int, asked: int, kinds: tuple[str, ...] = ()) -> None:
        """Ask both the same under some restrictions; the first other answer is a failure."""
        random = Random(seed)
        decisions = self.restrict(random)
        self.begin(laid_over(self.village, self.one.grant, decisions))
        questions = sorted({one for kind in kinds for one in self.kinds[kind]}) if kinds else self.questions
        self.same(random.sample(questions, min(asked, len(questions))), f"under {decisions}")

    def begin(self, other: dict[str, list[dict]]) -> None:
        """Let both districts be read anew, the other with its own records."""
        now = max(self.one.time, self.other.time)
        for consumer, records in ((self.one, self.village), (self.other, other)):
            consumer.time = now
            consumer.forget()
            consumer.gateway.views.ledger = consumer.gateway.ledger
            consumer.load(records)

    def same(self, questions: list[str], when: str) -> None:
        """Put questions to both."""
        for question in questions:
            expected, answer = self.other.ask(question), self.one.ask(question)
            if answer != expected:
                raise AssertionError(f"{question} tells the two worlds apart {when}: {difference(expected, answer)}")

    def restrict(self, random: Random) -> list[Decision]:
        """Enter restrictions on some students by chance; return what they decide."""
        self.registers.withdraw()
        free = sorted(
            name for name in self.one.grant.rules
            if not name.endswith((".id", ".*")) and not name.startswith("oneroster.")
            and name.split(".")[0] in {"student", "contact", "guardianship", "placement"} and not self.decides(name)
        )  # fmt: skip
        found = []
        for row in random.sample(self.village["student"], random.randint(1, 3)):
            own = row.get("id") or self.one.keyring.outward_ids("maple", "student", [row["key"]])[0]
            found.append(self.enter(random, random.choice(KINDS), own, row["key"], free))
        return found + self.consents(random, {one.student for one in found}) if self.form else found

    def consents(self, random: Random, others: set[tuple[str, ...]]) -> list[Decision]:
        """Enter consents about the others and about most students; return what is decided about those without a whole one."""
        found, releases = [], frozenset(self.one.grant.rules)
        for row in self.village["student"]:
            own = row.get("id") or self.one.keyring.outward_ids("maple", "student", [row["key"]])[0]
            choice = "whole" if row["key"] in others else random.choice(("whole", "whole", "none", "part"))
            if choice == "none":
                found.append(Decision(row["key"], hidden=True))
            elif choice == "part":
                lost = random.sample([name for name in sorted(releases) if name.startswith("student.name.")], 2)
                kept = frozenset(name for name in releases if name not in lost and not name.endswith(".*"))
                self.registers.consent(own, tags=self.known_by(own, row), elements=kept)
                found.append(Decision(row["key"], lost=frozenset(lost)))
            else:
                self.registers.consent(own, tags=self.known_by(own, row), signer_role="eligible-student")
        return found

    def known_by(self, own: str, row: dict[str, Any]) -> dict[str, str]:
        """The tags by which a consent knows a student: the source's id, and the state's."""
        return {"id": self.registers.tag("id", own), **self.registers.numbered(state_ids(row)[0])}

    def decides(self, name: str) -> bool:
        """Tell whether the records that exist depend on a released name, or what belongs to what."""
        return name in {"placement.student", "placement.section", "guardianship.student", "guardianship.contact"}

    def enter(  # noqa: PLR0911  one way per kind
        self, random: Random, kind: str, own: str, key: tuple[str, ...], free: list[str]
    ) -> Decision:
        registers = self.registers
        match kind:
            case "acp":
                registers.restrict("acp", own, substitute=SUBSTITUTE)
                return Decision(key, substitute=SUBSTITUTE)
            case "hide":
                registers.restrict("court-order", own, recipients=("reading-partners",))
                return Decision(key, hidden=True)
            case "directory":
                registers.restrict("directory", own)
                return Decision(key, hidden=True)
            case "discipline":
                registers.restrict("do-not-transfer-discipline", own)
                return Decision(key, discipline=False)
            case "object" if free:
                lost = frozenset(random.sample(free, min(3, len(free))))
                registers.restrict("parent-objection", own, elements=tuple(lost))
                return Decision(key, lost=lost)
            case "contact":
                links = [one for one in self.village["guardianship"] if one.get("student") == key]
                contact = random.choice(links)["contact"] if links else ("nobody",)
                row = next((one for one in self.village["contact"] if one["key"] == contact), None)
                if row is not None:
                    mine = row.get("id") or self.one.keyring.outward_ids("maple", "contact", [contact])[0]
                    registers.restrict("court-order", own, contact=registers.contact(mine))
                    return Decision(key, contacts=frozenset({contact}))
        registers.restrict("acp", own, recipients=("nobody else",), substitute=SUBSTITUTE)
        return Decision(key, substitute=SUBSTITUTE)


@pytest.fixture(scope="module")
def pairs():
    made: dict[str, Pair] = {}
    place = tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None)

    def find(name: str, *, form: bool = False) -> Pair:
        known = f"{name} by consent" if form else name
        if known not in made:
            made[known] = Pair(Path(place.name, known.replace(" ", "-")), name, form=form)
        return made[known]

    yield find
    for pair in made.values():
        pair.close()
    place.cleanup()


@pytest.mark.parametrize("examples", EXAMPLES)
@pytest.mark.parametrize("name", CONSUMERS)
def test_a_restricted_child_answers_as_one_whose_system_has_it_so(name, examples, pairs):
    pair = pairs(name)
    for seed in range(examples):
        pair.examine(seed, ASKED)


@pytest.mark.parametrize("examples", EXAMPLES)
@pytest.mark.parametrize("name", ["rostering vendor", "everything but staff"])
def test_a_child_without_consent_answers_as_one_whom_the_system_has_not(name, examples, pairs):
    pair = pairs(name, form=True)
    for seed in range(examples):
        pair.examine(seed, ASKED)


@pytest.mark.parametrize("name", ["rostering vendor", "everything but staff"])
def test_the_files_of_a_restricted_child_are_those_of_one_whose_system_has_it_so(name, pairs):
    pair = pairs(name)
    for seed in range(3):
        pair.begin(laid_over(pair.village, pair.one.grant, pair.restrict(Random(seed))))
        pair.same([f"/ims/oneroster/bulk/{version}/csv" for version in ("v1p1", "v1p2")], f"under {seed}")


def delta(pair: Pair, since: float) -> list[str]:
    """Questions about what has changed since a moment."""
    moment = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    found = [
        f"{ONEROSTER}/{name}?filter=dateLastModified%3E%27{moment}%27" for name in ("users", "enrollments", "classes")
    ]
    for name in ("students", "contacts", "studentSchoolAssociations", "studentEducationOrganizationAssociations"):
        place = f"{EDFI}/{name}"
        found += [
            f"{place}/deletes?totalCount=true",
            f"{place}/keyChanges",
            f"{place}?minChangeVersion={step(since)}&totalCount=true",
        ]
    return found


@pytest.mark.parametrize("examples", [4, pytest.param(60, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["rostering vendor", "tutoring organisation", "everything but staff"])
def test_a_new_restriction_is_told_as_a_change_of_the_system(name, examples, pairs):
    pair = pairs(name)
    for seed in range(examples):
        random = Random(seed)
        pair.registers.withdraw()
        pair.begin(pair.village)
        since = pair.one.time + 1800
        pair.same(delta(pair, since), "before")
        pair.one.time = pair.other.time = since + 1800
        for records in (laid_over(pair.village, pair.one.grant, pair.restrict(random)), pair.village):
            if records is pair.village:
                pair.registers.withdraw()
            pair.other.adapter.load((entity, dict(row)) for entity, rows in records.items() for row in rows)
            pair.other.district.refresh_now()
            pair.same(delta(pair, since), f"after {seed}")
            pair.one.time = pair.other.time = pair.one.time + 3600


# Faults, each planted in one place


def a_hidden_student_stays(patch):
    patch.setattr(Visibility, "_compute", lambda self, entity: (self.raw or self)._exist(entity))


def a_contacts_telephone_is_forgotten(patch):
    patch.setattr(rows.RowSearch, "_of_contacts", lambda _self: {})


def a_telephone_tells_no_place(patch):
    plain = places.tells_place
    patch.setattr(cells, "tells_place", lambda entity, name: name != "phone" and plain(entity, name))


def a_link_to_a_contact_stays(patch):
    patch.setattr(rows.RowSearch, "unlinked", lambda _self: set())


def nothing_is_laid_over(patch):
    patch.setattr(engine_effects, "overlaid", lambda snapshot, _cells, _base=None: snapshot)


FAULTS = [
    a_hidden_student_stays,
    a_contacts_telephone_is_forgotten,
    a_telephone_tells_no_place,
    a_link_to_a_contact_stays,
    nothing_is_laid_over,
]


def examine(pair: Pair) -> None:
    for seed in range(FAULT_EXAMPLES):
        pair.examine(seed, FAULT_ASKED, ("collection",))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_planted_leak_is_caught(fault, pairs, monkeypatch):
    fault(monkeypatch)
    engine_effects._rules.cache_clear()
    pair = pairs("everything but staff")
    with pytest.raises(AssertionError, match="tells the two worlds apart"):
        examine(pair)
    engine_effects._rules.cache_clear()
