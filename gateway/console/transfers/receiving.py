"""Receiving: what was delivered to a district, and what became of each section of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from flask import render_template, request, url_for

from gateway.admin.transfers.asking import TransferAsking
from gateway.admin.transfers.office import ASK, RECEIVE
from gateway.admin.transfers.receiving import TransferReceiving
from gateway.console.page import page
from gateway.console.parts.names import transfer_number
from gateway.console.tables import Sheet, State, TableColumn, csv_of
from gateway.console.transfers.forms import FilingForm, KeyedForm, ListedReasonForm
from gateway.console.transfers.office import (
    blueprint,
    decided,
    district_name,
    done,
    may,
    new_key,
    office,
    once,
    places,
)
from gateway.console.transfers.words import FILED, NOT_FILED, OUTWARD, RESENDS, SECTION_STATES, SECTIONS
from gateway.console.wording import later, say
from gateway.transfers.machine.words import FiledAs, RecordSection, SectionState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.wrappers import Response

    from gateway.admin.transfers.receiving import ReceivedTransfer
    from gateway.console.wording import Later
    from gateway.transfers.machine.outward import OutwardTransfer

READ_BACK: Final = State("ok", later("the figures agree"))
NOT_READ_BACK: Final = State("wait", later("not yet"))


@dataclass(frozen=True, slots=True)
class ReceivedSection:
    """A section of a package: what the package says of it, and what became of it here; *open* while nothing did."""

    name: str
    title: Later
    state: State
    filed: State | None
    open: bool


@page(blueprint, "/<district>/received", RECEIVE)
def received(district: str) -> Any:
    """List the records that were delivered."""
    found = office(TransferReceiving, district).waiting(request.args.get("cursor", ""))
    sheet = _sheet(district, found.items)
    return csv_of(sheet) or render_template(
        "transfers/received.html",
        district=district,
        name=district_name(district),
        places=places(district),
        table=sheet.shown(),
        following=found.next,
    )


@page(blueprint, "/<district>/received/<transfer>", RECEIVE)
def delivered(district: str, transfer: str) -> str:
    """Show what was delivered of one record, section by section."""
    found = office(TransferReceiving, district).received(transfer)
    sections = _sections(found)
    one = found.outward
    facts = [
        (say("State"), OUTWARD[one.state]),
        (say("Sent by"), district_name(one.sender)),
        (say("Version"), one.version),
        (
            say("Read back"),
            READ_BACK if found.accepted and found.version == one.version else NOT_READ_BACK,
        ),
    ]
    return render_template(
        "transfers/delivered.html",
        district=district,
        number=transfer_number(one.id),
        one_id=one.id,
        version=found.version,
        facts=facts,
        sections=sections,
        sender=district_name(one.sender),
        key=new_key(),
        left=sum(each.open for each in sections),
        missing=[SECTIONS[each] for each, state in found.sections.items() if state is SectionState.NOT_IN_SOURCE],
        not_yet=[SECTIONS[each] for each in RecordSection if found.sections and each not in found.sections],
        withheld=[SECTIONS[each] for each, state in found.sections.items() if state is SectionState.WITHHELD],
        ways=FILED,
        asking=may(ASK, district),
        accepted=found.accepted,
    )


@page(blueprint, "/<district>/received/<transfer>/file", RECEIVE, "POST")
def file(district: str, transfer: str) -> Response:
    """Say what became of a section."""
    form, place = FilingForm(), url_for("transfers.delivered", district=district, transfer=transfer)
    service = office(TransferReceiving, district)

    def do() -> Response:
        section, how = RecordSection(form.section.data or ""), FiledAs(form.how.data or "")
        outcome = service.file(transfer, form.expected, section, how, form.key.data or "")
        said = say("%(section)s: %(how)s.") % {"section": SECTIONS[section], "how": FILED[how]}
        return done(outcome, said, f"{place}#sections")

    return once(do, place)


@page(blueprint, "/<district>/received/<transfer>/resend", RECEIVE, "GET", "POST")
def resend(district: str, transfer: str) -> Any:
    """Ask for a record once more, for a reason of the closed list."""
    service, form = office(TransferReceiving, district), ListedReasonForm()
    place, found = url_for("transfers.delivered", district=district, transfer=transfer), service.received(transfer)
    form.offer(RESENDS)
    if request.method == "GET":
        form.seen.data = str(found.outward.version)

    def do() -> Response:
        outcome = service.resend(transfer, form.expected, str(form.reason.data), form.key.data or "")
        return done(outcome, say("It is asked for once more."), place)

    return decided(
        form,
        "confirm.html",
        do,
        place,
        title=say("Ask for %(number)s once more") % {"number": transfer_number(transfer)},
        happens=[say("The other district's gateway packs the same sections again, with a new version.")],
        lost=[],
        button=say("Ask once more"),
        back_to=place,
    )


@page(blueprint, "/<district>/received/<transfer>/supplement", ASK, "POST")
def ask_supplement(district: str, transfer: str) -> Response:
    """Ask for what has changed since the delivery."""
    form, place = KeyedForm(), url_for("transfers.delivered", district=district, transfer=transfer)

    def do() -> Response:
        outcome = office(TransferAsking, district).ask_supplement(transfer, form.key.data or "")
        return done(outcome, say("The other district is asked for what has changed."), place)

    return once(do, place)


def _sections(found: ReceivedTransfer) -> list[ReceivedSection]:
    """Return every section of the package, in order."""
    return [
        ReceivedSection(
            one.value,
            SECTIONS[one],
            SECTION_STATES[state],
            _filed(one, state, found),
            state is SectionState.WHOLE and one not in found.filed,
        )
        for one in RecordSection
        if (state := found.sections.get(one)) is not None
    ]


def _filed(one: RecordSection, state: SectionState, found: ReceivedTransfer) -> State | None:
    if state is not SectionState.WHOLE:
        return None
    return FILED[found.filed[one]] if one in found.filed else NOT_FILED


def _sheet(district: str, found: Sequence[OutwardTransfer]) -> Sheet[OutwardTransfer]:
    def link(one: OutwardTransfer) -> str:
        return url_for("transfers.delivered", district=district, transfer=one.id)

    columns: list[TableColumn[OutwardTransfer]] = [
        TableColumn(later("Number"), lambda one: transfer_number(one.id), "code", link),
        TableColumn(later("State"), lambda one: OUTWARD[one.state], "state"),
        TableColumn(later("Sent by"), lambda one: district_name(one.sender)),
        TableColumn(later("Version"), lambda one: one.version, "number"),
        TableColumn(later("Asked"), lambda one: one.asked, "time"),
    ]
    return Sheet("received", say("Records that were delivered"), columns, found, say("No record was delivered yet."))
