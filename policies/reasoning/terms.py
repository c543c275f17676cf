"""Differences between two agreements in what the parties agreed beyond facts and students: clients, dates, duties."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from policies.documents.terms import retention_ends
from policies.reasoning.differences import AgreementDifference, direction_of
from policies.reasoning.transfer_differences import of_transfers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from policies.agreement import Agreement
    from policies.reasoning.differences import Direction

    Content = Mapping[str, Any]

NOWHERE = "nothing agreed"
SAID = {
    "ferpa": "the legal basis", "state": "the law of the state", "legitimateInterest": "the legitimate interest",
    "smallCell": "the smallest total that is told", "maxRowsPerDay": "the most records in a day",
    "deleteWithin": "the time until deletion", "certificate": "the certificate of deletion", "optOut": "the opt-outs",
    "from": "the first day", "to": "the last day", "timezone": "the time zone",
}  # fmt: skip
"""What the keys of an agreement are called where a difference is told in words."""
DAYS, MONTHS = {"D": 1, "W": 7}, {"M": 1, "Y": 12}
PERIOD = re.compile(r"([0-9]+)([DWMY])")
COMPARED = frozenset({
    "apiVersion", "id", "version", "parties", "basis", "validity", "clients", "operations", "population", "elements",
    "directory", "redisclosure", "retention", "obligations", "limits", "approvals", "tests", "transfer",
})  # fmt: skip
"""The parts of a document that are compared by what they mean; any other is told as changed, and as widening."""


def terms(before: Agreement, after: Agreement) -> Iterator[AgreementDifference]:
    """Yield each difference in the terms of two agreements, by their canonical texts."""
    was, now = json.loads(before.text), json.loads(after.text)
    yield from _parties(was["parties"], now["parties"])
    yield from _basis(was["basis"], now["basis"])
    yield from _validity(was["validity"], now["validity"])
    yield from _listed("client", was["clients"], now["clients"], gained="wider")
    yield from _listed("operation", was["operations"], now["operations"], gained="wider")
    yield from _limits(was.get("limits", {}), now.get("limits", {}))
    yield from _redisclosure(was.get("redisclosure"), now.get("redisclosure"))
    yield from _retention(was.get("retention", {}), now.get("retention", {}))
    yield from _listed("obligation", was.get("obligations", ()), now.get("obligations", ()), gained="narrower")
    yield from _opt_out(was.get("directory", {}), now.get("directory", {}))
    yield from of_transfers(was, now)
    for name in sorted((was.keys() | now.keys()) - COMPARED):
        yield from _changed(name, "", was.get(name), now.get(name), "both")


def _changed(part: str, name: str, was: object, now: object, direction: Direction) -> Iterator[AgreementDifference]:
    """Yield the difference of one value, if it is one."""
    if was != now:
        first, then = _spelt(was), _spelt(now)
        told = f"{SAID.get(name, name)}: {then}" if name else then
        yield AgreementDifference(part, name, direction, first, then, f"{told}, was {first}")


def _spelt(value: object) -> str:
    if value is None:
        return NOWHERE
    return " ".join(value.split()) if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)


def _listed(part: str, was: Any, now: Any, *, gained: Direction, said: str = "{}") -> Iterator[AgreementDifference]:
    """Yield what a list gained and lost; what it *gained* lets more through or less."""
    lost: Direction = "narrower" if gained == "wider" else "wider"
    for one in sorted(set(now) - set(was)):
        yield AgreementDifference(part, one, gained, "", one, f"{said.format(one)} is new")
    for one in sorted(set(was) - set(now)):
        yield AgreementDifference(part, one, lost, one, "", f"{said.format(one)} is gone")


def _parties(was: Content, now: Content) -> Iterator[AgreementDifference]:
    for side in ("provider", "recipient"):
        for name in sorted(was[side].keys() | now[side].keys()):
            yield from _changed("party", f"{side} {name}", was[side].get(name), now[side].get(name), "both")
    yield from _listed("subprocessor", was.get("subprocessors", ()), now.get("subprocessors", ()), gained="wider")


def _basis(was: Content, now: Content) -> Iterator[AgreementDifference]:
    for name in sorted(was.keys() | now.keys()):
        yield from _changed("basis", name, was.get(name), now.get(name), "both")


def _validity(was: Content, now: Content) -> Iterator[AgreementDifference]:
    for name, longer in (("from", now["from"] < was["from"]), ("to", now["to"] > was["to"])):
        yield from _changed("validity", name, was[name], now[name], direction_of(up=longer, down=not longer))
    yield from _changed("validity", "timezone", was["timezone"], now["timezone"], "both")


def _limits(was: Content, now: Content) -> Iterator[AgreementDifference]:
    stricter: Mapping[str, Callable[[int, int], bool]] = {
        "smallCell": lambda one, other: other > one,
        "maxRowsPerDay": lambda one, other: other < one,
    }
    for name in sorted(was.keys() | now.keys()):
        first, then = was.get(name), now.get(name)
        direction: Direction = "both"
        if first is None or then is None:
            direction = "narrower" if first is None else "wider"
        elif name in stricter and first and then:  # 0 is compared with itself alone
            direction = "narrower" if stricter[name](first, then) else "wider"
        yield from _changed("limit", name, first, then, direction)


def _redisclosure(was: Any, now: Any) -> Iterator[AgreementDifference]:
    first, then = _onward(was), _onward(now)
    up = first is not None and (then is None or bool(then - first))
    down = then is not None and (first is None or bool(first - then))
    yield from _changed("redisclosure", "", was, now, direction_of(up=up, down=down))


def _onward(value: Any) -> frozenset[str] | None:
    """Return the parties that data may be passed on to; None where nothing forbids any."""
    if value is None:
        return None
    return frozenset() if value == "prohibited" else frozenset(value["named"])


def _retention(was: Content, now: Content) -> Iterator[AgreementDifference]:
    first, then = was.get("deleteWithin"), now.get("deleteWithin")
    yield from _changed("retention", "deleteWithin", first, then, _longer(first, then))
    ends = (retention_ends(one) if one else () for one in (was, now))
    yield from _listed("retention", *ends, gained="narrower", said="deletion after {}")
    asked = now.get("certificate") == "required"
    direction: Direction = "narrower" if asked else "wider" if was.get("certificate") == "required" else "neutral"
    yield from _changed("retention", "certificate", was.get("certificate"), now.get("certificate"), direction)


def _longer(was: str | None, now: str | None) -> Direction:
    """Return the direction from one period to another; days and months are not compared."""
    if was is None or now is None:
        return "narrower" if was is None else "wider"
    for units in (DAYS, MONTHS):
        first, then = (_length(period, units) for period in (was, now))
        if first is not None and then is not None:
            return direction_of(up=then > first, down=then < first)
    return "both"


def _length(period: str, units: Mapping[str, int]) -> int | None:
    parts = PERIOD.findall(period)
    return None if any(unit not in units for _, unit in parts) else sum(int(n) * units[unit] for n, unit in parts)


def _opt_out(was: Content, now: Content) -> Iterator[AgreementDifference]:
    honoured = now.get("optOut") == "honour"
    direction: Direction = "narrower" if honoured else "wider" if was.get("optOut") == "honour" else "neutral"
    yield from _changed("directory", "optOut", was.get("optOut"), now.get("optOut"), direction)
