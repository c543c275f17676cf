"""Deciding: what leaves of a record, section by section, after a look at exactly that; holding, freeing, refusing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from flask import redirect, render_template, request, url_for

from gateway.admin.transfers.office import DECIDE
from gateway.admin.transfers.preview import ReleasePreview
from gateway.console.page import page
from gateway.console.parts.names import transfer_number
from gateway.console.parts.papers import paper
from gateway.console.transfers.forms import (
    HoldForm,
    KeyedForm,
    ListedReasonForm,
    ReleaseForm,
    closed_list,
    section_choices,
)
from gateway.console.transfers.office import (
    blueprint,
    custody,
    decided,
    district_name,
    done,
    office,
    once,
)
from gateway.console.transfers.words import FIGURES, HOLDS, OWN_STATES, REFUSALS, SECTIONS
from gateway.console.transfers.worklist import undecided
from gateway.console.wording import say, translated
from gateway.transfers.machine.transitions import ON_ITS_WAY
from gateway.transfers.machine.words import EventKind, HoldReason, RecordSection, SectionState, TransferRefusal
from standards.errors import CallerError, Forbidden, NotFound, SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkzeug.wrappers import Response

    from gateway.admin.transfers.custody_view import CustodyView
    from gateway.admin.transfers.preview import PreviewedRelease, PreviewedSection
    from gateway.console.wording import Later

MEMBER: Final = re.compile("(^|; )([a-z][A-Za-z0-9]*): ")
CAPITAL: Final = re.compile("[A-Z]")
"""How a record is written in one line: each member with its name, as programs spell it."""


@page(blueprint, "/<district>/inbox/<transfer>/release", DECIDE, fresh=True)
def release(district: str, transfer: str) -> Any:
    """Choose the sections that leave."""
    view = custody(district).look(transfer)
    if not _releases(view):
        return redirect(_place(district, transfer), 303)
    return _release_page(district, view, _release_form(view))


@page(blueprint, "/<district>/inbox/<transfer>/preview", DECIDE, "GET", "POST", fresh=True)
def preview(district: str, transfer: str) -> Any:
    """Show exactly what would leave; that somebody looked is on record. Without sections, lead to choosing them."""
    if request.method == "GET":
        return redirect(url_for("transfers.release", district=district, transfer=transfer))
    view = custody(district).look(transfer)
    form = _release_form(view)
    if not form.validate() or not form.chosen():
        if not form.errors:
            form.form_errors.append(say("Tick at least one section. To send nothing, hold it back or refuse it."))
        return _release_page(district, view, form), 400
    try:
        found = office(ReleasePreview, district).show(transfer, form.chosen())
    except (Forbidden, NotFound):
        raise
    except CallerError as refusal:
        form.form_errors.append(translated(refusal.message) or refusal.message)
        return _release_page(district, view, form), refusal.status
    except SourceError:
        form.form_errors.append(say("Your district's system cannot be read now. Try it again in a few minutes."))
        return _release_page(district, view, form), 503
    if "summary" in request.form:
        return paper(found.summary)
    return _preview_page(district, view, form, found)


@page(blueprint, "/<district>/inbox/<transfer>/release", DECIDE, "POST", fresh=True)
def approve(district: str, transfer: str) -> Any:
    """Release the sections that were shown, and withhold the others."""
    view, place = custody(district).glance(transfer), _place(district, transfer)
    form = _release_form(view)
    if not form.validate():
        return _release_page(district, view, form), 400
    chosen = form.chosen()
    adds = EventKind.APPROVE not in view.offered
    gone = view.sent | view.approved if view.state in ON_ITS_WAY else view.sent
    withheld = [one.value for one in view.sections if one.value not in chosen and one not in gone]

    def do() -> Response:
        service, key = custody(district), form.key.data or ""
        send = service.supplement if adds else service.approve
        outcome = send(transfer, chosen, withheld, form.shown.data or "", key)
        return done(outcome, say("It is released, and leaves at the next hour at which records leave."), place)

    return once(do, place)


@page(blueprint, "/<district>/inbox/<transfer>/hold", DECIDE, "GET", "POST", fresh=True)
def hold(district: str, transfer: str) -> Any:
    """Hold a record back for a reason of the closed list."""
    view, place, form = custody(district).glance(transfer), _place(district, transfer), HoldForm()
    form.offer(HOLDS)
    form.sections.choices = section_choices(view.sections)
    if request.method == "GET":
        form.seen.data, form.sections.data = str(view.number), [one.value for one in view.sections]

    def do() -> Response:
        reason = closed_list(HoldReason, form.reason.data)
        about = [RecordSection.TRANSCRIPT.value] if reason is HoldReason.FEE else form.sections.data
        outcome = custody(district).hold(transfer, reason, about, form.expected, form.key.data or "")
        return done(outcome, say("It is held back."), place)

    return decided(
        form,
        "confirm.html",
        do,
        place,
        title=say("Hold back request %(number)s") % {"number": transfer_number(transfer)},
        happens=[
            say("Nothing leaves until somebody frees it. The other district sees no difference."),
            say("The clocks go on: they stand still for a fee (the transcript alone) and for a court order."),
        ],
        lost=[],
        button=say("Hold it back"),
        back_to=place,
    )


@page(blueprint, "/<district>/inbox/<transfer>/free", DECIDE, "POST", fresh=True)
def free(district: str, transfer: str) -> Response:
    """Free a record that was held back."""
    form, place = KeyedForm(), _place(district, transfer)

    def do() -> Response:
        view = custody(district).free(transfer, form.expected, form.key.data or "")
        return done(view, say("It is free again: decide now what leaves."), place)

    return once(do, place)


@page(blueprint, "/<district>/inbox/<transfer>/refuse", DECIDE, "GET", "POST", fresh=True)
def refuse(district: str, transfer: str) -> Any:
    """Refuse a request for a reason of the closed list, of which the other district sees none."""
    view, place, form = custody(district).glance(transfer), _place(district, transfer), ListedReasonForm()
    form.offer(REFUSALS)
    if request.method == "GET":
        form.seen.data = str(view.number)

    def do() -> Response:
        reason = closed_list(TransferRefusal, form.reason.data)
        outcome = custody(district).refuse(transfer, reason, form.expected, form.key.data or "")
        return done(outcome, say("The request is refused."), place)

    return decided(
        form,
        "confirm.html",
        do,
        place,
        title=say("Refuse request %(number)s") % {"number": transfer_number(transfer)},
        happens=[say("Nothing leaves. The other district is told that the request is closed, and never why.")],
        lost=[say("It cannot be taken up again: the other district asks anew.")],
        button=say("Refuse it"),
        back_to=place,
    )


def _place(district: str, transfer: str) -> str:
    return url_for("transfers.one", district=district, transfer=transfer)


def _releases(view: CustodyView) -> bool:
    """Tell whether something may be released now: at first, or what has changed since."""
    return bool(view.offered & {EventKind.APPROVE, EventKind.SUPPLEMENT})


def _open(view: CustodyView) -> list[RecordSection]:
    """Return the sections on which somebody decides now: at first those that were not sent, in a supplement all."""
    adds = EventKind.APPROVE not in view.offered
    return [one for one in view.sections if adds or one not in view.sent]


def _release_form(view: CustodyView) -> ReleaseForm:
    form = ReleaseForm()
    rule = view.rule - {one.section for one in view.attachments}  # what a person added, a person lets leave
    form.offer(_open(view), rule, view.approved or rule)
    return form


def _release_page(district: str, view: CustodyView, form: ReleaseForm) -> str:
    return render_template(
        "transfers/release.html",
        district=district,
        name=district_name(district),
        number=transfer_number(view.id),
        view=view,
        form=form,
        receiver=district_name(view.receiver),
        again=EventKind.APPROVE not in view.offered,
        left=undecided(view),
    )


def _preview_page(district: str, view: CustodyView, form: ReleaseForm, found: PreviewedRelease) -> str:
    chosen = form.chosen()
    return render_template(
        "transfers/preview.html",
        district=district,
        name=district_name(district),
        number=transfer_number(view.id),
        view=view,
        form=form,
        shown=found.tag,
        files=found.files,
        receiver=district_name(view.receiver),
        leaving=[shown_section(one) for one in found.sections if _leaves(one, chosen)],
        figures=FIGURES,
        empty=[(SECTIONS[one], OWN_STATES[state]) for one, state in _empty(found, chosen)],
        stays=_stays(view, chosen),
    )


@dataclass(frozen=True, slots=True)
class ShownSection:
    """A section that leaves, with its records in words: of each the kind, and all that it says."""

    name: str
    title: Later
    records: int
    check: Mapping[str, str]
    rows: tuple[tuple[str, str], ...]
    left_out: int


def shown_section(one: PreviewedSection) -> ShownSection:
    """Return a section as it is shown; names of members are spelt as words, values stay as they are."""
    rows = tuple((_spaced(kind), MEMBER.sub(_member, said)) for kind, said in one.rows)
    return ShownSection(one.name, SECTIONS[RecordSection(one.name)], one.records, one.check, rows, one.left_out)


def _member(found: re.Match[str]) -> str:
    return f"{found[1]}{_spaced(found[2].removesuffix('Descriptor'))}: "


def _spaced(name: str) -> str:
    return CAPITAL.sub(lambda found: f" {found[0].lower()}", name)


def _leaves(one: PreviewedSection, chosen: Sequence[str]) -> bool:
    return one.name in chosen and one.state is SectionState.WHOLE


def _empty(found: PreviewedRelease, chosen: Sequence[str]) -> list[tuple[RecordSection, SectionState]]:
    """Return the sections that were chosen, but of which there is nothing to send."""
    return [
        (RecordSection(one.name), one.state)
        for one in found.sections
        if one.name in chosen and not _leaves(one, chosen)
    ]


def _stays(view: CustodyView, chosen: Sequence[str]) -> list[Any]:
    """Return the sections that stay in the district."""
    return [SECTIONS[one] for one in _open(view) if one.value not in chosen]
