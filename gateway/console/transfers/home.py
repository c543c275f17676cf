"""The start of transfers: the districts whose transfers somebody sees, and what waits for somebody in one of them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from flask import redirect, render_template, url_for

from gateway.admin.transfers.asking import TransferAsking
from gateway.admin.transfers.notices import TransferNotices
from gateway.admin.transfers.office import ASK, DECIDE, FOLLOW, MATCH, READ, RECEIVE
from gateway.admin.transfers.receiving import TransferReceiving
from gateway.admin.transfers.suggestions import TransferSuggestions
from gateway.console.page import actor, page, region
from gateway.console.transfers.office import blueprint, custody, district_name, may, office, places
from gateway.console.transfers.worklist import GIVEN
from gateway.console.wording import say_several
from gateway.transfers.clocks.clocks import Light
from gateway.transfers.ledger.lists import TransferPage
from gateway.transfers.machine.outward import OutwardState
from gateway.transfers.machine.words import TransferState
from standards.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

FINDS: Final = frozenset({TransferState.NEAR, TransferState.UNKNOWN})
DECIDES: Final = frozenset({TransferState.WAITING, TransferState.HELD})
"""The states in which people of the sending district must say who is meant, and what leaves."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A number, its words, the page behind it, and the kind of state that it is."""

    number: str
    words: str
    href: str
    kind: str


@page(blueprint, "", FOLLOW)
def overview() -> Any:
    """Show the districts whose transfers one may see; of one alone, its start."""
    districts = followed()
    if len(districts) == 1:
        return redirect(url_for("transfers.home", district=districts[0]))
    return render_template(
        "transfers/overview.html", districts={one: district_name(one) for one in districts}, title=district_name
    )


def followed() -> tuple[str, ...]:
    """Return the districts that take part, as far as whoever is signed in may see their transfers."""
    there = region().settings().transfers.districts
    return tuple(one for one in there if actor().allows(FOLLOW, one))


def late_requests() -> int | None:
    """Count what is late in the districts of whoever is signed in; None where that is none that takes part."""
    mine = [one for one in followed() if may(MATCH, one)]
    return sum(len(custody(one).worklist((), Light.RED).items) for one in mine) if mine else None


@page(blueprint, "/<district>", FOLLOW)
def home(district: str) -> str:
    """Show what waits for somebody in a district, and how a transfer goes."""
    asking = may(ASK, district)
    return render_template(
        "transfers/home.html", district=district, name=district_name(district), places=places(district),
        tiles=list(_tiles(district)), asking=asking, deciding=may(MATCH, district),
        askable=office(TransferAsking, district).districts() if asking else (),
    )  # fmt: skip


def _tiles(district: str) -> Iterator[Tile]:
    """Yield what waits, as far as whoever is signed in has to do with it."""
    if may(MATCH, district):
        service, decides = custody(district), may(DECIDE, district)
        asked = service.worklist(FINDS | DECIDES if decides else FINDS)
        given = service.worklist(GIVEN) if decides else TransferPage(())
        waiting = [*asked.items, *(one for one in given.items if one.light is not Light.DONE)]
        yield _counted(
            len(waiting), "warn", url_for("transfers.worklist", district=district),
            "request waits for you", "requests wait for you", "+" if asked.next or given.next else "",
        )  # fmt: skip
    yield _tile(
        custody(district).worklist((), Light.RED), "bad", url_for("transfers.worklist", district=district, light="red"),
        "request is late", "requests are late",
    )  # fmt: skip
    if may(ASK, district):
        yield _tile(
            office(TransferAsking, district).sent(OutwardState.ASKED), "wait",
            url_for("transfers.sent", district=district), "record is asked for", "records are asked for",
        )  # fmt: skip
        yield _counted(
            _suggestions(district), "wait", url_for("transfers.sent", district=district),
            "student may have a record elsewhere", "students may have a record elsewhere",
        )  # fmt: skip
    if may(RECEIVE, district):
        yield _tile(
            office(TransferReceiving, district).waiting(), "wait", url_for("transfers.received", district=district),
            "record was delivered", "records were delivered",
        )  # fmt: skip
    if may(READ, district):
        count = office(TransferNotices, district).count()
        yield _counted(
            count, "warn", url_for("transfers.letters", district=district),
            "letter to parents is to be sent", "letters to parents are to be sent",
        )  # fmt: skip


def _suggestions(district: str) -> int:
    """Count what may be asked for by one click; none while the district's own system cannot be read."""
    with suppress(SourceError):
        return office(TransferSuggestions, district).count()
    return 0


def _tile(found: TransferPage[Any], kind: str, href: str, one: str, several: str) -> Tile:
    return _counted(len(found.items), kind, href, one, several, "+" if found.next else "")


def _counted(count: int, kind: str, href: str, one: str, several: str, more: str = "") -> Tile:
    return Tile(f"{count}{more}", say_several(one, several, count), href, kind if count else "ok")
