"""Faults of the simulated OneRoster system: before it answers, in place of its answer, and in its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from adapters.simulators import faults as shared
from adapters.simulators.oneroster.system import error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.simulators.oneroster.system import Sis
    from adapters.simulators.wire import EdFiReply

REFUSALS: Final = {
    "unauthorized": (401, "unauthorisedrequest"),
    "forbidden": (403, "forbidden"),
    "throttled": (429, "server_busy"),
    "unavailable": (503, "server_busy"),
    "error": (500, "internal_server_error"),
    "missing": (404, "unknownobject"),
}


def before_answer(sis: Sis, collection: str, faults: Mapping[str, float]) -> None:
    """Add, delete and change documents before the answer."""
    if "expired" in faults:
        sis.auth.revoke()
    known = sis.documents.get(collection)
    if not known:
        return
    if "insert" in faults:
        first = dict(next(iter(known.values())), sourcedId=f"!{len(known)}")
        kept = dict(known)
        known.clear()
        known.update({first["sourcedId"]: first, **kept})
    if "delete" in faults:
        known.pop(min(known))
    if "reorder" in faults:
        kept = dict(reversed(known.items()))
        known.clear()
        known.update(kept)


def answer_instead(faults: Mapping[str, float]) -> EdFiReply | None:
    """Answer in place of the right answer; None where that is to come."""
    return shared.answer_instead(faults, REFUSALS, lambda refusal: error(*refusal, "1.2"))


def after_answer(reply: EdFiReply, faults: Mapping[str, float]) -> None:
    """Damage a good answer."""
    if not isinstance(reply.body, dict) or not reply.body:
        return
    name, found = next(iter(reply.body.items()))
    shared.misstate_total(reply, "X-Total-Count", faults)
    if isinstance(found, list) and found:
        reply.body = {name: shared.cut([*found, found[0]] if "duplicate" in faults else found, faults)}
    if "no-wrapper" in faults:
        reply.body = {"data": found}
    if "error-in-success" in faults:
        reply.body = error(500, "internal_server_error", "1.1").body
