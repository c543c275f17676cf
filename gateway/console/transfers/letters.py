"""Letters to parents whose child's record was sent (34 CFR 99.34), and the copy of it that they may have."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from flask import redirect, render_template, request, url_for

from gateway.admin.transfers.notices import TransferNotices
from gateway.admin.transfers.office import READ
from gateway.console.page import page
from gateway.console.parts.names import transfer_number
from gateway.console.parts.papers import paper
from gateway.console.transfers.office import blueprint, district_name, done, office, once, places
from gateway.console.wording import language, say
from gateway.translations.catalogues import LANGUAGES
from standards.errors import SourceError

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from gateway.admin.transfers.notices import DueNotice


@page(blueprint, "/<district>/letters", READ)
def letters(district: str) -> str:
    """List the letters that are to be sent."""
    found = unsent(district)
    return render_template(
        "transfers/letters.html", district=district, name=district_name(district), places=places(district),
        due=[(transfer_number(one.transfer), one) for one in found],
    )  # fmt: skip


def unsent(district: str) -> tuple[DueNotice, ...]:
    """Return the letters that are not sent yet; none while the district's own system cannot be read."""
    with suppress(SourceError):
        return office(TransferNotices, district).due()
    return ()


@page(blueprint, "/<district>/inbox/<transfer>/letter", READ)
def letter(district: str, transfer: str) -> Response:
    """Send a letter as it is printed."""
    return paper(office(TransferNotices, district).letter(transfer, _language("")).html)


@page(blueprint, "/<district>/inbox/<transfer>/letter", READ, "POST")
def letter_sent(district: str, transfer: str) -> Any:
    """Note that a letter was sent."""
    place = url_for("transfers.letters", district=district)

    def do() -> Response:
        office(TransferNotices, district).sent(transfer)
        return done(None, say("It is noted that the letter was sent."), place)

    return once(do, place)


@page(blueprint, "/<district>/inbox/<transfer>/copy", READ, "GET", "POST")
def parents_copy(district: str, transfer: str) -> Any:
    """Send the parent's copy of what was released last; that it was made is on record."""
    if request.method == "GET":
        return redirect(url_for("transfers.one", district=district, transfer=transfer))
    return paper(office(TransferNotices, district).parents_copy(transfer, _language(language())))


def _language(otherwise: str) -> str:
    """Return the language that is asked for."""
    asked = request.values.get("in", "")
    return asked if asked in LANGUAGES else otherwise
