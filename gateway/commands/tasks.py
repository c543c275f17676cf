"""``crossing tasks``: what waits for a person."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from gateway.commands.clients import JSON, SETTINGS
from gateway.commands.days import DAY
from gateway.commands.register_entries import ACTOR, print_entries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from gateway.config.settings import Settings
    from gateway.storage.registry import SqlStore
    from gateway.tasks.store import Approved, Tasks
    from gateway.tasks.task import PersonTask

TOPIC = click.Choice(("retention", "year"))
COLUMNS = ("id", "state", "kind", "org", "role", "due", "about")
WORDS = {"schoolYear": "school year", "upTo": "up to"}
OFFLINE = click.option("--offline", is_flag=True, help="Ask no district's system: entries are not compared with it.")


@click.group()
def tasks() -> None:
    """List what waits for people of districts and recipients, close it, and open tasks of one's own."""


@tasks.command("list")
@click.option("--org", help="Only those of this district or organisation.")
@click.option("--role", help="Only those for this role, such as privacy-officer.")
@click.option("--topic", type=TOPIC, help="Only what need not be kept any more, or the duties of each school year.")
@click.option("--all", "every", is_flag=True, help="Closed ones, too.")
@OFFLINE
@JSON
@SETTINGS
def list_tasks(
    org: str | None, role: str | None, topic: str | None, every: bool, offline: bool, as_json: bool, file: Path
) -> None:
    """List the tasks that there are today, those that are due (red) first; what can be computed is computed now.

    A task is amber when half its time is over. No student's name or id is in it.
    """
    from gateway.config.settings import load
    from gateway.storage.registry import utc_now
    from gateway.tasks.task import KINDS, TOPICS

    kinds = TOPICS[topic] if topic else KINDS
    found = [one for one in _tasks(load(file), offline=offline) if one.kind in kinds]
    found = [one for one in found if org in {None, one.org} and role in {None, one.role}]
    facts = [_facts(one, utc_now()) for one in found if every or one.closed is None]
    if as_json or not facts:
        click.echo(json.dumps(facts, indent=2) if as_json else "Nothing waits for anybody.")
        return
    shown = [{**one, "about": _words(one["about"]), "due": (one["due"] or "")[:10]} for one in facts]
    print_entries(shown, COLUMNS, as_json=False)
    for kind, what in dict.fromkeys((one["kind"], one["what"]) for one in facts):
        click.echo(f"{kind}: {what}.")


@tasks.command()
@click.argument("name", metavar="ID")
@click.option("--outcome", required=True, help="What was done; it stays on record, so name nobody.")
@ACTOR
@OFFLINE
@SETTINGS
def close(name: str, outcome: str, actor: str, offline: bool, file: Path) -> None:
    """Close the task ID with an outcome. One that was computed does not come back."""
    from gateway.config.settings import load
    from gateway.storage.registry import utc_now
    from gateway.tasks.store import Tasks
    from standards.errors import NotFound

    settings = load(file)
    task = next((one for one in _tasks(settings, offline=offline) if one.id == name), None)
    if task is None:
        raise NotFound(f"There is no task {name[:40]!r} today.")
    with closing(_open(settings)) as store:
        Tasks(store, utc_now).close(task, outcome, actor)
    click.echo(f"{name}: closed.")


@tasks.command("open")
@click.argument("text")
@click.option("--org", required=True, help="The district or organisation whose task it is.")
@click.option("--role", required=True, help="The role of whoever is to do it, such as privacy-officer.")
@click.option("--due", type=DAY, help="The day on which it is due.")
@ACTOR
@SETTINGS
def open_task(text: str, org: str, role: str, due: datetime | None, actor: str, file: Path) -> None:
    """Open a task of a person's own: TEXT says what is to be done, and names nobody."""
    from datetime import UTC

    from gateway.config.settings import load
    from gateway.storage.registry import utc_now
    from gateway.tasks.store import Tasks

    settings = load(file)
    _tell_unknown(settings, org)
    with closing(_open(settings)) as store:
        task = Tasks(store, utc_now).open(org, role, text, due.replace(tzinfo=UTC) if due else None, actor)
    click.echo(f"{task.id}: open.")


def _tell_unknown(settings: Settings, org: str) -> None:
    """Say so where an organisation is neither a district, nor a recipient of an agreement, nor the region."""
    from gateway.every_agreement import read_every
    from gateway.tasks.task import REGION
    from standards.errors import suggestion

    known = {REGION, *settings.districts, *(one.org for one in read_every(settings)[0])}
    if org not in known:
        click.echo(f"warning: no district and no recipient is called {org}{suggestion(org, known)}", err=True)


def _tasks(settings: Settings, *, offline: bool) -> list[PersonTask]:
    """Return every task there is today, in order."""
    from gateway.storage.registry import utc_now
    from gateway.tasks.computing import in_order
    from gateway.tasks.store import Tasks, present

    day = utc_now().date()
    with closing(_open(settings)) as store:
        found = Tasks(store, utc_now)
        return in_order(present(_computed(settings, store, found, offline=offline), found.rows()), day)


def _computed(settings: Settings, store: SqlStore, found: Tasks, *, offline: bool) -> Iterator[PersonTask]:
    """Yield the tasks that follow from what there is, district by district."""
    from gateway.commands.agreements.opened import counting
    from gateway.districts.students import known_students
    from gateway.every_agreement import read_every
    from gateway.registers.store import Registers
    from gateway.registers.tags import PURPOSE, RegisterKeys
    from gateway.storage.people.notices import Notices
    from gateway.storage.people.proposals import Proposals
    from gateway.storage.registry import utc_now
    from gateway.tasks.computing import DistrictTasks
    from gateway.tasks.proposed import proposed
    from gateway.tasks.undelivered import undelivered
    from standards.errors import SourceError

    agreements, _ = read_every(settings)
    keys = RegisterKeys(settings.open_keys().derive(PURPOSE))
    registers, required = Registers(store, keys, utc_now), settings.must_be_signed
    approved = _signed(settings, store) if required else found.approved()
    counted = frozenset((one.id, one.version) for one in counting(settings, agreements))
    stopped = frozenset((one.id, one.version) for one in agreements) - counted
    yield from _ended_records(settings, store)
    yield from proposed(Proposals(store, utc_now).waiting())
    yield from undelivered(Notices(store, utc_now).given_up(), utc_now())
    for name, spec in settings.districts.items():
        entries, students = registers.entries(name), None
        if not offline and any(one.ended is None for one in entries):
            try:
                students = known_students(spec, keys)
            except SourceError:
                click.echo(f"{name}: its system cannot be asked, so no entry is compared with it.", err=True)
        district = DistrictTasks(
            name, agreements, entries, students, approved, settings.keep_entries, required, found.revoked(),
            stopped,
        )  # fmt: skip
        yield from district.on(utc_now().astimezone(spec.timezone).date())


def _signed(settings: Settings, store: SqlStore) -> Approved:
    """Return the parties that nobody waits for, of each version, where both must sign it unless it only narrows."""
    from gateway.signing.overview import overview
    from gateway.storage.registry import utc_now
    from gateway.tasks.task import midnight
    from policies.comparison.review import parties

    found = {}
    for one in overview(settings, store, utc_now()):
        about, missing = one.agreement, one.pending.missing if one.pending else ()
        given = {approval.party: approval.at for approval in one.approvals}
        begin = midnight(about.begin)
        found[about.id, about.version, about.digest] = {
            party: given.get(party, begin) for party in parties(about) if party not in missing
        }
    return found


def _ended_records(settings: Settings, store: SqlStore) -> Iterator[PersonTask]:
    """Yield the tasks of the record of disclosures itself."""
    from gateway.audit.reports.retention import due
    from gateway.audit.students.subject_keys import PURPOSE, SubjectKeys
    from gateway.storage.registry import utc_now
    from gateway.tasks.computing import record_ends

    keys = SubjectKeys(store, settings.open_keys().derive(PURPOSE)).list()
    yield from record_ends(due(settings, keys, utc_now()))


def _open(settings: Settings) -> SqlStore:
    from gateway.storage.bounded_calls import MAX_COMMAND_SECONDS
    from gateway.storage.registry import open_store

    return open_store(settings.store_url, seconds=MAX_COMMAND_SECONDS)


def _facts(one: PersonTask, now: datetime) -> dict[str, Any]:
    from gateway.tasks.task import KINDS

    facts = {
        "id": one.id, "state": one.state(now), "kind": one.kind, "org": one.org, "role": one.role,
        "opened": one.opened.isoformat(timespec="seconds"), "due": one.due.isoformat() if one.due else None,
        "what": KINDS.get(one.kind, one.kind), "about": dict(one.content),
    }  # fmt: skip
    if one.closed is not None:
        closed = one.closed.isoformat(timespec="seconds")
        facts |= {"closed": closed, "closed_by": one.closed_by, "outcome": one.outcome}
    return facts


def _words(about: dict[str, Any]) -> str:
    if set(about) == {"text"}:
        return str(about["text"])
    return ", ".join(f"{WORDS.get(name, name)} {_word(name, value)}" for name, value in about.items())


def _word(name: str, value: Any) -> str:
    if name == "schoolYear":
        return f"{value - 1}-{value % 100:02}"
    return " ".join(value) if isinstance(value, list) else json.dumps(value).strip('"')
