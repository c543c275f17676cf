"""Faults of the simulated ODS: what it does before it answers, in place of its answer, and to its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adapters.simulators import faults as shared
from adapters.simulators.edfi.problems import ProblemRefusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.simulators.edfi.instance import Instance
    from adapters.simulators.wire import EdFiReply

    Document = dict[str, Any]

REFUSALS: Final = {
    "unauthorized": ProblemRefusal("security:authentication"),
    "forbidden": ProblemRefusal("security:authorization:access-denied:resource"),
    "throttled": ProblemRefusal("security:too-many-requests"),
    "too-many-tokens": ProblemRefusal("security:authentication:too-many-tokens"),
    "unavailable": ProblemRefusal("system:unavailable"),
    "bad-gateway": ProblemRefusal("system:bad-gateway"),
    "error": ProblemRefusal("system"),
    "missing": ProblemRefusal("not-found"),
    "no-snapshot": ProblemRefusal("not-found", detail="Snapshot not found."),
}


def before_answer(ods: Instance, collection: str, faults: Mapping[str, float]) -> None:
    """Expire tokens, and add and delete documents, before the answer."""
    if "expired" in faults:
        ods.tokens.expire()
    if "insert" in faults:
        ods.slip_in(collection)
    if "delete" in faults:
        ods.slip_out(collection)


def answer_instead(ods: Instance, faults: Mapping[str, float]) -> EdFiReply | None:
    """Answer in place of the right answer; None where that is to come."""
    return shared.answer_instead(faults, REFUSALS, lambda refusal: refusal.reply(older=ods.older))


def after_answer(ods: Instance, collection: str, reply: EdFiReply, faults: Mapping[str, float]) -> None:
    """Damage a good answer."""
    if "error-in-success" in faults:
        reply.body = ProblemRefusal("system").reply(older=ods.older).body
    shared.misstate_total(reply, "Total-Count", faults)
    if isinstance(reply.body, list):
        before = ods.last_shown.get(collection)
        if reply.body:
            ods.last_shown[collection] = reply.body[-1]
        reply.body = _page(reply.body, faults, before)
        _token(ods, collection, reply, faults)
    elif isinstance(reply.body, dict) and "id" in reply.body:
        reply.body = _document(reply.body, faults)


def _token(ods: Instance, collection: str, reply: EdFiReply, faults: Mapping[str, float]) -> None:
    """Damage the token of the next page."""
    given = reply.headers.get("Next-Page-Token", "")
    if "endless" in faults and given:
        reply.headers["Next-Page-Token"] = ods.first_token.setdefault(collection, given)
    if "hollow" in faults and given:
        reply.headers["Next-Page-Token"], reply.body = given, []


def _page(found: list[Document], faults: Mapping[str, float], before: Document | None) -> Any:
    if not found:
        return found
    if "no-wrapper" in faults:
        return {"data": found}
    found = shared.cut(found, faults)
    if "garbage" in faults:
        return found
    if "duplicate" in faults and before is not None:
        found = [before, *found[:-1]]
    if "twins" in faults:
        found = [*found[:-1], {**found[-1], "id": found[0]["id"]}]
    return [_document(found[0], faults), *found[1:]]


def _document(document: Document, faults: Mapping[str, float]) -> Document:
    """Return a document with one member that breaks the model."""
    if "stranger" in faults:
        document = document | {"shoeSize": 43, "pets": [{"name": "Rex"}]}
    ordinary = [name for name in document if name != "id" and not name.startswith("_")]
    if "keyless" in faults:
        document = {name: value for name, value in document.items() if name != ordinary[0]}
    if "mistyped" in faults:
        document = document | {ordinary[0]: [["wrong"]]}
    return document
