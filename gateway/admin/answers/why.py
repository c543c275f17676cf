"""Why a request is refused: its own steps, by its own code, to the first that says no, and who can mend it."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from gateway.admin.answers.answer import AnsweredStep, ReasonDetail, ToldRefusal, WhoMends, WhyAnswer
from gateway.admin.answers.details import StepDetails, needed_scopes
from gateway.admin.answers.reasons import ASKED, BEYOND, NOT_IN_AGREEMENT, reason
from gateway.admin.answers.rehearsed import Rehearsed, nearest, read_address
from gateway.admin.answers.rows import NamedRecords
from gateway.auth import request_steps as steps
from gateway.auth.callers import Caller
from gateway.people.actor import REGION
from gateway.storage.acts import Act, write_acts
from gateway.storage.registry import ENABLED, REFUSE
from gateway.translations.phrases import Phrase
from standards.errors import CallerError, NotFound, StoreUnavailable

if TYPE_CHECKING:
    from gateway.admin.administration import Administration, Running
    from gateway.admin.answers.answer import Told
    from gateway.admin.answers.reasons import Mender, RefusalReason
    from gateway.audit.last_refusals import LastRefusal
    from gateway.people.actor import Actor
    from gateway.storage.registry import Client

CUSTODIAN: Final = "why.custodian"
RECIPIENT: Final = "why.recipient"
NO_CLIENT: Final = "There is no such client here."
NO_REFUSAL: Final = "None of the last refusals of this client has this id."
PASSED: Final = "yes"
NOT_REFUSED: Final = "Nothing that is known before data are read refuses this request."
MISSING: Final = "not-found"
NEAREST: Final = (
    "The standard has no resource of this name. The nearest is %(name)s: compare the address with the documents of the "
    "API, letter by letter."
)
OAUTH: Final = "oauth."


class Why:
    """The answers to who asks why a client was refused: in full to custodians, without rows and facts to recipients."""

    def __init__(self, region: Administration) -> None:
        self._region = region

    def clients(self, actor: Actor, told: Told) -> tuple[str, ...]:
        """List the clients about which *actor* may ask, as one who is *told* so much."""
        found = self._region.store.list_clients()
        return tuple(one.client_id for one in found if self._districts(actor, one) or _receives(actor, one, told))

    def refusals(self, actor: Actor, client: str, told: Told) -> tuple[ToldRefusal, ...]:
        """List the last refusals of a client, newest first; to a custodian only those that concern its districts.

        Raises:
            NotFound: there is no such client for this actor.
        """
        one = self._client(actor, client, told)
        others = self._others(actor, one) if told == "custodian" else frozenset()
        every = self._running().gateway.last_refusals.of(client)
        return tuple(_told(client, kept) for kept in every if kept.district not in others)

    def of_address(
        self, actor: Actor, client: str, told: Told, pasted: str, method: str = "GET", purpose: str = ""
    ) -> WhyAnswer:
        """Answer why a *client* would be refused at a *pasted* address now; it is kept nowhere, and not repeated.

        It is asked as with a token for all its scopes, and for a *purpose* where it names one.

        Raises:
            NotFound: there is no such client for this actor.
            CallerError: it is no address of the data APIs.
            StoreUnavailable: that somebody asked cannot be written down, so nothing is told.
        """
        one = self._client(actor, client, told)
        asked = read_address(method, pasted)
        running = self._running()
        found = running.rehearse(replace(caller_of(one), purpose=purpose), asked)
        found = self._of_state(one, found)
        if found.code == MISSING and found.last in {steps.ADDRESS, steps.RESOURCE}:
            found = replace(found, near=nearest(asked.path))
        self._record(actor, one, told, found.view, found.last if found.code else "")
        return self._answer(actor, one, told, found)

    def of_refusal(self, actor: Actor, client: str, told: Told, identifier: str) -> WhyAnswer:
        """Answer why one of the last refusals of a client came, by its correlation or trace id.

        Raises:
            NotFound: there is no such client for this actor, or none of its last refusals has the id.
            StoreUnavailable: that somebody asked cannot be written down, so nothing is told.
        """
        one = self._client(actor, client, told)
        kept = self._running().gateway.last_refusals.find(client, identifier.strip()) if identifier.strip() else None
        if kept is None or (told == "custodian" and kept.district in self._others(actor, one)):
            raise NotFound(NO_REFUSAL)
        self._record(actor, one, told, kept.view, kept.step)
        return self._answer(actor, one, told, _of_kept(kept))

    def _client(self, actor: Actor, client: str, told: Told) -> Client:
        """Return a client about which *actor* may ask; any other does not exist."""
        found = self._region.store.find_client(client)
        if found is None:
            raise NotFound(NO_CLIENT)
        if told == "custodian" and not self._districts(actor, found):
            raise NotFound(NO_CLIENT)
        if told == "recipient":
            actor.require_seen(RECIPIENT, found.org, what=NO_CLIENT)
        return found

    def _districts(self, actor: Actor, client: Client) -> frozenset[str]:
        """Return the districts for which *actor* is a custodian of what the client may get."""
        theirs = self._providers(client) | {client.steward}
        return frozenset(one for one in theirs if one and actor.allows(CUSTODIAN, one))

    def _others(self, actor: Actor, client: Client) -> frozenset[str]:
        """Return the districts that give the client something and whose custodian *actor* is not."""
        return self._providers(client) - self._districts(actor, client)

    def _providers(self, client: Client) -> frozenset[str]:
        """Return the districts of the agreements that name a client, in force or not."""
        standing = self._running().standing
        every = (*standing.agreements, *standing.withheld, *(one.agreement for one in standing.pending))
        return frozenset(one.district for one in every if client.client_id in one.clients)

    def _answer(self, actor: Actor, client: Client, told: Told, found: Rehearsed) -> WhyAnswer:
        code, last = found.code, found.last
        if told == "recipient":
            return _to_recipient(client, found, last, code)
        mine = self._districts(actor, client)
        running = self._running()
        details = StepDetails(client, running.standing, mine, self._region.clock(), found)
        passed = [
            AnsweredStep(name, ASKED[name], passed=True, text=PASSED, details=details.of(name))
            for name in _in_order(found, last)
        ]
        final = self._last(found, last, code, details, mine)
        refused = "" if final.passed else last
        mends = () if final.passed else _mends(reason(last, code) if code else None, client, mine, last)
        return WhyAnswer(client.client_id, told, found.view, refused, code, (*passed, final), mends)

    def _last(self, found: Rehearsed, last: str, code: str, details: StepDetails, mine: frozenset[str]) -> AnsweredStep:
        """Return the step that says no, or the one behind which only data could."""
        if code:
            said = found.error.message if isinstance(found.error, CallerError) else ""
            behind = details.of(last) + ((ReasonDetail(said, "", passed=False, quoted=True),) if said else ())
            return AnsweredStep(last, ASKED[last], passed=False, text=_text(found, last, code), details=behind)
        with self._running().visiting() if found.known(last) else nullcontext():
            behind = NamedRecords(self._running().gateway, mine, found.known(last)).details()
        if any(not one.passed for one in behind):
            return AnsweredStep(
                last, ASKED[last], passed=False, text=reason(last, "record-not-found").text, details=behind
            )
        return AnsweredStep(last, ASKED[last], passed=True, text=NOT_REFUSED, details=behind)

    def _of_state(self, client: Client, found: Rehearsed) -> Rehearsed:
        """Return the rehearsal as the state of the client lets it come: a token is not rehearsed, nor made."""
        names = [name for name, _ in found.begun]
        token = found.endpoint.startswith(OAUTH)
        if not token and (client.status == ENABLED or steps.CLIENT not in names):
            return found
        begun = (*found.begun[: names.index(steps.CLIENT) if not token else None], (steps.CLIENT, ()))
        code = "" if client.status == ENABLED else "invalid_client" if token else "unauthenticated"
        if token and not code:
            active = self._running().gateway.grants.active(client.client_id)
            code = "unauthorized_client" if any(one.org != client.org for one in active) else ""
            code = code or ("" if client.scopes else "invalid_scope")
        return Rehearsed(found.endpoint, "", found.district, begun, None, code)

    def _record(self, actor: Actor, client: Client, told: Told, view: str, step: str) -> None:
        """Write down who asked about which client, view and step, never the address."""
        mine = sorted(self._districts(actor, client)) if told == "custodian" else []
        act = Act(
            actor.name, CUSTODIAN if told == "custodian" else RECIPIENT, mine[0] if len(mine) == 1 else "",
            {"client": client.client_id, "view": view, "step": step},
        )  # fmt: skip
        write_acts(self._region.store, (act,), self._region.clock())

    def _running(self) -> Running:
        if self._region.running is None:
            raise StoreUnavailable("This needs the running gateway.")
        return self._region.running


def caller_of(client: Client) -> Caller:
    """Return a client as it would be with a token for all its scopes."""
    refuses = client.unknown_members == REFUSE
    return Caller(client.client_id, client.org, frozenset(client.scopes), client.epoch, refuses)


def _receives(actor: Actor, client: Client, told: Told) -> bool:
    return told == "recipient" and actor.allows(RECIPIENT, client.org)


def _of_kept(kept: LastRefusal) -> Rehearsed:
    """Return what a kept refusal tells, as a rehearsal that came to its step."""
    view, district = kept.view.replace("-", ""), kept.district.strip("*-")
    until = steps.STEPS.index(kept.step) + 1
    return Rehearsed(kept.api, view, district, tuple((name, ()) for name in steps.STEPS[:until]), None, kept.code)


def _in_order(found: Rehearsed, last: str) -> list[str]:
    """Return the steps that were passed, each once; some are taken in several parts."""
    return sorted({name for name, _ in found.begun} - {last}, key=steps.STEPS.index)


def _text(found: Rehearsed, last: str, code: str) -> str:
    """Return what a refusal means, with the collection that a misspelt address may have meant."""
    return Phrase(NEAREST, name=found.near) if found.near else reason(last, code).text


def _to_recipient(client: Client, found: Rehearsed, last: str, code: str) -> WhyAnswer:
    """Tell a recipient the step that says no; of rows and facts the same, whatever is behind them.

    Rows are never looked at, so that neither the answer nor its time tells whether there are any.
    """
    passed = [AnsweredStep(name, ASKED[name], passed=True, text=PASSED) for name in _in_order(found, last)]
    why = reason(last, code) if code else None
    if why is not None and not why.hidden:
        behind = needed_scopes(client, found) if last == steps.SCOPE else ()
        final = AnsweredStep(last, ASKED[last], passed=False, text=_text(found, last, code), details=behind)
        return WhyAnswer(
            client.client_id, "recipient", found.view, last, code, (*passed, final),
            _mends(why, client, frozenset({found.district} - {""}), last),
        )  # fmt: skip
    if why is None:
        beyond = AnsweredStep(last, ASKED[last], passed=True, text=BEYOND)
        return WhyAnswer(client.client_id, "recipient", found.view, "", "", (*passed, beyond), ())
    final = AnsweredStep(last, ASKED[last], passed=False, text=NOT_IN_AGREEMENT)
    mends = _mends(reason(steps.FACTS, "forbidden"), client, frozenset({found.district} - {""}), last)
    return WhyAnswer(client.client_id, "recipient", found.view, last, "", (*passed, final), mends)


MENDED_BY: Final[dict[Mender, tuple[str, tuple[str, ...]]]] = {
    "developer": ("Whoever writes the client's program.", ()),
    "registration": ("Whoever registers the client.", ("district-admin", "region-operator")),
    "provider": ("Whoever writes the agreement for the district.", ("privacy-officer", "district-admin")),
    "registrar": ("Whoever keeps the district's registers.", ("registrar", "privacy-officer")),
    "operator": (
        "Whoever connects the district's system, or operates the gateway.", ("district-admin", "region-operator")
    ),
    "wait": ("Nobody needs to: ask again later.", ()),
    "nobody": ("Nobody: it is not there.", ()),
}  # fmt: skip


def _mends(why: RefusalReason | None, client: Client, districts: frozenset[str], last: str) -> tuple[WhoMends, ...]:
    """Name who can mend it: the roles, each with its organisation."""
    mender: Mender = why.mender if why is not None else ("registrar" if last == steps.ROWS else "provider")
    text, roles = MENDED_BY[mender]
    if mender == "developer":
        role = "cbo-admin" if client.kind == "cbo" else "vendor-contact"
        return (WhoMends(text, role, client.org),)
    found = [
        WhoMends(text, role, org)
        for role in roles
        for org in ([REGION] if role == "region-operator" else sorted(districts))
    ]
    return tuple(found) or (WhoMends(text),)


def _told(client: str, kept: LastRefusal) -> ToldRefusal:
    return ToldRefusal(
        client, datetime.fromtimestamp(kept.at, UTC), kept.method, kept.view, kept.district, kept.status, kept.code,
        kept.step, kept.correlation or kept.trace,
    )  # fmt: skip
