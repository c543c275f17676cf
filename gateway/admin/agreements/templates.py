"""Templates of agreements: drafts that say what is usual for one purpose, for a person to finish."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gateway.documents.drafts import Frame, draft
from gateway.documents.schedule_csv import ReadSchedule
from policies.documents.terms import TRANSFER as BASIS
from policies.transfers.terms import ANNUAL_NOTICE, OPERATION, PART

if TYPE_CHECKING:
    from collections.abc import Mapping

NOTHING: Final = ReadSchedule((), ())
ROSTER: Final = (
    ("organization.id", "allow"), ("organization.name", "allow"), ("organization.kind", "allow"),
    ("session.*", "allow"), ("course.*", "allow"), ("section.*", "allow"), ("enrollment.*", "allow"),
    ("placement.*", "allow"),
)  # fmt: skip
TEMPLATES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "blank": (),
    "tutoring": (
        ("student.name.given", "allow"), ("student.name.family", "initial"), ("student.birthDate", "year"),
        ("enrollment.*", "allow"), ("organization.id", "allow"), ("organization.name", "allow"),
    ),
    "roster": (("student.name.given", "allow"), ("student.name.family", "allow"), *ROSTER),
    "research": (("student.birthDate", "year"), ("enrollment.*", "allow"), ("organization.id", "allow")),
}  # fmt: skip
"""The lines that each template of data has beside the id of students, which is a pseudonym."""
OF_TRANSFER: Final = "transfer"
NAMES: Final = (*TEMPLATES, OF_TRANSFER)
"""What a draft may begin with."""
ENROLLMENT: Final = "enrollment"
INTEREST: Final = "enroll a student who moves"
TERMS: Final = f"""\
elements:
  - {{path: "*", action: allow}}
{PART}:
  ask: [special-education, health, discipline]
  notify: {ANNUAL_NOTICE}
  keys: {{receiver: [], sender: []}}
"""
"""What a draft says of transfers at first: a person decides on every release, and the keys are to be filled in."""


def from_template(name: str, frame: Frame) -> str:
    """Write the draft of a *template* for the parties of a *frame*."""
    if name == OF_TRANSFER:
        return _of_transfer(frame)
    lines = "".join(f"  - {{path: {path}, action: {action}}}\n" for path, action in TEMPLATES[name])
    return draft(frame, NOTHING, "a template").partition("\n")[2] + lines


def _of_transfer(frame: Frame) -> str:
    """Write the draft of an agreement about the records of students who move: the whole record as it is."""
    purpose, interest = frame.purpose or ENROLLMENT, frame.interest or INTEREST
    given = replace(frame, basis=BASIS, purpose=purpose, interest=interest, operations=(OPERATION,))
    return draft(given, NOTHING, "a template").partition("\n")[2].partition("elements:\n")[0] + TERMS
