"""The examples of an agreement, tried by the very visibility and rules of a request over a snapshot of one student."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from gateway.cache.snapshot import build_snapshot
from gateway.engine.visibility import Visibility
from policies import elements
from policies.compiler import compile as compiled
from policies.reasoning.differences import DENY, action_of
from policies.reasoning.examples import VISIBLE
from standards.fields import fields_of
from standards.keys import KEY_BYTES, Keyring

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policies.agreement import Agreement
    from policies.grant import Grant
    from policies.reasoning.examples import Example, ExampleStudent, Expectation
    from standards.errors import SettingsError

    Records = list[tuple[str, dict[str, Any]]]

WHO = ("example",)
SOMEWHERE = "a school"
BEGUN_DAYS = 30
KEYRING = Keyring(bytes(KEY_BYTES))
"""The keys of ids that nobody sees: a made-up student has none outside this test."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What leaves of an example's student: whether it is *visible*, and the *grant* by whose rules."""

    visible: bool
    grant: Grant

    def action(self, name: str) -> str:
        """Return the action on the element *name*; a fact of a student who is not visible does not leave."""
        one = elements.element(name)
        hidden = not self.visible and one is not None and any(about_students(field.entity) for field in one.fields)
        return DENY if hidden else action_of(self.grant, name)


def failures(agreements: Iterable[Agreement]) -> Iterator[tuple[SettingsError, Agreement]]:
    """Yield each expectation of an agreement that does not come true, with its place and the agreement."""
    for one in agreements:
        for example in one.tests:
            outcome = tried(one, example)
            for expected in example.expected:
                if found := _instead(outcome, expected):
                    yield expected.failed(f"the test {example.name!r} fails: {found}"), one


def tried(agreement: Agreement, example: Example) -> Outcome:
    """Try an *example*: the grant of the agreement sees a district in which its student is the only one."""
    grant = compiled(agreement, agreement.clients[0])
    records = records_of(example)
    snapshot = build_snapshot(records, agreement.district, KEYRING, entities=dict.fromkeys(name for name, _ in records))
    if example.student.program:
        snapshot.members = {example.student.program: frozenset({0})}
    visibility = Visibility(snapshot, grant, KEYRING, example.on)
    return Outcome(len(visibility.rows("student")) == 1 and _registered(grant, example.student), grant)


def _registered(grant: Grant, student: ExampleStudent) -> bool:
    """Tell whether the registers let the student be seen: with the consent that is asked for, and not opted out."""
    asked = grant.registered
    return (not asked.form or student.consent == "granted") and not (asked.directory and student.opted_out)


def records_of(example: Example) -> Records:
    """Return the records of a district with no student but that of an *example*."""
    every = _records(example.student, date.fromisoformat(example.on))
    return [(entity, {name: value for name, value in one.items() if value is not None}) for entity, one in every]


def _records(student: ExampleStudent, day: date) -> Iterator[tuple[str, dict[str, Any]]]:
    school = student.school or SOMEWHERE
    yield "organization", {"key": (school,), "identifier": school, "name": school, "kind": "school"}
    yield "student", {"key": WHO, "uniqueId": WHO[0], "birthDate": student.birth_date}
    if student.enrolled:
        ended = student.enrollment == "ended"
        entry = (day - timedelta(days=BEGUN_DAYS)).isoformat()
        yield "enrollment", {
            "key": (entry, school, *WHO), "student": WHO, "grade": student.grade, "entry": entry,
            "school": (school,) if student.school else None,
            "exit": (day - timedelta(days=1)).isoformat() if ended else None,
        }  # fmt: skip
    if student.program:
        yield "program", {"key": (student.program,), "name": student.program, "identifier": student.program}
        begin = (day - timedelta(days=BEGUN_DAYS)).isoformat()
        belonging = {"student": WHO, "program": (student.program,), "begin": begin}
        yield "programParticipation", {"key": (student.program, *WHO), **belonging}


def _instead(outcome: Outcome, expected: Expectation) -> str:
    """Say what was found instead of what was *expected*; empty where it came true."""
    if expected.path == VISIBLE:
        found = str(outcome.visible).lower()
        return "" if found == expected.action else f"the student is {'' if outcome.visible else 'not '}visible"
    actions = {name: outcome.action(name) for name in expected.names()}
    wrong = [f"{name} is {action}" for name, action in actions.items() if action != expected.action]
    why = "" if outcome.visible or expected.action == DENY else "; the student is not in the population"
    return f"{', '.join(wrong[:3])}, and {expected.action} is expected{why}" if wrong else ""


@cache
def about_students(entity: str) -> bool:
    """Tell whether the records of a kind are students, or show only with a student they belong to."""
    if entity in {"student", "contact"}:
        return True
    return any(one.owner and one.to != entity and about_students(one.to) for one in fields_of(entity).values())
