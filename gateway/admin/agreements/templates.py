"""Templates of agreements: drafts that say what is usual for one purpose, for a person to finish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.documents.drafts import Frame, draft
from gateway.documents.schedule_csv import ReadSchedule

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
"""The lines that each template has beside the id of students, which is a pseudonym."""


def from_template(name: str, frame: Frame) -> str:
    """Write the draft of a *template* for the parties of a *frame*."""
    lines = "".join(f"  - {{path: {path}, action: {action}}}\n" for path, action in TEMPLATES[name])
    return draft(frame, NOTHING, "a template").partition("\n")[2] + lines
