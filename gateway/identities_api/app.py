"""The application of the Ed-Fi Identities API: find, search and results, over the caller's own district alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import orjson
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from gateway.admin.transfers.office import ASK
from gateway.admin.transfers.own_students import OwnStudents
from gateway.admin_api.app import framed_app
from gateway.admin_api.frame.bodies import JSON
from gateway.auth.scopes import REQUEST
from gateway.identities_api.results import IdentityResults
from gateway.identities_api.wire import CERTAIN, answered, identity, read_descriptions, read_ids
from gateway.telemetry import about, fault
from gateway.transfers_api.authentication import DistrictEntrance
from gateway.transfers_api.offices import district_of
from gateway.web.edfi import refuse
from gateway.web.responses import base_url
from gateway.web.url_prefixes import PREFIXES, answering
from standards.errors import BodyTooLarge, CallerError, GatewayError, MethodNotAllowed, NotFound, UnsupportedMedia

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from gateway.admin.administration import Administration
    from gateway.admin.transfers.own_students import OwnStudent
    from gateway.people.actor import Actor

    Answer = Callable[[OwnStudents], Sequence[Sequence[OwnStudent]]]

ADDRESS: Final = re.compile(r"(/[^/]+)??(/[0-9]{4})?(/identity)(/.*)?", re.IGNORECASE | re.DOTALL)
ROOT: Final = "/identity/v2/identities"
STEPS: Final = frozenset({"find", "search", "results"})
FIXED_STEPS: Final = 2
"""The steps of every address below `/identity`: the version and what is listed."""

ACCEPTED: Final = 202
LATER: Final = "respond-async"
NOBODY: Final = "There is no such student here."
NO_RESULT: Final = "No identity search matching the provided search token was found."
NOT_MADE: Final = "Nobody is given a unique id here: the district's own system does that."


def is_identity_address(path: str) -> bool:
    """Tell whether a *path* is one of identities, with or without a district in front."""
    found = ADDRESS.fullmatch(path)
    return found is not None and (found[1] or "").lower() != "/metadata"


def create_identities_api(region: Administration) -> Flask:
    """Create the application over a *region*."""
    app = framed_app(region)
    app.wsgi_app = FoldedIdentities(app.wsgi_app)  # type: ignore[method-assign]
    app.register_error_handler(GatewayError, refuse)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _fault)
    desk = IdentityDesk(region)
    for prefix in PREFIXES:
        root = prefix + ROOT
        app.add_url_rule(root, f"create{prefix}", desk.create, methods=["POST"])
        app.add_url_rule(f"{root}/find", f"find{prefix}", desk.find, methods=["POST"])
        app.add_url_rule(f"{root}/search", f"search{prefix}", desk.search, methods=["POST"])
        app.add_url_rule(f"{root}/results/<token>", f"results{prefix}", desk.results, methods=["GET"])
        app.add_url_rule(f"{root}/<identifier>", f"one{prefix}", desk.one, methods=["GET"])
    return app


class FoldedIdentities:
    """Rewrite addresses of identities as the routes spell them: case and a slash at the end make no difference."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        """Pass the request on under the address as the routes spell it."""
        environ["PATH_INFO"] = folded_identities(environ.get("PATH_INFO", ""))
        return self._app(environ, start_response)


def folded_identities(path: str) -> str:
    """Spell *path* as the routes do, where it is an address of identities; an id in it stays as it is."""
    found = ADDRESS.fullmatch(path)
    if found is None:
        return path
    district, year, _, rest = (part or "" for part in found.groups())
    below = rest.removesuffix("/").split("/")[1:]
    spelt = [
        step.lower() if place < FIXED_STEPS or (place == FIXED_STEPS and step.lower() in STEPS) else step
        for place, step in enumerate(below)
    ]
    return "/".join([f"{district.lower()}{year}/identity", *spelt])


class IdentityDesk:
    """The operations, each for the district of who asks."""

    def __init__(self, region: Administration) -> None:
        self._region, self._entrance, self._results = region, DistrictEntrance(region), IdentityResults(region)
        self._serves = answering(region.settings().districts, region.clock)

    def find(self, district: str = "", year: int = 0) -> Response:
        """Find students by their unique ids."""
        return self._answer("identities.find", district, year, lambda students: _found(students, read_ids(_body())))

    def search(self, district: str = "", year: int = 0) -> Response:
        """Search for students who may be those described."""
        return self._answer(
            "identities.search", district, year, lambda students: _searched(students, read_descriptions(_body()))
        )

    def one(self, identifier: str, district: str = "", year: int = 0) -> Response:
        """Return the one student with a unique id."""
        _actor, _org, students = self._enter("identities.one", district, year)
        found = students.find(identifier)
        if found is None or found.score != CERTAIN:
            raise NotFound(NOBODY)
        return _json(identity(found))

    def results(self, token: str, district: str = "", year: int = 0) -> Response:
        """Return what came of a find or search that was not waited for."""
        actor, org, _students = self._enter("identities.results", district, year)
        kept = self._results.find(actor, org, token)
        if kept is None:
            raise NotFound(NO_RESULT)
        return Response(kept, content_type=JSON)

    def create(self, district: str = "", year: int = 0) -> Response:
        """Refuse to make an identity."""
        self._enter("identities.create", district, year)
        raise NotFound(NOT_MADE)

    def _enter(self, view: str, named: str, year: int) -> tuple[Actor, str, OwnStudents]:
        """Return who asks, for which district, and its students; another district is no address at all."""
        about(view=view)
        actor = self._entrance.enter()
        self._entrance.permit(actor, ASK, REQUEST)
        if actor.kind == "machine":
            about(client=actor.client)
        held = {one.org for one in actor.memberships} if actor.kind == "machine" else actor.orgs(ASK)
        if named and (named not in held or (year and not self._serves(named, year))):
            raise NotFound("There is no such address.")
        org = district_of(actor, ASK, named)
        return actor, org, OwnStudents(self._region, actor, org, actor.scopes)

    def _answer(self, view: str, named: str, year: int, ask: Answer) -> Response:
        """Answer a find or search at once, or where to read it for whoever prefers not to wait (RFC 7240)."""
        actor, org, students = self._enter(view, named, year)
        content = orjson.dumps(answered(ask(students)))
        if LATER not in request.headers.get("Prefer", "").lower():
            return Response(content, content_type=JSON)
        token = self._results.keep(actor, org, content)
        root = request.path.rpartition("/")[0]
        headers = {"Location": f"{base_url()}{root}/results/{token}", "Preference-Applied": LATER}
        return Response(status=ACCEPTED, headers=headers | {"Retry-After": "1"})


def _found(students: OwnStudents, ids: Sequence[str]) -> list[list[OwnStudent]]:
    return [[one] if (one := students.find(name)) is not None else [] for name in ids]


def _searched(students: OwnStudents, asked: Sequence[dict[str, str]]) -> list[Sequence[OwnStudent]]:
    return [students.search(one) for one in asked]


def _body() -> bytes:
    if request.mimetype not in {JSON, "text/json"}:
        raise UnsupportedMedia(f"Send the body as {JSON}.")
    return request.get_data()


def _json(content: Any) -> Response:
    return Response(orjson.dumps(content), content_type=JSON)


def _http_error(error: HTTPException) -> Response:
    """Render an error of the framework as Ed-Fi does."""
    if error.code == 404:  # noqa: PLR2004
        return refuse(NotFound("There is no such address."))
    if error.code == 405:  # noqa: PLR2004
        allowed = dict(error.get_headers()).get("Allow", "").split(", ")
        return refuse(MethodNotAllowed("This method is not allowed here.", sorted(set(allowed) & {"GET", "POST"})))
    if error.code == 413:  # noqa: PLR2004
        return refuse(BodyTooLarge(request.max_content_length or 0))
    return refuse(CallerError("The request cannot be understood."))


def _fault(error: Exception) -> Response:
    """Answer a fault of the program: nothing of it is sent, and the log names its kind only."""
    fault(error)
    return refuse(GatewayError("The gateway failed; nothing was sent."))
