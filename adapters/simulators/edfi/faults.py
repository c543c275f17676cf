"""What goes wrong with the simulated ODS: what it does in place of the right thing, and what it says of the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adapters.simulators.edfi.problems import Refusal, Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.simulators.edfi.system import Ods

    Document = dict[str, Any]

ELSEWHERE: Final = "http://127.0.0.2:9/elsewhere"
LINK_LOCAL: Final = "http://169.254.169.254/latest/meta-data/"
INSTEAD: Final = {
    "unauthorized": "security:authentication",
    "forbidden": "security:authorization:access-denied:resource",
    "throttled": "security:too-many-requests",
    "too-many-tokens": "security:authentication:too-many-tokens",
    "unavailable": "system:unavailable",
    "bad-gateway": "system:bad-gateway",
    "error": "system",
    "missing": "not-found",
}
PATIENCE: Final = frozenset({"throttled", "unavailable", "bad-gateway"})
LINKS: Final = {"redirect": ELSEWHERE, "link-local": LINK_LOCAL}


def stir(ods: Ods, collection: str, faults: Mapping[str, float]) -> None:
    """Let tokens end, and documents come and go, before the answer."""
    if "expired" in faults:
        ods.tokens.expire()
    if "insert" in faults:
        ods.slip_in(collection)
    if "delete" in faults:
        ods.slip_out(collection)


def instead(ods: Ods, faults: Mapping[str, float]) -> Reply | None:
    """The answer that is given in place of the right one."""
    for name, kind in INSTEAD.items():
        if name in faults:
            reply = Refusal(kind).reply(older=ods.older)
            if faults[name] and name in PATIENCE:
                reply.headers["Retry-After"] = str(int(faults[name]))
            return reply
    if "no-snapshot" in faults:
        return Refusal("not-found", detail="Snapshot not found.").reply(older=ods.older)
    return next((Reply(302, None, {"Location": url}) for name, url in LINKS.items() if name in faults), None)


def spoil(ods: Ods, collection: str, reply: Reply, faults: Mapping[str, float]) -> None:
    """Make a good answer a bad one."""
    if "error-in-success" in faults:
        reply.body = Refusal("system").reply(older=ods.older).body
    if "total" in faults and "Total-Count" in reply.headers:
        reply.headers["Total-Count"] = str(int(reply.headers["Total-Count"]) + int(faults["total"]))
    if isinstance(reply.body, list):
        before = ods.last_shown.get(collection)
        if reply.body:
            ods.last_shown[collection] = reply.body[-1]
        reply.body = _page(reply.body, faults, before)
        _token(ods, collection, reply, faults)
    elif isinstance(reply.body, dict) and "id" in reply.body:
        reply.body = _document(reply.body, faults)


def _token(ods: Ods, collection: str, reply: Reply, faults: Mapping[str, float]) -> None:
    """Let the token of the next page lead astray."""
    given = reply.headers.get("Next-Page-Token", "")
    if "endless" in faults and given:
        reply.headers["Next-Page-Token"] = ods.first_token.setdefault(collection, given)
    if "hollow" in faults and given:
        reply.headers["Next-Page-Token"], reply.body = given, []


def _page(found: list[Document], faults: Mapping[str, float], before: Document | None) -> Any:
    if not found:
        return found
    if "garbage" in faults:
        return [1, "two", None]
    if "no-wrapper" in faults:
        return {"data": found}
    if "clamp" in faults:
        found = found[: int(faults["clamp"])]
    if "short" in faults:
        found = found[: max(1, len(found) // 2)]
    if "duplicate" in faults and before is not None:
        found = [before, *found[:-1]]
    if "twins" in faults:
        found = [*found[:-1], {**found[-1], "id": found[0]["id"]}]
    return [_document(found[0], faults), *found[1:]]


def _document(document: Document, faults: Mapping[str, float]) -> Document:
    """A document with one member that is not as the model says."""
    if "stranger" in faults:
        document = document | {"shoeSize": 43, "pets": [{"name": "Rex"}]}
    ordinary = [name for name in document if name != "id" and not name.startswith("_")]
    if "keyless" in faults:
        document = {name: value for name, value in document.items() if name != ordinary[0]}
    if "mistyped" in faults:
        document = document | {ordinary[0]: [["wrong"]]}
    return document
