"""P2 and P4 at every exit and every entry, by the tables of routes: a new route fails here until it has its place."""

from __future__ import annotations

import copy
import os
import secrets
from contextlib import contextmanager

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from gateway.audit import log
from gateway.auth.scopes import known_scopes
from standards.oneroster import model
from standards.oneroster.api.routes import roots
from tests.conformance import exits
from tests.conformance.table import flat
from tests.support.regions import agreement, running

EVERY = exits.every()
OPERATIONS = "read, search, changes, bulk, create, update, delete"
WRITES = {"PUT", "POST", "DELETE"}
SILENT = {"/oauth/token", "/oauth/revoke", "/oauth/introspect", "/.well-known/oauth-authorization-server", "/health",
          "/ready", "/metrics", "/changeQueries/v1/availableChangeVersions", "", "/"}  # fmt: skip
DESCRIBING = ("/docs", "/metadata", *(f"{root}/discovery/" for root in roots("1.2").values()))
"""Rules that tell nothing of any district's data: whole, and by what they begin with, behind a district and a year."""


LESS = {
    "no-read": {"read", "search", "changes"}, "no-changes": {"changes"}, "no-bulk": {"bulk"},
    "no-create": {"create"}, "no-update": {"update"}, "no-delete": {"delete"},
}  # fmt: skip
READS = tuple(one for one in known_scopes() if one.endswith("readonly"))
ENDS = tuple(one for one in known_scopes() if one.endswith(("gradebook.delete", "assessment.delete")))
MAKES = tuple(one for one in known_scopes() if "create" in one and not one.startswith("edfi:"))
SCOPES = {  # of a client whose agreement has every operation, but whose token has every scope except those of one
    "read": ("edfi:delete", "edfi:readchanges", *ENDS, *MAKES), "changes": ("edfi:read", *READS),
    "bulk": ("edfi:read", "edfi:readchanges", *ENDS, *MAKES), "create": ("edfi:read", "edfi:update", *READS, *ENDS),
    "update": ("edfi:read", "edfi:create", *READS, *ENDS), "delete": ("edfi:read", "edfi:update", *READS, *MAKES),
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def restored(system):
    """The system that the tests of this folder share is left as it was found."""
    before = copy.deepcopy(system.sis.documents)
    yield
    for name, kept in before.items():
        system.sis.documents[name].clear()
        system.sis.documents[name].update(kept)


@pytest.fixture(scope="module")
def region(site, tmp_path_factory):
    less = {name: ", ".join(one for one in OPERATIONS.split(", ") if one not in gone) for name, gone in LESS.items()}
    texts = [agreement("birch", client=name, operations=f"[{left}]") for name, left in less.items()]
    whole = ["conformance", *(f"scope-{operation}" for operation in SCOPES)]
    texts += [agreement("birch", client=name, operations=f"[{OPERATIONS}]") for name in whole]
    texts += [agreement("birch", client="ended", operations=f"[{OPERATIONS}]", begin="2025-09-01", end="2026-08-31")]
    with running(tmp_path_factory.mktemp("exits"), {"birch": site}, texts, "[tokens]\nper_client = 1000\n") as made:
        yield made


@pytest.fixture(scope="module")
def world(region):
    owner = region.consumer()
    return exits.World(owner, {version: flat(owner, version) for version in model.VERSIONS})


class Watch:
    """What happened to one request, in order: its event durable, the upstream's view of it, the first byte."""

    def __init__(self, region, system, monkeypatch):
        self.folder, self.trace, self.order = region.folder / "state" / "audit", secrets.token_hex(16), []
        flush, answer = log._sync, system.sis.answer

        def flushed(descriptor):
            flush(descriptor)
            if self.recorded():
                self.order.append("durable")

        def answered(method, url, *rest):
            if method in WRITES and "/oauth/token" not in url:
                self.order.append("upstream")
            return answer(method, url, *rest)

        monkeypatch.setattr(log, "_sync", flushed)
        monkeypatch.setattr(type(system.sis), "answer", lambda _self, *given: answered(*given))

    def recorded(self):
        """Whether the record's files tell of this request."""
        return any(self.trace.encode() in path.read_bytes() for path in self.folder.glob("*.jsonl"))

    def send(self, region, consumer, request):
        """The status, the headers and the body of the answer, as the server takes them over."""
        headers = consumer.bearer | {"traceparent": f"00-{self.trace}-{'1' * 16}-01"}
        path, _, query = request.path.partition("?")
        environ = EnvironBuilder(
            path=path, query_string=query, method=request.method, headers=headers, json=request.body
        ).get_environ()

        def watched(environ, start_response):
            def begin(*given):
                self.order.append("begins")
                return start_response(*given)

            return region.app(environ, begin)

        pieces, status, answered = run_wsgi_app(watched, environ, buffered=False)
        body = b"".join(pieces)
        return int(status[:3]), answered, body


@pytest.fixture
def watch(region, system):
    """Makes a watch over one request."""
    region.gateway.ending()  # acts are written by now

    @contextmanager
    def over():
        with pytest.MonkeyPatch.context() as patch:
            yield Watch(region, system, patch)

    return over


def lose(record):
    """Take the disk away: the next write to the record fails for real."""
    os.close(record._file)
    record._file = os.open(os.devnull, os.O_RDONLY)


def test_every_route_is_an_exit_that_is_tested_or_tells_nothing(region):
    tested, unknown = {(one.rule, one.method) for one in EVERY}, []
    for rule in region.app.url_map.iter_rules():
        rest = rule.rule.removeprefix("/<district>").removeprefix("/<int(fixed_digits=4):year>")
        if rest not in SILENT and not rest.startswith(DESCRIBING):
            methods = rule.methods - {"HEAD", "OPTIONS"}
            unknown += [(rule.rule, one) for one in methods if (rule.rule, one) not in tested and operates(rest, one)]
    assert unknown == []


def operates(rest, method):
    """Whether a rule does anything with a method: the rules that catch the rest of an API refuse all but its operations."""
    services = {
        (model.edition(version).base_path(route.operation.service), route.operation.method)
        for version, route in exits.OPERATIONS
    }
    root, caught = rest.removesuffix("/<path:rest>"), rest.endswith("/<path:rest>")
    return (root, method) in services if root.startswith("/ims/") and caught else not caught


def test_a_catching_rule_refuses_what_is_no_operation(region):
    """What `operates` leaves out: other methods, and addresses below the Ed-Fi root."""
    owner = region.consumer()
    for root in (*roots("1.1").values(), *roots("1.2").values()):
        assert owner.ask(f"{root}/users", method="PATCH").status_code in {404, 405}
    for path in ("/data/v3/ed-fi/students/a/b", "/data/v3/ed-fi", "/birch/data/v3/x"):
        for method in ("GET", "PATCH", "PUT", "POST", "DELETE"):
            assert owner.ask(path, method=method).status_code in {404, 405}


@pytest.mark.parametrize("one", EVERY, ids=str)
def test_what_leaves_or_is_written_is_on_record_first_or_not_at_all(one, region, world, system, watch):
    consumer, asked = world.owner, one.make(world)
    lose(region.gateway.record)
    with watch() as first:
        status, headers, body = first.send(region, consumer, asked)
        assert status == 503, body
        assert headers["Content-Type"] in {"application/json", "application/problem+json"}
        assert b"imsx_" in body or b"urn:ed-fi:" in body
        assert not {"X-Total-Count", "Total-Count", "Link", "ETag", "Location", "Next-Page-Token"} & set(headers.keys())
        assert first.order == ["begins"]
        assert not first.recorded()
    with watch() as second:
        status, _, body = second.send(region, consumer, asked)
        assert status in {200, 201, 204}, body
        assert second.recorded()
        assert second.order[0] == "durable", second.order
        assert ("upstream" in second.order) == one.writes, second.order


def test_a_bulk_file_and_a_delete_have_something_to_hide(world):
    """The exits are asked for data that is there."""
    assert len(world.send(exits.Request("GET", exits.BULK[1])).data) > 10_000
    assert sum(one.writes for one in EVERY) > 60


PLAIN = [one for one in EVERY if not one.rule.endswith("/oauth/token_info")]


@pytest.fixture(scope="module")
def asked(world):
    """A request for every exit, made once: whoever is refused leaves all as it was."""
    return {one: one.make(world) for one in PLAIN}


def refused(region, watch, request, name, scopes=None):
    """A request of somebody who may not make it: nothing is told, nothing done, nothing is in the answer."""
    with watch() as watched:
        status, headers, body = watched.send(region, region.consumer(name, scopes), request)
    assert status in {403, 404}, (request, status, body[:300])
    assert b"imsx_" in body or b"urn:ed-fi:" in body
    assert not {"X-Total-Count", "Total-Count", "Link", "ETag", "Location"} & set(headers.keys())
    assert watched.order == ["begins"]


@pytest.mark.parametrize("name", ["stranger", "ended"])
def test_without_an_agreement_no_exit_gives_anything(name, region, asked, watch):
    for request in asked.values():
        refused(region, watch, request, name)


def test_without_the_operation_no_exit_gives_anything(region, asked, watch):
    for one, request in asked.items():
        refused(region, watch, request, f"no-{one.operation}")


def test_without_the_scope_no_exit_gives_anything(region, asked, watch):
    for one, request in asked.items():
        refused(region, watch, request, f"scope-{one.operation}", SCOPES[one.operation])


def test_without_a_token_no_exit_gives_anything(region, asked):
    web = region.app.test_client()
    for request in asked.values():
        answer = web.open(request.path, method=request.method, json=request.body)
        assert answer.status_code == 401
        assert not {"X-Total-Count", "Total-Count", "Link", "ETag", "Location"} & set(answer.headers.keys())
