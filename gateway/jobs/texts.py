"""Texts of notices: which kinds of tasks wait, where and until when; neither a student nor a number of students."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from gateway.jobs.delivery import Letter
from gateway.tasks.task import KINDS
from gateway.translations.catalogues import LANGUAGES, SOURCE_LANGUAGE, translator

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from gateway.tasks.task import PersonTask, State

CATALOGUE: Final = "notices"
URGENT_SUBJECT: Final = "Due now: a task waits for you"
DIGEST_SUBJECT: Final = "Tasks wait for you"
HEAD_SUBJECT: Final = "Signed head of a record of disclosures"


@dataclass(frozen=True, slots=True, order=True)
class NoticeLine:
    """One kind of task that waits at an organisation, however many there are: the first day on which one is due."""

    org: str
    kind: str
    role: str
    state: State
    due: date | None = None


def lines(tasks: Iterable[PersonTask], now: datetime) -> tuple[NoticeLine, ...]:
    """Reduce tasks to what is told of them; a day of a student's life is not."""
    found: dict[tuple[str, str, str, State], date | None] = {}
    for one in tasks:
        key = one.org, one.kind, one.role, one.state(now)
        due = one.due.date() if one.due and not one.private else None
        found[key] = min(filter(None, (found.get(key), due)), default=None)
    listed = [NoticeLine(*key, due) for key, due in found.items()]
    return tuple(sorted(listed, key=lambda one: (one.due or date.max, one.org, one.kind, one.role, one.state)))


def letter(name: str, to: str, language: str, told: Sequence[NoticeLine], link: str, *, urgent: bool) -> Letter:
    """Write the letter about what is *told*, in the language of the person."""
    spoken = language if language in LANGUAGES else SOURCE_LANGUAGE
    say = translator(CATALOGUE, spoken)
    text = [say("These tasks wait for you:"), ""]
    for one in told:
        due = say("due %(day)s") % {"day": one.due.isoformat()} if one.due else ""
        where = ", ".join(filter(None, (one.org, due)))
        text.append(f"- {say(KINDS.get(one.kind, 'a task'))} ({where})")
    text += ["", say("See them in the console:"), link or say("(ask your operator for its address)"), ""]
    text += [say("This message names no student. Turn such mail off under your account, in the console."), ""]
    return Letter(name, to, say(URGENT_SUBJECT if urgent else DIGEST_SUBJECT), "\n".join(text), spoken)


def hook(org: str, told: Sequence[NoticeLine], link: str, at: datetime) -> dict[str, Any]:
    """Return what a webhook is told."""
    tasks = [
        {"kind": one.kind, "role": one.role, "state": one.state, "due": one.due.isoformat() if one.due else None}
        for one in told
    ]
    return {
        "type": "tasks.waiting",
        "timestamp": at.isoformat(timespec="seconds"),
        "data": {"organisation": org, "tasks": tasks, "link": link},
    }
