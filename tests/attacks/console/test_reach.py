"""What belongs to another organisation is answered like what does not exist: by every page and every operation."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from gateway.admin.clients.clients import NewClient
from gateway.admin.clients.secrets import ClientSecrets
from gateway.admin.districts.connecting import Connections
from gateway.admin.people import Persons
from gateway.admin_api.app import create_admin_api
from gateway.admin_api.frame.operations import SIGNED_IN
from gateway.console.app import create_console
from gateway.console.page import PUBLIC
from gateway.people.actor import operator
from gateway.storage.acts import Act
from gateway.storage.database import transaction
from gateway.storage.people.proposals import Proposal, Proposals, new_id
from gateway.storage.transfers.attachments import Attachment, keep_attachment
from gateway.storage.transfers.district_keys import DistrictKey, DistrictKeys
from gateway.tasks.store import Tasks
from gateway.transfers.ledger.ledger import TransferLedger
from gateway.transfers.machine.words import EventKind
from gateway.transfers.sealing.key_files import new_key
from gateway.transfers.sealing.key_set import KeyUse, publish
from policies.roles import roles
from standards.errors import Conflict
from tests.gateway.transfers.attachments.documents import PLAN
from tests.gateway.transfers.histories import draft
from tests.gateway.transfers.ledger.conftest import VALUES, Times
from tests.support.people.api import in_session
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites

HIDDEN = {
    "name": "cedar",
    "client_id": "bluebell",
    "vendor_id": "bluebell",
    "org": "cedar",
    "application_id": "bluebell-cedar",
    "district": "cedar",
}
NOTHING = {
    "name": "zedar",
    "client_id": "zluebell",
    "vendor_id": "zluebell",
    "org": "zedar",
    "application_id": "zluebell-zedar",
    "district": "zedar",
}
SAME = {"version": "1", "act": "retire", "register": "consents", "part": "parties", "path": "x", "filename": "x"}
CHANGING = re.compile(r'[0-9a-f]{32,64}|name="csrf_token"[^>]*>|Ij[\w.-]{20,}')
ACTORS = {
    "every role of another district": [
        ("maple", name) for name, one in roles().items() if one.org in {"district", "any"}
    ],
    "another vendor": [("conformance", "vendor-contact"), ("conformance", "approver")],
    "a community organisation": [("helpers", "cbo-admin"), ("helpers", "cbo-staff")],
}


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reach")
    agreements = [agreement("maple"), agreement("cedar", client="bluebell")]
    with people_region(folder / "region", small_sites(folder / "data", 20), agreements) as found:
        new = NewClient("bluebell", "bluebell", "vendor", ("edfi:read",), "cedar")
        ClientSecrets(found.administered).add(operator("root"), new)
        yield found


@pytest.fixture(scope="module")
def hidden(region):
    """Something of cedar of each kind, and nothing with ids of the same length."""
    store, clock = region.administered.store, region.clock
    cora = region.actor("cora", ("cedar", "district-admin"))
    Persons(region.administered).invite(cora, "cedar", "new@example.org", "approver")
    (invited,) = Persons(region.administered).overview(cora, "cedar").invitations
    proposal = Proposal(
        new_id(), "settings.change", "cedar", "settings", {"step": "secret"}, "", clock(), cora.name, "", ""
    )
    Proposals(store, clock).add(proposal, lambda _one: Act("x", "y"))
    task = Tasks(store, clock).open("cedar", "privacy-officer", "look", clock(), cora.name)
    ledger = TransferLedger(store, b"t" * 32, clock, Times())
    moving = ledger.ask(draft(EventKind.ASK, sender="cedar", receiver="elm", org="elm"), VALUES).transfer
    found = {"person": cora.person, "invitation": invited.id, "proposal": proposal.id, "task": task.id}
    found["transfer"], found["kid"] = moving.id, sealing_key(store, clock).kid
    found["attachment"] = attached(store, moving.id, clock()).id
    none = {name: re.sub(r"[0-9a-f]", "e", one) for name, one in found.items()}
    return HIDDEN | found, NOTHING | none


def sealing_key(store, clock):
    """Publish a key of cedar for what is sealed to it."""
    key = publish(new_key(), KeyUse.SEAL, clock(), clock() + timedelta(days=300))
    row = DistrictKey("cedar", key.kid, key.use.value, "active", key.as_jwk())
    DistrictKeys(store, clock).put(row, Act("cora", "key added", "cedar", {}))
    return key


def attached(store, transfer, at):
    """Attach a document to a record of cedar's."""
    one = Attachment("d" * 64, "documents", len(PLAN), "cora", at)
    with transaction(store.engine, write=True) as connection:
        keep_attachment(connection, bytes(32), transfer, one, PLAN)
    return one


def ways(app):
    for rule in app.url_map.iter_rules():
        action = getattr(app.view_functions[rule.endpoint], "action", PUBLIC)
        if rule.arguments and action not in {PUBLIC, SIGNED_IN, "organisation.read", "account.own"}:
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                yield method, rule.rule, action


def path_of(rule, values):
    named = dict(values)
    if "/agreements/" in rule:
        named["name"] = named["application_id"]
    if "/tasks/" in rule:
        named["name"] = named["task"]
    if "/entries/" in rule:
        named["name"] = named["proposal"]
    return re.sub(r"<(?:[^:>]*:)?(\w+)>", lambda found: str((SAME | named)[found[1]]), rule)


def told(answer, values):
    text = f"{answer.status_code} {answer.headers.get('Location', '')} {answer.get_data(as_text=True)}"
    for value in sorted(set(values.values()), key=len, reverse=True):
        text = text.replace(value, "?")
    return CHANGING.sub("#", text)


def apart(one, other):
    """Return where two answers begin to differ."""
    at = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    return one[:3], one[max(0, at - 40) : at + 80], other[max(0, at - 40) : at + 80]


@pytest.mark.parametrize("who", ACTORS)
def test_what_is_of_another_organisation_is_answered_like_nothing(region, hidden, who):
    name = who.replace(" ", "-")
    browser, script = region.browser(name, *ACTORS[who]), in_session(region, name, *ACTORS[who])
    browser.get("/console/account")
    told_apart, looked = [], 0
    for app in (create_console(region.administered), create_admin_api(region.administered)):
        for method, rule, _ in ways(app):
            answers = []
            for values in hidden:
                path = path_of(rule, values)
                if path.startswith("/admin/v1"):
                    answer = script.ask(
                        method, path.removeprefix("/admin/v1"), None if method == "GET" else {}, If_Match="*"
                    )
                elif method == "GET":
                    answer = browser.get(path)
                else:
                    answer = browser.post(path, {"reason": "so", "org": values["org"], "digest": "x"})
                assert "made here" not in answer.text
                answers.append(told(answer, values))
            looked += 1
            if answers[0] != answers[1] or answers[0][0] == "2":
                told_apart.append((method, rule, *apart(*answers)))
    assert looked > 80
    assert not told_apart, "\n".join(map(str, told_apart))


def test_a_client_that_two_districts_name_tells_neither_of_the_others_agreement(tmp_path):
    agreements = [agreement(name) for name in ("maple", "cedar")]
    with people_region(tmp_path / "region", small_sites(tmp_path / "data", 20), agreements) as region:
        new = NewClient("conformance", "conformance", "vendor", ("edfi:read",), "maple")
        ClientSecrets(region.administered).add(operator("root"), new)
        for district in ("maple", "cedar"):
            mine = in_session(region, district, (district, "district-admin"))
            for shown in (mine.get("/apiclients/conformance").json, *mine.get("/apiclients").json):
                assert shown["applicationIds"] == [f"conformance-{district}"]
        vendor = in_session(region, "vera", ("conformance", "vendor-contact"))
        assert vendor.get("/apiclients/conformance").json["applicationIds"] == [
            "conformance-cedar",
            "conformance-maple",
        ]


def test_no_district_is_connected_under_the_name_of_a_vendor_whose_people_would_act_for_it(region):
    region.person("vic", ("elm", "vendor-contact"))
    boss = region.actor("bo", ("region", "region-operator"))
    with pytest.raises(Conflict, match="this name already"):
        Connections(region.administered).save(boss, "elm", {"adapter": "oneroster_csv", "settings": {}})
