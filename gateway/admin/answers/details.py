"""What stands behind each step for the custodian: agreements of its own district, with the places of their lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.admin.answers.answer import ReasonDetail
from gateway.auth import request_steps as steps
from gateway.engine.field_sets import names_of
from gateway.translations.phrases import Phrase
from policies.agreement import current
from policies.explain import explain
from policies.permission import READ
from policies.transfers.terms import is_transfer
from standards import registry
from standards.errors import UnknownName
from standards.fields import fields_of
from standards.view import paths

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from gateway.admin.answers.rehearsed import Rehearsed
    from gateway.storage.registry import Client
    from policies.agreement import Agreement
    from policies.standing import Standing
    from standards.view import View

MAX_ELEMENTS = 12
"""The facts that are explained for one name of a query."""


class StepDetails:
    """The details of the steps of one rehearsed request, from the agreements of the asker's own *districts*."""

    def __init__(
        self, client: Client, standing: Standing, districts: frozenset[str], now: datetime, found: Rehearsed
    ) -> None:
        self._client, self._standing, self._now, self._found = client, standing, now, found
        self._named = tuple(
            one for one in standing.reading.found or standing.agreements
            if client.client_id in one.clients and one.district in districts
            and found.district in {"", one.district}
        )  # fmt: skip
        present = {(one.id, one.version) for one in standing.agreements}
        self._served = tuple(one for one in self._named if (one.id, one.version) in present)

    def of(self, step: str) -> tuple[ReasonDetail, ...]:
        """Return the details of a step."""
        made = {
            steps.CLIENT: self._registered, steps.SCOPE: self._scopes, steps.AGREEMENT: self._agreements,
            steps.OPERATION: self._operations, steps.FACTS: self._facts, steps.QUERY: self._query,
        }.get(step)  # fmt: skip
        return tuple(made()) if made is not None else ()

    def _registered(self) -> Iterator[ReasonDetail]:
        one = self._client
        yield ReasonDetail(
            f"{one.client_id} is registered for {one.org}, and {one.status}", "", one.status == "enabled"
        )

    def _scopes(self) -> Iterator[ReasonDetail]:
        yield from needed_scopes(self._client, self._found)

    def _agreements(self) -> Iterator[ReasonDetail]:
        """Tell of each agreement that names the client why it is in force, or is not."""
        pending = {(one.agreement.id, one.agreement.version): one.words() for one in self._standing.pending}
        withheld = {(one.id, one.version) for one in self._standing.withheld}
        for one in self._named:
            key, day = (one.id, one.version), one.today(self._now)
            name = f"{one.id}@{one.version}"
            if key in pending:
                yield ReasonDetail(f"{name}: {pending[key]}", short(one.file), passed=False)
            elif key in withheld:
                yield ReasonDetail(
                    f"{name}: withheld because of a mistake in a document", short(one.file), passed=False
                )
            elif not one.active(day):
                told = f"{name}: valid from {one.begin} to {one.end}, and today is {day}"
                yield ReasonDetail(told, short(one.place("validity")), passed=False)
            elif one not in current(self._served, day):
                yield ReasonDetail(f"{name}: a later version has replaced it", short(one.file), passed=False)
            elif one.org != self._client.org:
                told = f"{name}: its recipient is {one.org}, and the client belongs to {self._client.org}"
                yield ReasonDetail(told, short(one.place(self._client.client_id)), passed=False)
            elif is_transfer(one.operations):
                told = f"{name}: it is about transfers of records, and opens no API of data"
                yield ReasonDetail(told, short(one.place("operations")), passed=False)
            else:
                yield ReasonDetail(f"{name}: in force until {one.end}", short(one.place("validity")))
        if not self._named:
            yield ReasonDetail(f"no agreement of your district names {self._client.client_id}", "", passed=False)

    def _in_force(self) -> Iterator[Agreement]:
        for one in self._served:
            if one.org == self._client.org and one in current(self._served, one.today(self._now)):
                yield one

    def _operations(self) -> Iterator[ReasonDetail]:
        wanted = next((set(one) for one in self._found.known(steps.OPERATION)[1:] if isinstance(one, frozenset)), set())
        query = next((one for one in self._found.known(steps.OPERATION)[1:] if not isinstance(one, frozenset)), None)
        if query is not None:
            wanted = {"search"} if query.filter is not None else {"changes"} if query.window is not None else set(READ)
        for one in self._in_force():
            told = f"{one.id}@{one.version} has {', '.join(sorted(one.operations))}"
            yield ReasonDetail(told, short(one.place("operations")), bool(wanted & one.operations))

    def _facts(self) -> Iterator[ReasonDetail]:
        """Tell of the ids of the records of the view, without which nothing of it leaves, which line releases them."""
        view = self._view()
        names = dict.fromkeys(fields_of(one.entity)["id"].release for one in view.branches) if view else {}
        for name in names:
            yield from self._explained(name)

    def _query(self) -> Iterator[ReasonDetail]:
        """Tell of a name in the query that does not exist for the client which facts it would show, and their lines."""
        error, view = self._found.error, self._view()
        if not isinstance(error, UnknownName) or view is None:
            return
        names = list(dict.fromkeys(
            name for branch in view.branches for path, chain in paths(branch.nodes)
            if path.lower() == error.name.lower() for name in names_of(branch.entity, chain)
        ))  # fmt: skip
        for name in names[:MAX_ELEMENTS]:
            yield from self._explained(name.removesuffix(".*"))
        if not names:
            yield ReasonDetail("the resource has no member of that name", "", passed=False)

    def _explained(self, name: str) -> Iterator[ReasonDetail]:
        for one in self._in_force():
            for trace in explain((one,), self._client.client_id, name, self._now):
                lines = [step for step in trace.steps if step.about in {"element", "cap", "together", "combined"}]
                for step in lines:
                    told = f"{one.id}@{one.version}: {trace.element}: {step.text}"
                    place = short(step.place if step.place != one.file else one.place("elements"))
                    yield ReasonDetail(told, place, step.passed)

    def _view(self) -> View | None:
        """Return the view that the request is for."""
        known = self._found.known(steps.FACTS) or self._found.known(steps.QUERY)
        if len(known) > 1:
            whole: View = known[1].view
            return registry.views(whole.api).get(whole.name)
        api = "oneroster" if "oneroster" in self._found.endpoint else "edfi"
        return registry.views(api).get(self._found.view)


def needed_scopes(client: Client, found: Rehearsed) -> tuple[ReasonDetail, ...]:
    """Tell which scopes a request needs one of, and which its client has: these are the client's own to know."""
    known = found.known(steps.SCOPE)
    if not known:
        return ()
    _, needed = known
    wanted, own = ", ".join(sorted(needed)), ", ".join(sorted(client.scopes))
    if needed & frozenset(client.scopes):
        return (ReasonDetail(Phrase("needs one of: %(needed)s", needed=wanted)),)
    lacks = Phrase("needs one of: %(needed)s; the client has: %(own)s", needed=wanted, own=own or "-")
    return (ReasonDetail(lacks, "", passed=False),)


def short(place: str) -> str:
    """Return a place without the folder of its file: what people of a district need not know of the server."""
    return place.replace("\\", "/").rpartition("/")[2] if not place.startswith("registry:") else place
