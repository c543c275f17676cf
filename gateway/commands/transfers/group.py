"""``crossing transfers``: look at transfers, ask, withdraw, count; an operator releases nothing."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from gateway.commands.clients import JSON, SETTINGS
from gateway.commands.days import DAY
from gateway.commands.transfers.asked import DISTRICT, ID, KEY, REASON, counted, listed, told
from gateway.commands.transfers.keys import keys
from gateway.commands.transfers.stated import stated_student

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
ROLES: Final = ("out", "in")
LIGHTS: Final = ("green", "amber", "red", "stopped", "done")
STANDINGS: Final = ("enrollment", "intent")
REASONS: Final = ("mistake", "not-enrolled", "asked-elsewhere", "agreement-ended")
IN_COLUMNS: Final = ("id", "state", "receiver", "light", "due", "military", "hold", "version")
OUT_COLUMNS: Final = ("id", "state", "sender", "asked", "due", "version")
WORK_COLUMNS: Final = ("id", "sender", "state", "why", "at", "replayed")
KEY_BYTES: Final = 12


@click.group()
def transfers() -> None:
    """Look at transfers of records between districts, ask for one, withdraw it, count them, and keep keys.

    Which student is meant and what of a record leaves, people of the sending district say, and no command.
    """


transfers.add_command(keys)


@transfers.command("list")
@DISTRICT
@click.option("--role", type=click.Choice(ROLES), default="in", show_default=True, help="in: what it is asked for.")
@click.option("--state", help="Only those in this state: of role out asked, delivered or closed.")
@click.option("--light", type=click.Choice(LIGHTS), help="Only those of role in whose first clock shows this.")
@click.option("--cursor", default="", help="Where the next page begins, as the page before says.")
@click.option("--limit", type=click.IntRange(1, 100), default=100, show_default=True, help="How many at most.")
@JSON
@SETTINGS
def list_transfers(
    district: str, role: str, state: str | None, light: str | None, cursor: str, limit: int, as_json: bool, file: Path
) -> None:
    """List what a district is asked for, what is due first first, or what it has asked for. No student is named."""
    columns = IN_COLUMNS if role == "in" else OUT_COLUMNS
    listed(
        file, "transfers list", columns, "There is no such transfer.", as_json=as_json, district=district, role=role,
        state=state, light=light, cursor=cursor, limit=limit,
    )  # fmt: skip


@transfers.command()
@ID
@DISTRICT
@JSON
@SETTINGS
def show(name: str, district: str, as_json: bool, file: Path) -> None:
    """Tell what a district sees of the transfer ID, but nothing of the student."""
    told(file, "transfers show", as_json=as_json, name=name, district=district)


@transfers.command()
@click.argument("sender", metavar="DISTRICT")
@click.option("--district", required=True, help="The district that asks, where the student enrolls.")
@click.option("--from", "source", type=FILE, help="A JSON file with the student's parts; they are asked for without.")
@click.option("--standing", type=click.Choice(STANDINGS), default=STANDINGS[0], show_default=True, help="Why it may.")
@click.option("--military", is_flag=True, help="A child of a military family.")
@click.option("--again", is_flag=True, help="Ask though the district has asked for the same student already.")
@REASON
@KEY
@JSON
@SETTINGS
def ask(
    sender: str, district: str, source: Path | None, standing: str, military: bool, again: bool, reason: str,
    key: str | None, as_json: bool, file: Path,
) -> None:  # fmt: skip
    """Ask DISTRICT for the record of a student, who is read from a file or asked for: it is no argument."""
    told(
        file, "transfers ask", as_json=as_json, district=district, sender=sender, student=stated_student(source),
        standing=standing, military=military, again=again, reason=reason, key=key or _new_key(),
    )  # fmt: skip


@transfers.command()
@ID
@DISTRICT
@click.option("--reason", type=click.Choice(REASONS), required=True, help="Why; it stays on record.")
@KEY
@JSON
@SETTINGS
def withdraw(name: str, district: str, reason: str, key: str | None, as_json: bool, file: Path) -> None:
    """Withdraw the transfer ID before anything was delivered."""
    told(
        file, "transfers withdraw", as_json=as_json, name=name, district=district, reason=reason, key=key or _new_key()
    )  # fmt: skip


@transfers.command()
@ID
@click.argument("to", metavar="OTHER")
@DISTRICT
@REASON
@KEY
@JSON
@SETTINGS
def redirect(name: str, to: str, district: str, reason: str, key: str | None, as_json: bool, file: Path) -> None:
    """Let the district OTHER be asked instead, by a new request of the district that asks."""
    told(
        file, "transfers redirect", as_json=as_json, name=name, to=to, district=district, reason=reason,
        key=key or _new_key(),
    )  # fmt: skip


@transfers.command()
@click.option("--district", default="", help="Only of this district as the sending one; of all without it.")
@click.option("--from", "begin", type=DAY, help="The first day on which was asked; a year ago if not given.")
@click.option("--until", type=DAY, help="The day before which was asked; tomorrow if not given.")
@JSON
@SETTINGS
def report(district: str, begin: datetime | None, until: datetime | None, as_json: bool, file: Path) -> None:
    """Count transfers: open and late on each track, how many school days they take, refused ones."""
    today = datetime.now(UTC).date()
    first = begin.date() if begin else today.replace(day=1, year=today.year - 1)
    end = until.date() if until else today.fromordinal(today.toordinal() + 1)
    counted(file, "transfers report", as_json=as_json, district=district, begin=first.isoformat(), end=end.isoformat())


@transfers.command()
@click.option("--district", default="", help="Only of this district as the sending one.")
@JSON
@SETTINGS
def work(district: str, as_json: bool, file: Path) -> None:
    """List the steps that the gateway could not do and has given up, with the reason, and how many wait.

    One more try is for the people of the sending district, in the console.
    """
    listed(file, "transfers work", WORK_COLUMNS, "Nothing was given up.", as_json=as_json, district=district)


def _new_key() -> str:
    return secrets.token_hex(KEY_BYTES)
