"""Every operation under every scope alone: open exactly where the standard says."""

from __future__ import annotations

import pytest

from gateway.auth.scopes import known_scopes
from standards.oneroster.api import model
from tests.conformance.table import EVERY, address

ONEROSTER = sorted(scope for scope in known_scopes() if scope.startswith("https://"))


@pytest.fixture(scope="module")
def tokens(birch):
    """A token for each scope by itself."""
    consumer, found = birch.consumer(), {}
    for scope in ONEROSTER:
        form = {"grant_type": "client_credentials", "scope": scope}
        answer = consumer.web.post("/oauth/token", data=form, auth=(consumer.name, consumer.secret))
        assert answer.json["scope"] == scope
        found[scope] = {"Authorization": f"Bearer {answer.json['access_token']}"}
        birch.clock.move(1)
    return found


def refused(version, answer, older, newer):
    """Check a refusal against the whole body that its version has for it."""
    if version == "1.2":
        assert model.validate(version, "statusInfo", answer.json) == []
        assert (answer.json["imsx_codeMajor"], answer.json["imsx_severity"]) == ("failure", "error")
        (field,) = answer.json["imsx_CodeMinor"]["imsx_codeMinorField"]
        assert field == {"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": newer}
        return
    ((name, (info,)),) = answer.json.items()
    assert name == "statusInfoSet"
    assert (info["imsx_codeMajor"], info["imsx_severity"], info["imsx_codeMinor"]) == ("failure", "error", older)
    assert info.keys() == {
        "imsx_codeMajor", "imsx_severity", "imsx_operationRefIdentifier", "imsx_description", "imsx_codeMinor",
    }  # fmt: skip


@pytest.mark.parametrize("scope", ONEROSTER)
def test_a_scope_opens_the_operations_that_name_it_and_no_other(birch, tokens, scope):
    web, opened = birch.consumer().web, set()
    for version, route in EVERY:
        place = address(route, ["nothing"] * (len(route.parents) + route.single))
        answer = web.open(place, method=route.operation.method, headers=tokens[scope], json={})
        if answer.status_code != 403:
            opened.add((version, route.operation.name))
        else:
            refused(version, answer, "forbidden", "forbidden")
    wanted = {(version, route.operation.name) for version, route in EVERY if scope in route.scopes}
    print(f"{scope.rpartition('scope/')[2]}: {len(opened)} of {len(EVERY)} operations")
    assert opened == wanted != set()


@pytest.mark.parametrize("version", model.VERSIONS)
def test_without_a_token_nothing_is_open(birch, version):
    for at, route in EVERY:
        if at == version:
            place = address(route, ["nothing"] * (len(route.parents) + route.single))
            answer = birch.consumer().web.open(place, method=route.operation.method, json={})
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"].startswith(("Bearer", "OAuth"))
            refused(version, answer, "unauthorized", "unauthorisedrequest")
