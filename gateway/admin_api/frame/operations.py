"""Operations: each route of the administration API names its action, its body and its answer, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

import orjson
from flask import Response, current_app, request

from gateway.admin.districts.in_memory import UPLOADS
from gateway.admin.second_person import Waiting
from gateway.admin_api.frame.bodies import JSON, AdminBody, Filters, Nothing, Paged, read_body, read_filters
from gateway.admin_api.frame.idempotency import require_key
from gateway.admin_api.frame.preconditions import check_match, etag_of, is_known, require_header
from gateway.people.actor import NotPermitted
from gateway.people.sessions import PROVED_FOR
from gateway.telemetry import about
from policies.roles import action as known_action

if TYPE_CHECKING:
    from flask import Flask
    from marshmallow import Schema

    from gateway.admin.administration import Administration
    from gateway.admin_api.frame.authentication import Entrance
    from gateway.admin_api.frame.idempotency import Idempotency
    from gateway.people.actor import Actor

PUBLIC: Final = "public"
"""What an operation names that anybody may ask: what there is, and how to ask."""

SIGNED_IN: Final = "signed-in"
"""What an operation names that whoever is known may ask, whatever the roles."""

ROOT: Final = "/admin/v1"
UNSAFE: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
STATE: Final = "admin_api"
NEXT_PAGE: Final = "Next-Page-Token"
ACCEPTED: Final = 202
PROVE_FIRST: Final = "Prove in the console who you are, and do this within ten minutes."

View = Callable[..., "Reply | Response"]
Declared = TypeVar("Declared", bound="View")
Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class Reply:
    """What an operation answers: *content* as JSON, how many there are in *total*, where what it made is.

    *following* is the cursor of the next page, where a list is read by cursors; *tag* what the ETag is made of, where
    that is not the content, or the ETag itself.
    """

    content: Any
    status: int = 0
    total: int | None = None
    location: str = ""
    following: str = ""
    tag: Mapping[str, Any] | str | None = None


class WaitsForSecond(Exception):
    """What is asked is a *proposal* now, which a second person must confirm."""

    def __init__(self, proposal: str) -> None:
        super().__init__(proposal)
        self.proposal = proposal


@dataclass(frozen=True, slots=True)
class AdminRequest:
    """What an operation is given: the *region*, the *actor*, and its *body* and *filters* as they were checked."""

    region: Administration
    actor: Actor
    body: Mapping[str, Any]
    filters: Mapping[str, Any]

    def page(self, every: Sequence[Any]) -> Reply:
        """Return the page that is asked for of *every* item."""
        first = self.filters["offset"]
        return Reply(every[first : first + self.filters["limit"]], total=len(every))

    def done(self, found: Done | Waiting) -> Done:
        """Return what was done, unless it waits for a second person.

        Raises:
            WaitsForSecond: it does, which answers the request.
        """
        if isinstance(found, Waiting):
            raise WaitsForSecond(found.proposal.id)
        return found

    @property
    def conditional(self) -> bool:
        """Whether the write is for one state of the resource only, by an If-Match that names it."""
        return "If-Match" in request.headers and not request.if_match.star_tag

    def match(self, content: Mapping[str, Any]) -> None:
        """Refuse a write that is for another state of the resource than its present *content* (If-Match)."""
        check_match(content)


@dataclass(frozen=True, slots=True)
class AdminOperation:
    """One operation: its address and method, the *action* it is for, and the forms of what goes in and out.

    *matched* says that it is a write for one state of a resource, which If-Match names; *many* that it answers a page
    of resources; *tagged* that its answer is a single resource with an ETag; *waits* that it may wait for a second
    person; *file* that its body is a file's bytes. The answer of one that is not *kept* is in no store, whatever key
    comes with the request. One with a *scope* is also for programs that have it, whatever the action says of people.
    *streams* is the media type of an answer that the view makes whole by itself.
    """

    name: str
    method: str
    rule: str
    action: str
    about: str
    answers: type[Schema] | None
    body: type[AdminBody] = Nothing
    filters: type[Filters] = Filters
    many: bool = False
    matched: bool = False
    tagged: bool = False
    waits: bool = False
    kept: bool = True
    status: int = 200
    group: str = ""
    file: bool = False
    scope: str = ""
    streams: str = ""
    view: View = field(repr=False, default=lambda: Reply(None))


class AdminOperations:
    """The operations of one *group*, as they are declared in its module."""

    def __init__(self, group: str) -> None:
        self.group = group
        self.declared: list[AdminOperation] = []

    def add(
        self, method: str, rule: str, action: str, answers: type[Schema] | None = None, **more: Any
    ) -> Callable[[Declared], Declared]:
        """Declare the operation that a view is: `AdminRequest` in, then the parts of its address; `Reply` out."""
        if action not in {PUBLIC, SIGNED_IN}:
            known_action(action)

        def declare(view: Declared) -> Declared:
            first = (view.__doc__ or "").strip().partition("\n")[0]
            if more.get("many"):
                more.setdefault("filters", Paged)
            self.declared.append(
                AdminOperation(view.__name__, method, rule, action, first, answers, group=self.group, view=view, **more)
            )
            return view

        return declare


@dataclass(frozen=True, slots=True)
class Serving:
    """What the operations of one application are served with, below its *root*; *keyed* needs a key for each POST."""

    region: Administration
    entrance: Entrance
    idempotency: Idempotency
    operations: tuple[AdminOperation, ...]
    root: str = ROOT
    keyed: bool = False

    def require_proved(self, action: str) -> None:
        """Refuse a dangerous *action* in a browser whose person has not proved lately who it is.

        Raises:
            NotPermitted: a session alone does not do it, as one that was stolen could.
        """
        if known_action(action).proved:
            self.require_proof()

    def require_proof(self) -> None:
        """Refuse a person in a browser who has not proved lately who it is, whatever it asks for.

        Raises:
            NotPermitted: a session alone does not do it.
        """
        session = self.entrance.session()
        if session is not None and self.region.clock() - session.proved > PROVED_FOR:
            raise NotPermitted(PROVE_FIRST)


def add_to(app: Flask, operation: AdminOperation, root: str = ROOT) -> None:
    """Route the address of an *operation*; its action stays on the view, where a test looks for it."""

    def view(**parts: str) -> Response:
        return serve(app.extensions[STATE], operation, parts)

    view.action = operation.action  # type: ignore[attr-defined]
    endpoint = f"{root.split('/')[1]}.{operation.group}.{operation.name}"
    app.add_url_rule(root + operation.rule, endpoint, view, methods=[operation.method])


def serving() -> Serving:
    """Return what the present application serves with."""
    found: Serving = current_app.extensions[STATE]
    return found


def serve(state: Serving, operation: AdminOperation, parts: Mapping[str, str]) -> Response:
    """Answer the present request: who asks, what, under which condition; then once."""
    about(view=operation.name)
    if operation.action == PUBLIC:
        return _rendered(operation, operation.view(state.region))
    actor = state.entrance.enter()
    if actor.kind == "machine":
        about(client=actor.name.removeprefix("client "))
    if operation.action != SIGNED_IN:
        state.entrance.permit(actor, operation.action, operation.scope)
    filters = read_filters(operation.filters)
    if operation.method not in UNSAFE:
        return _rendered(operation, operation.view(AdminRequest(state.region, actor, {}, filters), **parts))
    if operation.action != SIGNED_IN:
        state.require_proved(operation.action)
    if operation.file:
        request.max_content_length = current_app.config[UPLOADS]
    body = {} if operation.file else read_body(operation.body)
    asked = AdminRequest(state.region, actor, body, filters)
    if operation.matched:
        require_header()
    if state.keyed:
        require_key()
    if not operation.kept:
        return _rendered(operation, _done(operation, asked, parts))
    return state.idempotency.once(actor, lambda: _rendered(operation, _done(operation, asked, parts)))


def _done(operation: AdminOperation, asked: AdminRequest, parts: Mapping[str, str]) -> Reply | Response:
    try:
        return operation.view(asked, **parts)
    except WaitsForSecond as waiting:
        return Reply({"proposal": waiting.proposal, "state": "waits"}, ACCEPTED)


def _rendered(operation: AdminOperation, reply: Reply | Response) -> Response:
    if isinstance(reply, Response):
        return reply
    body = b"" if reply.content is None else orjson.dumps(reply.content)
    response = Response(body, reply.status or operation.status)
    if reply.content is not None:
        response.content_type = JSON
    if reply.total is not None:
        response.headers["Total-Count"] = str(reply.total)
    if reply.location:
        response.headers["Location"] = serving().root + reply.location
    if reply.following:
        response.headers[NEXT_PAGE] = reply.following
    if operation.tagged and response.status_code == operation.status:
        tag = reply.content if reply.tag is None else reply.tag
        etag = tag if isinstance(tag, str) else etag_of(tag)
        response.set_etag(etag)
        if request.method in {"GET", "HEAD"} and is_known(etag):
            response.status_code, response.data = 304, b""
            response.headers.pop("Content-Type", None)
    return response
