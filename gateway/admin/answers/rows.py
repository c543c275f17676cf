"""The one record that an address names, looked up for the custodian as an explanation about one student looks it up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.admin.answers.answer import ReasonDetail
from gateway.reasoning.children import ChildView, sight
from standards.errors import GatewayError
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.auth.authorization import Authorization
    from gateway.engine.visibility import Visibility
    from gateway.gateway import Gateway
    from gateway.request import PageRequest
    from policies.grant import Grant
    from standards.view import View

STUDENT = "student.id"


class NamedRecords:
    """The records that an address names, each as the grants of the asker's own *districts* show it or do not.

    No change log is opened, and no id or value is repeated: the details tell clauses, entries and districts.
    """

    def __init__(self, gateway: Gateway, districts: frozenset[str], known: tuple[object, ...]) -> None:
        self._gateway, self._districts = gateway, districts
        self._known = known

    def details(self) -> tuple[ReasonDetail, ...]:
        """Tell of each record in the address whether the client sees it, and if not by which clause or entry."""
        authorization, request, *identifier = (*self._known, None, None)[:3]
        if authorization is None or request is None:
            return ()
        return tuple(self._all(authorization, request, identifier[0]))  # type: ignore[arg-type]

    def _all(
        self, authorization: Authorization, request: PageRequest, identifier: str | None
    ) -> Iterator[ReasonDetail]:
        named = [(one.view, one.identifier) for one in request.within]
        if identifier is not None:
            named.append((request.view, identifier))
        for view, own in named:
            for one in authorization.views:
                if one.grant.district in self._districts:
                    try:
                        yield from self._told(one.grant, view, own)
                    except GatewayError as error:
                        yield ReasonDetail(f"{one.grant.district}: {error.outward}", "", passed=False)

    def _told(self, grant: Grant, view: View, identifier: str) -> Iterator[ReasonDetail]:
        for branch in view.branches:
            release = fields_of(branch.entity)["id"].release
            visibility = sight(self._gateway, grant, [STUDENT, release])
            ids = visibility.ids(branch.entity, view.api)
            row = ids.index(identifier) if identifier in ids else None
            if row is not None:
                yield from self._of_row(visibility, branch.entity, row, release)
                return
        yield ReasonDetail(f"{grant.district} has no {view.name} with this id", "", passed=False)

    def _of_row(self, visibility: Visibility, entity: str, row: int, release: str) -> Iterator[ReasonDetail]:
        mask = visibility.visible(entity)
        seen, district = mask is None or bool(mask[row]), visibility.grant.district
        verdict = "exists for the client" if seen else "does not exist for the client"
        yield ReasonDetail(f"{district}: the {entity} in the address {verdict}", "", seen)
        for student in _students(visibility, entity, row):
            for step in ChildView(visibility, student).steps(release):
                yield ReasonDetail(f"{step.about}: {step.text}", step.place, step.passed)


def _students(visibility: Visibility, entity: str, row: int) -> list[int]:
    """Return the rows of the students that a record is, or belongs to."""
    if entity == "student":
        return [row]
    refs = visibility.snapshot.table(entity).refs.get("student")
    return [refs[row]] if refs and refs[row] >= 0 else []
