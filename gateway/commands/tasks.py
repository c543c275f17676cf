"""``crossing tasks``: what waits for a person."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from gateway.commands.clients import JSON, SETTINGS
from gateway.commands.days import DAY
from gateway.commands.region import opened_region
from gateway.commands.register_entries import ACTOR, print_entries

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from gateway.admin.administration import Administration
    from gateway.config.settings import Settings
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
    from gateway.storage.registry import utc_now
    from gateway.tasks.task import KINDS, TOPICS

    kinds = TOPICS[topic] if topic else KINDS
    with opened_region(file) as region:
        found = [one for one in _tasks(region, "", offline=offline) if one.kind in kinds]
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
    from gateway.admin.inbox.inbox import Inbox
    from gateway.people.actor import operator

    with opened_region(file) as region:
        Inbox(region).close(operator(actor), name, outcome, () if offline else region.settings().districts)
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

    from gateway.admin.inbox.inbox import Inbox
    from gateway.people.actor import operator

    with opened_region(file) as region:
        _tell_unknown(region.settings(), org)
        task = Inbox(region).open(operator(actor), org, role, text, due.replace(tzinfo=UTC) if due else None)
    click.echo(f"{task.id}: open.")


def _tell_unknown(settings: Settings, org: str) -> None:
    """Say so where an organisation is neither a district, nor a recipient of an agreement, nor the region."""
    from gateway.every_agreement import read_every
    from gateway.tasks.task import REGION
    from standards.errors import suggestion

    known = {REGION, *settings.districts, *(one.org for one in read_every(settings)[0])}
    if org not in known:
        click.echo(f"warning: no district and no recipient is called {org}{suggestion(org, known)}", err=True)


def _tasks(region: Administration, who: str, *, offline: bool) -> tuple[PersonTask, ...]:
    """Return every task there is today, in order."""
    from gateway.admin.inbox.inbox import Inbox
    from gateway.people.actor import operator

    found = Inbox(region).gathered(operator(who), () if offline else region.settings().districts)
    for name in found.unasked:
        click.echo(f"{name}: its system cannot be asked, so no entry is compared with it.", err=True)
    return found.tasks


def _facts(one: PersonTask, now: datetime) -> dict[str, Any]:
    from gateway.tasks.task import COMMANDS, KINDS

    by = f": {COMMANDS[one.kind]}" if one.kind in COMMANDS else ""
    facts = {
        "id": one.id, "state": one.state(now), "kind": one.kind, "org": one.org, "role": one.role,
        "opened": one.opened.isoformat(timespec="seconds"), "due": one.due.isoformat() if one.due else None,
        "what": f"{KINDS.get(one.kind, one.kind)}{by}", "about": dict(one.content),
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
