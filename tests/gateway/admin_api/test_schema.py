"""What the API says of itself is true: requests made up from its OpenAPI document get answers that are in it."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gateway.people.sessions import COOKIE
from tests.support.people.api import in_session
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites

CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip
QUICK, LONG = 3, 200
"""How many requests are made up for each operation, always and in the slow suite."""

ROLES = {
    "operator": (("region", "region-operator"),),
    "district": (("maple", "district-admin"),),
    "nobody": (),
}


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("schema")
    sites = small_sites(folder / "data")
    with people_region(
        folder / "region", sites, [agreement(name) for name in sites], '[limits]\nclient = ""\n'
    ) as region:
        in_session(region, "bo", *ROLES["operator"]).post(
            "/apiclients", {"name": "conformance", "vendorId": "conformance", "kind": "vendor", "scopes": ["edfi:read"]}
        )
        yield region


def try_all(region: Any, role: str, examples: int, mode: GenerationMode) -> Counter[int]:
    """Make up requests for each operation, every other one about a client that is there; count the statuses."""
    headers, cookies = {}, {}
    if ROLES[role]:
        caller = in_session(region, role, *ROLES[role])
        cookie = caller.wsgi.get_cookie(COOKIE, domain="crossing.example.org")
        headers, cookies = dict(caller.headers), {COOKIE: cookie.value}
    schema = schemathesis.openapi.from_wsgi("/admin/v1/openapi.json", region.running)
    found: Counter[int] = Counter()
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path == "/reload" and examples == QUICK:
            continue
        settings = hypothesis.settings(
            max_examples=examples, deadline=None, database=None, derandomize=True,
            suppress_health_check=list(hypothesis.HealthCheck), phases=[hypothesis.Phase.generate],
        )  # fmt: skip

        @settings
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            if "client_id" in (case.path_parameters or {}) and found.total() % 2:
                case.path_parameters["client_id"] = "conformance"
            answer = case.call(headers=headers, cookies=cookies)
            found[answer.status_code] += 1
            case.validate_response(answer, checks=CHECKS)

        with suppress(Unsatisfiable):  # nothing can be wrong about a request without parameters
            ask()
    return found


@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.value)
@pytest.mark.parametrize("role", ROLES)
def test_no_made_up_request_is_a_fault_or_answered_otherwise_than_described(region, role, mode):
    found = try_all(region, role, QUICK, mode)
    assert sum(found.values()) >= QUICK
    assert max(found) < 500, found
    assert found[401] == 0 or role == "nobody"
    if role == "nobody":
        assert set(found) <= {200, 400, 401}
    elif mode is GenerationMode.POSITIVE:
        assert {200, 404} <= set(found)
    else:
        assert {400, 404, 428} <= set(found)


@pytest.mark.slow
@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.value)
@pytest.mark.parametrize("role", ROLES)
def test_no_request_of_many_is_a_fault_or_answered_otherwise_than_described(region, role, mode):
    assert max(try_all(region, role, LONG, mode)) < 500
