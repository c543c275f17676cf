"""Orders of an operator about transfers: answered by the running gateway, or from the registry where none runs.

An operator releases nothing: there is no order to say which student is meant, or what of a record leaves. Whatever an
operator does in a district's name needs a reason, and is marked on the record before it is done.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import orjson

from gateway.admin.second_person import Waiting
from gateway.admin.transfers.asking import TransferAsking, TransferForm
from gateway.admin.transfers.custody import TransferCustody
from gateway.admin.transfers.keys import TransferKeys
from gateway.admin.transfers.office import ASK, FOLLOW, HIDDEN, KEYS, WITHDRAW
from gateway.admin.transfers.reports import TransferReports
from gateway.people.actor import NotPermitted, operator
from gateway.storage.acts import Act, write_acts
from gateway.storage.transfers.tries import TransferTries
from gateway.transfers.clocks.clocks import Light
from gateway.transfers.machine.outward import OutwardState
from gateway.transfers.machine.words import RequestStanding, TransferState
from gateway.transfers_api.shown import IN, REDIRECTED, custody_json, listed_json, outward_json
from standards.errors import CallerError, InvalidBody, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gateway.admin.administration import Administration
    from gateway.admin.transfers.keys import PinnedKey
    from gateway.admin.transfers.office import TransferOffice
    from gateway.people.actor import Actor

    Line = Mapping[str, Any]
    Answering = Callable[[Administration, Actor, str, Mapping[str, Any]], Iterator[Line]]

MAX_NAME_CHARACTERS: Final = 80
SHOWN: Final = ("sender", "receiver", "light", "due", "version", "hold", "causes", "offered", "sections", "withheld")
"""The members of a transfer that are told in lines; all of them are in the JSON."""


def serve(command: str, region: Callable[[], Administration], asked: Mapping[str, Any]) -> Iterator[Line]:
    """Answer one of `COMMANDS`, in lines, each with its facts as a *row*.

    Raises:
        CallerError: it is refused.
    """
    who = operator(str(asked.get("actor", ""))[:MAX_NAME_CHARACTERS])
    try:
        yield from COMMANDS[command](region(), who, str(asked.get("district", "")), asked)
    except InvalidBody as refusal:
        yield from ({"text": f"{place}: {text}"} for place, texts in refusal.places.items() for text in texts)
        yield {"done": True, "ok": False, "text": refusal.message}


def _list(region: Administration, actor: Actor, district: str, asked: Mapping[str, Any]) -> Iterator[Line]:
    """List a page of what a district is asked for, or has asked for."""
    state, cursor, limit = asked.get("state"), str(asked.get("cursor") or ""), int(asked.get("limit") or 100)
    if asked.get("role") == IN:
        light = Light(asked["light"]) if asked.get("light") else None
        states = [_word(TransferState, state)] if state else []
        page = TransferCustody(region, actor, district).worklist(states, light, cursor, limit)
        rows, following = [listed_json(one) for one in page.items], page.next
    else:
        wanted = _word(OutwardState, state) if state else None
        sent = TransferAsking(region, actor, district).sent(wanted, cursor, limit)
        rows, following = [outward_json(one) for one in sent.items], sent.next
    yield from ({"row": row} for row in rows)
    yield {"done": True, "ok": True, "next": following}


def _show(region: Administration, actor: Actor, district: str, asked: Mapping[str, Any]) -> Iterator[Line]:
    """Tell of one transfer what a district sees of it, but nothing of the student."""
    yield _told(_seen(region, actor, district, str(asked["name"])))


def _ask(region: Administration, actor: Actor, district: str, asked: Mapping[str, Any]) -> Iterator[Line]:
    """Ask for a student's record in the name of a district."""
    student = {str(name): str(value) for name, value in dict(asked["student"]).items() if value}
    form = TransferForm(
        str(asked["sender"]), student, RequestStanding(asked["standing"]), bool(asked.get("military")),
        bool(asked.get("again")),
    )  # fmt: skip
    service = TransferAsking(region, actor, district)
    _mark(service, ASK, asked)
    yield _told(outward_json(service.ask(form, _key(actor, asked))))


def _withdraw(region: Administration, actor: Actor, district: str, asked: Mapping[str, Any]) -> Iterator[Line]:
    """Withdraw a request for the district that has asked, or for the one that is asked."""
    name, reason, key = str(asked["name"]), str(asked["reason"]), _key(actor, asked)
    _mark(TransferAsking(region, actor, district), WITHDRAW, asked)
    if _is_own(region, actor, district, name):
        yield _told(outward_json(TransferAsking(region, actor, district).withdraw(name, reason, key)))
        return
    custody = TransferCustody(region, actor, district)
    found = custody.withdraw(name, reason, custody.number_of(name), key)
    yield _told(custody_json(found, whole=False))


def _redirect(region: Administration, actor: Actor, district: str, asked: Mapping[str, Any]) -> Iterator[Line]:
    """Let another district be asked."""
    name, other, key = str(asked["name"]), str(asked["to"]), _key(actor, asked)
    _mark(TransferAsking(region, actor, district), WITHDRAW, asked)
    if _is_own(region, actor, district, name):
        yield _told(outward_json(TransferAsking(region, actor, district).redirect(name, other, key)))
        return
    custody = TransferCustody(region, actor, district)
    custody.redirect(name, other, custody.number_of(name), key)
    yield _told({"id": name, "role": IN, "state": REDIRECTED})


def _report(region: Administration, actor: Actor, district: str, asked: Mapping[str, Any]) -> Iterator[Line]:
    """Count the transfers of one district or of all, on each track."""
    begin, end = date.fromisoformat(asked["begin"]), date.fromisoformat(asked["end"])
    every = [district] if district else TransferReports(region, actor, district).districts()
    for name in every:
        found = TransferReports(region, actor, name).report(begin, end, name)
        row = orjson.loads(orjson.dumps(asdict(found), default=dict))
        yield {"text": f"{name}: {found.asked} requests from {begin} to {end}", "row": row}
        for track in found.tracks:
            days = "" if track.median_days is None else f", {track.median_days:g} school days in the median"
            yield {
                "text": f"  {track.track.value}: {track.open} open ({track.amber} amber, {track.late} late, "
                f"{track.stopped} stopped), {track.done} done ({track.done_late} late){days}"
            }  # fmt: skip
        refused = sum((found.refused or {}).values())
        yield {"text": f"  refused: {refused}"}
        yield {"text": f"  searches put off, since too many were asked for who are not there: {found.put_off}"}
    yield {"done": True, "ok": True}


def _work(region: Administration, actor: Actor, district: str, _asked: Mapping[str, Any]) -> Iterator[Line]:
    """List the steps that the gateway has given up; one more try is for people of the sending district."""
    actor.require(FOLLOW, district)
    tries = TransferTries(region.store, region.clock)
    for one in tries.given_up(district):
        row = {**asdict(one), "at": one.at.isoformat(timespec="seconds")}
        row.pop("receiver")  # a child with a protected address moves to nobody knows where
        yield {"row": {"id": row.pop("transfer"), **row}}
    due = tries.due()
    yield {"done": True, "ok": True, "due": sum(1 for one in due if district in {"", one.sender})}


def _keys(region: Administration, actor: Actor, district: str, _asked: Mapping[str, Any]) -> Iterator[Line]:
    """List the keys of a district."""
    for one in TransferKeys(region, actor, district).listed():
        yield {"row": _key_row(one)}
    yield {"done": True, "ok": True}


def _publish(region: Administration, actor: Actor, district: str, asked: Mapping[str, Any]) -> Iterator[Line]:
    """Publish a public key of a district."""
    jwk = str(asked["jwk"]).encode("utf-8", "surrogatepass")
    service = TransferKeys(region, actor, district)
    _mark(service, KEYS, asked)
    yield _key_told(service.publish(jwk, _reason(asked)))


def _retire(region: Administration, actor: Actor, district: str, asked: Mapping[str, Any]) -> Iterator[Line]:
    """Let a key open and verify what there is, and nothing new."""
    service = TransferKeys(region, actor, district)
    _mark(service, KEYS, asked)
    yield _key_told(service.retire(str(asked["name"]), _reason(asked)))


def _revoke(region: Administration, actor: Actor, district: str, asked: Mapping[str, Any]) -> Iterator[Line]:
    """Revoke a key for ever."""
    service = TransferKeys(region, actor, district)
    _mark(service, KEYS, asked)
    yield _key_told(service.revoke(str(asked["name"]), _reason(asked)))


COMMANDS: Final[Mapping[str, Answering]] = {
    "transfers list": _list, "transfers show": _show, "transfers ask": _ask, "transfers withdraw": _withdraw,
    "transfers redirect": _redirect, "transfers report": _report, "transfers work": _work,
    "transfers keys list": _keys, "transfers keys publish": _publish, "transfers keys retire": _retire,
    "transfers keys revoke": _revoke,
}  # fmt: skip
"""The commands about transfers, by their words."""

NEEDS_GATEWAY: Final = frozenset({"transfers ask", "transfers redirect"})
"""Those that only a running gateway answers: it alone knows the agreements that are served, and who is enrolled."""


def _mark(service: TransferOffice, action: str, asked: Mapping[str, Any]) -> None:
    """Mark on the record that the operator acts in a district's name, before anything is done.

    Raises:
        CallerError: no reason is given.
    """
    service.need(action)
    reason = _reason(asked)
    if not reason.strip():
        raise CallerError("Say why you act for the district, in one line: it stays on record.")
    about = {"transfer": str(asked["name"])[:64]} if action == WITHDRAW else {}
    content = {"action": action, "inPlaceOfDistrict": 1, **about}
    act = Act(service.actor.name, "transfer command", service.org, content, reason)
    write_acts(service.region.store, [act], service.region.clock())


def _is_own(region: Administration, actor: Actor, district: str, name: str) -> bool:
    """Tell whether a district has asked for a transfer."""
    try:
        TransferAsking(region, actor, district).one(name)
    except (NotFound, NotPermitted):
        return False
    return True


def _seen(region: Administration, actor: Actor, district: str, name: str) -> dict[str, Any]:
    if _is_own(region, actor, district, name):
        return outward_json(TransferAsking(region, actor, district).one(name))
    return custody_json(TransferCustody(region, actor, district).look(name), whole=False)


def _told(row: Mapping[str, Any]) -> Line:
    """Say in lines what a transfer is."""
    lines = [f"{row['id']}: {row['state']}"]
    lines += [f"  {name}: {_words(row[name])}" for name in SHOWN if row.get(name) not in (None, HIDDEN, [])]
    for clock in row.get("clocks", ()):
        done = f"done {clock['done']}" if clock["done"] else f"due {clock['due'] or 'stopped'}"
        lines.append(f"  {clock['track']}: {done}, calendar {clock['calendar']}")
    return {"done": True, "ok": True, "text": "\n".join(lines), "row": row}


def _words(value: Any) -> str:
    return " ".join(value) if isinstance(value, list) else str(value)


def _key_row(one: PinnedKey) -> dict[str, Any]:
    key = one.key
    return {"kid": key.kid, "use": key.use, "status": key.status, "pinnedBy": list(one.pinned_by)}


def _key_told(done: PinnedKey | Waiting) -> Line:
    if isinstance(done, Waiting):
        proposal = done.proposal.id
        text = f"It waits for a second person: crossing admins confirm {proposal} --reason …"
        return {"done": True, "ok": True, "text": text, "row": {"proposal": proposal}}
    row = _key_row(done)
    return {"done": True, "ok": True, "text": f"{row['kid']}: {row['use']}, {row['status']}.", "row": row}


def _key(actor: Actor, asked: Mapping[str, Any]) -> str:
    return f"command {actor.name} {str(asked['key'])[:200]}"


def _reason(asked: Mapping[str, Any]) -> str:
    return str(asked.get("reason") or "")[:500]


def _word(kind: Any, text: Any) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise CallerError(f"The state must be one of {', '.join(kind)}.") from None
