"""What the API of transfers says of itself is true: its routes are described, and made-up requests get such answers."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from gateway.people.sessions import COOKIE
from gateway.transfers_api.app import create_transfers_api
from gateway.transfers_api.description import ROOT
from tests.gateway.admin_api.test_schema import CHECKS, LONG, QUICK

PLACE = re.compile(r"<(?:[a-z]+:)?([a-z_]+)>")
WHO = ("registrar", "approver", "program", "nobody")


@pytest.fixture(scope="module")
def described(moving):
    return moving.nobody().get("/openapi.json").json


def test_the_document_names_every_route_and_method(moving, described):
    app = create_transfers_api(moving.region.administered)
    routes = {
        (PLACE.sub(r"{\1}", rule.rule.removeprefix(ROOT)), method.lower())
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert routes == {(path, method) for path, item in described["paths"].items() for method in item}
    assert described["servers"] == [{"url": ROOT}]


def test_what_is_for_people_alone_names_no_program_and_every_post_its_key(described):
    for path, item in described["paths"].items():
        for method, one in item.items():
            names = {name for way in one["security"] for name in way}
            assert names <= {"machine", "session"}
            if path.endswith(("/match", "/decision", "/keys", "/retire", "/revoke")) and method == "post":
                assert names == {"session"}
            if method == "post":
                (key,) = [each for each in one["parameters"] if each["name"] == "Idempotency-Key"]
                assert key["required"]


def credentials(moving, who):
    """Return the headers and cookies of somebody."""
    if who == "nobody":
        return {}, {}
    if who == "program":
        return dict(moving.program(f"made-up-{next(NAMES)}", "cedar").headers), {}
    caller = moving.person(f"made-up-{who}", ("cedar", who))
    cookie = caller.wsgi.get_cookie(COOKIE, domain="crossing.example.org")
    return dict(caller.headers), {COOKIE: cookie.value}


NAMES = iter(range(100))
CHILDREN = iter(range(5, 60))


@pytest.fixture(scope="module")
def operations(moving):
    """The operations that the document describes: what makes requests of each is made once for whoever asks."""
    schema = schemathesis.openapi.from_wsgi(f"{ROOT}/openapi.json", moving.region.running)
    return [result.ok() for result in schema.get_all_operations()]


def try_all(moving: Any, operations: list[Any], who: str, examples: int, mode: GenerationMode) -> Counter[int]:
    """Make up requests for each operation, every other one about a transfer that is there; count the statuses."""
    headers, cookies = credentials(moving, who)
    known = (
        moving.person("asks", ("cedar", "registrar"))
        .post("/transfers", moving.form(next(CHILDREN), standing="intent"))
        .json["id"]
    )
    found: Counter[int] = Counter()
    for operation in operations:
        settings = hypothesis.settings(
            max_examples=examples, deadline=None, database=None, derandomize=True,
            suppress_health_check=list(hypothesis.HealthCheck), phases=[hypothesis.Phase.generate],
        )  # fmt: skip

        @settings
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            if "transfer" in (case.path_parameters or {}) and found.total() % 2:
                case.path_parameters["transfer"] = known
            answer = case.call(headers=headers, cookies=cookies)
            found[answer.status_code] += 1
            case.validate_response(answer, checks=CHECKS)

        with suppress(Unsatisfiable):  # nothing can be wrong about a request without parameters
            ask()
    return found


@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.value)
@pytest.mark.parametrize("who", WHO)
def test_no_made_up_request_is_a_fault_or_answered_otherwise_than_described(moving, operations, who, mode):
    found = try_all(moving, operations, who, QUICK, mode)
    assert sum(found.values()) >= QUICK
    assert max(found) < 500, found
    assert found[401] == 0 or who == "nobody"
    if who == "nobody":
        assert set(found) <= {200, 401}


@pytest.mark.slow
@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.value)
@pytest.mark.parametrize("who", WHO)
def test_no_request_of_many_is_a_fault_or_answered_otherwise_than_described(moving, operations, who, mode):
    assert max(try_all(moving, operations, who, LONG, mode)) < 500
