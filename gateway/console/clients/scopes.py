"""Scopes of clients as people choose them: each as a sentence with its word beside it, those that are needed first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from gateway.auth.scopes import ONEROSTER_1_1, ONEROSTER_1_2, known_scopes
from gateway.console.wording import later, say

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from gateway.admin.clients.states import ScopeSuggestion

EDFI: Final = {
    "edfi:read": later("read records"),
    "edfi:create": later("add records"),
    "edfi:update": later("change records"),
    "edfi:delete": later("delete records"),
    "edfi:readchanges": later("ask what has changed"),
}
ONEROSTER: Final = {
    "roster.readonly": later("read schools, terms, classes, enrollments and people"),
    "roster-core.readonly": later("read schools, terms, classes, enrollments and people, the core of it"),
    "roster-demographics.readonly": later("read birth dates, sex and race"),
    "gradebook.readonly": later("read assignments and results"),
    "gradebook-core.readonly": later("read assignments and results, the core of it"),
    "gradebook.createput": later("add and change assignments and results"),
    "gradebook.createpost": later("add assignments and results, with ids that the gateway gives"),
    "gradebook.delete": later("delete assignments and results"),
    "assessment.readonly": later("read assessments and their results"),
    "assessment.createput": later("add and change assessments and their results"),
    "assessment.delete": later("delete assessments and their results"),
    "resource.readonly": later("read learning resources, and where they are used"),
    "resource-core.readonly": later("read learning resources, the core of it"),
}
TRANSFERS: Final = {
    "transfer:request": later("ask for the record of a student who moves here"),
    "transfer:receive": later("receive the record of a student who moves here"),
}
APIS: Final = (("OneRoster 1.2", ONEROSTER_1_2), ("OneRoster 1.1", ONEROSTER_1_1))


def sentence(scope: str) -> str:
    """Say what a scope lets a client do; of one that is none of data, the word itself."""
    if scope in EDFI:
        return f"Ed-Fi: {EDFI[scope]}"
    if scope in TRANSFERS:
        return f"Crossing Guard: {TRANSFERS[scope]}"
    for api, prefix in APIS:
        name = scope.removeprefix(prefix)
        if name != scope and name in ONEROSTER:
            return f"{api}: {ONEROSTER[name]}"
    return scope


def shown(scope: str, needed: Collection[str] = ()) -> Markup:
    """Return the sentence of a scope with its word, marked where it is one of those *needed*."""
    said, mark = sentence(scope), say("its agreements need it") if scope in needed else ""
    word = Markup(" <code>{}</code>").format(scope) if said != scope else Markup()
    return Markup("{}{}{}").format(said, f" ({mark})" if mark else "", word)


def offered(suggestions: Iterable[ScopeSuggestion], held: Collection[str] = ()) -> list[tuple[str, Markup]]:
    """Return the scopes to choose from with their sentences, those that are suggested first.

    Those of transfers are among them where an agreement needs them, or the client has one that it may keep.
    """
    needed = [scope for one in suggestions for scope in one.scopes]
    order = [*needed, *(one for one in EDFI if one not in needed)]
    every = [*order, *sorted(one for one in known_scopes() - set(order) if one.startswith(ONEROSTER_1_2))]
    every += sorted(known_scopes() - set(every))
    every += [one for one in TRANSFERS if one in held and one not in every]
    return [(scope, shown(scope, needed)) for scope in every]
