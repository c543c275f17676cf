"""Pages of agreements: the list, one agreement with its versions, what changes between two, documents, signing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, abort, current_app, render_template, request, url_for

from gateway.admin.agreements.effect import EffectOfAgreements
from gateway.admin.agreements.reading import FAULTY, WRONG, KnownAgreements
from gateway.admin.agreements.signatories import Signatories
from gateway.admin.agreements.writing import DraftWriting
from gateway.admin.answers.vendor import Recipients
from gateway.admin.confirming import Confirming
from gateway.console.agreements.clients import client_lines
from gateway.console.agreements.forms import ContinueForm, ReasonedForm
from gateway.console.page import actor, page
from gateway.console.parts.facts import fact_name
from gateway.console.parts.moments import moment
from gateway.console.tables import Sheet, State, TableColumn, csv_of
from gateway.console.wording import language, later, retold, say
from gateway.documents.kinds import FORMATS, KINDS, document
from gateway.documents.population import sentences
from gateway.documents.released import ACTIONS, content, released
from gateway.documents.words import Wording
from gateway.signing.overview import AGREED, COMING, DRAFT, ENDED, ENDING, FORCE, REPLACED, REVIEW
from gateway.storage.people.agreements import PUBLISHED, RECALLED, WITHDRAWN
from standards.errors import CallerError, NotFound, SettingsError

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

    from gateway.admin.administration import Administration
    from gateway.admin.agreements.reading import KnownVersion
    from gateway.admin.agreements.signatories import PartySignature
    from gateway.reasoning.simulation import ElementCoverage
    from policies.reasoning.small_cells import Movement

blueprint = Blueprint("agreements", __name__, url_prefix="/console/agreements")

UNSERVED: Final = ("wait", later("not served yet"))
STATES: Final = {
    DRAFT: ("off", later("draft")),
    FAULTY: ("warn", later("draft with mistakes")),
    REVIEW: ("wait", later("in review")),
    COMING: ("wait", later("not begun")),
    AGREED: ("ok", later("signed")),
    FORCE: ("ok", later("in force")),
    ENDING: ("warn", later("ending")),
    REPLACED: ("off", later("replaced")),
    ENDED: ("off", later("ended")),
    WITHDRAWN: ("off", later("withdrawn")),
    RECALLED: ("off", later("recalled")),
    WRONG: ("bad", later("wrong")),
}
HOW: Final = {
    "signed": ("ok", later("signed")),
    "asserted by the operator": ("warn", later("asserted by the operator")),
    "not approved": ("wait", later("not signed")),
}
MEDIA: Final = {"html": "text/html; charset=utf-8", "pdf": "application/pdf", "text": "text/plain; charset=utf-8"}
ENDINGS: Final = {"html": "html", "pdf": "pdf", "text": "txt"}


@dataclass(frozen=True, slots=True)
class Allowed:
    """What whoever looks at a version may do with it now."""

    draft: bool
    publish: bool
    sign: bool
    effect: bool


@dataclass(frozen=True, slots=True)
class ShownSignature:
    """The signature of one party as a page shows it: its state, *by* whom, and whether its proposal *may_be_seen*."""

    found: PartySignature
    state: State
    by: list[str]
    may_be_seen: bool


def region() -> Administration:
    """Return the region of this console."""
    found: Administration = current_app.extensions["region"]
    return found


def allowed(one: KnownVersion) -> Allowed:
    """Tell what whoever is signed in may do with a version."""
    mine, known = actor(), KnownAgreements(region())
    return Allowed(
        known.knows(mine, one, "agreement.draft"),
        mine.allows("agreement.publish", one.district),
        known.knows(mine, one, "agreement.sign"),
        EffectOfAgreements(region()).may(mine, one.district),
    )


def state_of(one: KnownVersion) -> State:
    """Return the state of a version with its shape."""
    kind, word = UNSERVED if one.unserved else STATES[one.state]
    return State(kind, word)  # type: ignore[arg-type]


def address(one: KnownVersion, endpoint: str = "version", **more: Any) -> str:
    """Return the address of a page about a version."""
    return url_for(f"agreements.{endpoint}", name=one.id, version=one.version, **more)


def _versions(caption: str, name: str, rows: tuple[KnownVersion, ...]) -> Sheet[KnownVersion]:
    columns: tuple[TableColumn[KnownVersion], ...] = (
        TableColumn(later("Agreement"), lambda one: one.name, "code", address),
        TableColumn(later("District"), lambda one: one.district),
        TableColumn(later("Recipient"), lambda one: one.recipient),
        TableColumn(later("Purpose"), lambda one: one.purpose),
        TableColumn(later("State"), state_of, "state"),
        TableColumn(later("First day"), lambda one: one.begin, "time"),
        TableColumn(later("Last day"), lambda one: one.end, "time"),
        TableColumn(later("Who must still sign"), _waiting_for),
        TableColumn(later("Written in"), lambda one: one.source or say("the console")),
    )
    return Sheet(name, caption, columns, rows, say("There is no agreement yet."))


def _waiting_for(one: KnownVersion) -> list[str]:
    return [] if one.state in {DRAFT, FAULTY, ENDED, REPLACED, WITHDRAWN, RECALLED} else list(one.waiting_for)


@page(blueprint, "", "agreement.read")
def overview() -> Any:
    """List every version that concerns the organisations of whoever is signed in."""
    sheet = _versions(say("Agreements and their versions"), "agreements", KnownAgreements(region()).list(actor()))
    if (asked := csv_of(sheet)) is not None:
        return asked
    return render_template(
        "agreements/overview.html", shown=sheet.shown(), may_draft=bool(actor().orgs("agreement.draft"))
    )


@page(blueprint, "/<name>", "agreement.read")
def agreement(name: str) -> Any:
    """Show the versions of one agreement."""
    found = KnownAgreements(region()).versions(actor(), name)
    sheet = _versions(say("Versions"), "versions", found)
    if (asked := csv_of(sheet)) is not None:
        return asked
    comparable = [one for one in found if one.found is not None]
    return render_template("agreements/agreement.html", name=name, shown=sheet.shown(), comparable=comparable)


@page(blueprint, "/<name>/<int:version>", "agreement.read")
def version(name: str, version: int) -> Any:
    """Show one version: what it says in short, who has signed it, what can be done with it."""
    return version_page(name, version, ContinueForm(formdata=None))


def version_page(name: str, version: int, following: ContinueForm) -> str:
    """Show one version, with the form of the next one as it was filled in."""
    one = KnownAgreements(region()).find(actor(), name, version)
    checked = DraftWriting(region()).check(actor(), name, version) if one.open else None
    facts = released(one.found) if one.found else ()
    history = one.written is not None and one.written.state == PUBLISHED
    return render_template(
        "agreements/version.html", one=one, state=state_of(one), allowed=allowed(one), checked=checked,
        facts=len(facts), students=_students(one), signatures=signatures(one), withdrawable=history,
        ask=ReasonedForm(formdata=None, data={"number": one.number}), following=following,
        before=_version_before(one), recipient_of=recipient_of(one),
        pending=Confirming(region()).about(actor(), "agreement", one.name), clients=client_lines(one),
    )  # fmt: skip


def _version_before(one: KnownVersion) -> int | None:
    """Return the newest older version that a version can be compared with; None where there is none."""
    every = KnownAgreements(region()).versions(actor(), one.id) if one.found is not None else ()
    return max((each.version for each in every if each.found is not None and each.version < one.version), default=None)


def recipient_of(one: KnownVersion) -> bool:
    """Tell whether who looks acts for the recipient of a version that counts, and may ask to extend it."""
    mine = Recipients(region()).orgs(actor())
    return one.recipient in mine and one.state in {FORCE, ENDING}


def _students(one: KnownVersion) -> list[str]:
    """Say in sentences whom a version is about."""
    if one.found is None:
        return []
    try:
        return list(sentences(content(one.found), Wording(language())))
    except SettingsError:
        return []


def signatures(one: KnownVersion) -> list[ShownSignature]:
    """Return how far the signature of each party of a version has come, as it is shown."""
    return [_signature(each) for each in Signatories(region()).of(actor(), one)]


def _signature(one: PartySignature) -> ShownSignature:
    kind, word = HOW[one.how]
    if one.proposal is not None:
        kind, word = "wait", later("signed by one person, waits for a second person")
    by = [f"{given.actor}, {moment(given.at)}" for given in one.approvals]
    may_see = one.proposal is not None and one.proposal in Confirming(region()).waiting(actor())
    return ShownSignature(one, State(kind, word), by, may_see)  # type: ignore[arg-type]


@page(blueprint, "/<name>/diff", "agreement.read")
def compare(name: str) -> str:
    """Tell in words what one version changes against another."""
    before, after = _two(request.args)
    return _compared(name, before, after, ())


@page(blueprint, "/<name>/diff", "agreement.effect", "POST")
def compare_counted(name: str) -> str:
    """Tell what one version changes against another, and for how many students; the look is on record."""
    before, after = _two(request.form)
    return _compared(name, before, after, EffectOfAgreements(region()).affected(actor(), name, before, after))


def _two(given: MultiDict[str, str]) -> tuple[int, int]:
    """Return the two versions that are compared."""
    before, after = (given.get(one, type=int) for one in ("before", "after"))
    if before is None or after is None:
        abort(404)
    return before, after


def _compared(name: str, before: int, after: int, counted: tuple[tuple[str, Movement], ...]) -> str:
    found = EffectOfAgreements(region()).compare(actor(), name, before, after)
    one = KnownAgreements(region()).find(actor(), name, after)
    return render_template(
        "agreements/diff.html", name=name, before=before, after=after, lines=list(found.lines()), counted=counted,
        may_count=EffectOfAgreements(region()).may(actor(), one.district),
    )  # fmt: skip


@page(blueprint, "/<name>/<int:version>/effect", "agreement.effect", "POST")
def effect(name: str, version: int) -> Any:
    """Count what a version would release today; the look is on record."""
    found = EffectOfAgreements(region()).see(actor(), name, version)
    one = KnownAgreements(region()).find(actor(), name, version)
    columns: tuple[TableColumn[ElementCoverage], ...] = (
        TableColumn(later("Fact"), lambda row: fact_name(row.element)),
        TableColumn(later("What is sent"), lambda row: Wording(language()).say(ACTIONS[row.action])),
        TableColumn(later("Records"), lambda row: row.records, "number"),
        TableColumn(later("Share in percent"), lambda row: row.share, "number"),
        TableColumn(later("In a word"), lambda row: retold(row.extent)),
    )
    rows = Sheet("coverage", say("Records that have each fact"), columns, found.simulation.coverage)
    if (asked := csv_of(rows)) is not None:
        return asked
    return render_template("agreements/effect.html", one=one, found=found, shown=rows.shown())


@page(blueprint, "/<name>/<int:version>/document", "agreement.read")
def printed(name: str, version: int) -> Response:
    """Send a document about a version, in one language and format."""
    one = KnownAgreements(region()).find(actor(), name, version)
    kind, form = request.args.get("kind", "agreement"), request.args.get("format", "html")
    chosen = request.args.get("language", language())
    if kind not in KINDS or form not in FORMATS or chosen not in {"en", "es"}:
        abort(404)
    if one.found is None:
        raise NotFound("This version has mistakes, or is withdrawn: there is no document of it.")
    try:
        written = FORMATS[form](document(one.found, kind, chosen))
    except SettingsError as error:
        raise CallerError(error.message) from None
    answer = Response(written, content_type=MEDIA[form])
    answer.headers["Content-Disposition"] = f'attachment; filename="{one.id}-{one.version}-{kind}.{ENDINGS[form]}"'
    return answer
