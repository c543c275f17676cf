"""The agent and the gateway itself, over real sockets: a child moves from Maple to Cedar, whose system is an ODS."""

from __future__ import annotations

import copy
import threading
from contextlib import closing, contextmanager

import orjson
import pytest
from werkzeug.serving import make_server

from adapters.simulators import edfi
from gateway.auth.scopes import TRANSFERS
from gateway.receiving.gateway_client import TransferClient
from gateway.receiving.running import run_once
from gateway.receiving.settings import load
from gateway.sending import signing
from gateway.transfers.machine.words import TransferState
from gateway.transfers.package.figures import figures_of
from gateway.transfers.sealing.key_files import write_private_key
from gateway.transfers.sealing.key_set import KeyUse
from gateway.transfers.sealing.manifest import SignedBy
from tests.gateway.receiving.houses import House, code, codes_in, descriptors
from tests.gateway.transfers.work.world import pair
from tests.support.people.api import registered
from tests.support.people.moving import moving_region

CEDAR_ORG = 530099
SETTINGS = """\
district = "cedar"
state = "state"
[gateway]
url = "{url}/transfers/v1"
token_url = "{url}/oauth/token"
client_id = "cedar-agent"
client_secret = "file:client.secret"
signers = ["{signer}"]
allow_private = true
[keys]
private = ["cedar-seal.jwk"]
[senders.maple]
name = "Maple School District"
gateway_signs = true
[destination]
adapter = "edfi_ods"
organization = 530099
courses = "new"
[destination.settings]
url = "{ods}"
client_id = "crossing"
client_secret = "file:ods.secret"
writable = true
allow_private = true
"""


@contextmanager
def served(application):
    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def own_documents(child, files):
    """Cedar's ODS: the child is enrolled there, and all codes are known."""
    values = {
        one for path, content in files.items() if path.endswith(".json") for one in codes_in(orjson.loads(content))
    }
    values |= {code("MethodCreditEarned", "Transfer credit"), code("StudentIdentificationSystem", "State")}
    return [
        *descriptors(values),
        ("localEducationAgencies", {"localEducationAgencyId": CEDAR_ORG, "nameOfInstitution": "Cedar"}),
        *(("schoolYearTypes", {"schoolYear": year, "currentSchoolYear": False, "schoolYearDescription": str(year)})
          for year in range(2015, 2030)),
        ("students", {"studentUniqueId": "C-1", "birthDate": child.birth_date, "firstName": child.given,
                      "lastSurname": child.family}),
        ("studentEducationOrganizationAssociations", {
            "studentReference": {"studentUniqueId": "C-1"},
            "educationOrganizationReference": {"educationOrganizationId": CEDAR_ORG},
            "studentIdentificationCodes": [{
                "identificationCode": child.state_id, "assigningOrganizationIdentificationCode": "state",
                "studentIdentificationSystemDescriptor": code("StudentIdentificationSystem", "State")}]}),
    ]  # fmt: skip


@pytest.fixture
def moving(tmp_path):
    with moving_region(tmp_path / "region") as found:
        yield found


def packed(moving, caller):
    """A child of whom the record has left Maple, and the transfer."""
    for number in range(3, 40):
        told = caller.post("/transfers", moving.form(number)).json
        found = moving.world.work(moving.world.find(told["id"])) if "id" in told else None
        if found is not None and found.state is TransferState.PACKED:
            return moving.world.student(number), found
    raise AssertionError


def settings_in(folder, moving, url, ods, **changes):
    """Write the settings of the agents in Cedar's house, or in another one's."""
    folder.mkdir(mode=0o700)
    write_private_key(folder / "cedar-seal.jwk", pair("cedar enc"))
    write_private_key(folder / "maple-sign.jwk", pair("maple sig"))
    (folder / "ods.secret").write_text("ods-secret")
    signer = moving.program("keys-reader", "cedar").get("/keys/gateway").json["keys"][0]["kid"]
    text = SETTINGS.format(url=url, ods=ods, signer=signer)
    for before, after in changes.values():
        text = text.replace(before, after)
    (folder / "transfers.toml").write_text(text)
    return load(folder / "transfers.toml")


def test_a_record_leaves_one_district_and_is_filed_in_the_other(moving, tmp_path):
    secret = registered(moving.region, "cedar-agent", "cedar", TRANSFERS)
    caller = moving.program("cedar-office", "cedar")
    child, transfer = packed(moving, caller)
    documents = own_documents(child, moving.world.opened(transfer).files)
    folder = tmp_path / "cedar"
    with served(moving.region.running) as url, edfi.run(edfi.Ods(copy.deepcopy(documents))) as ods:
        settings_in(folder, moving, url, ods.url)
        (folder / "client.secret").write_text(secret)
        cedar = House(folder, None, ods)
        cedar.now = moving.world.clock()
        with cedar.agent() as agent:
            [line] = run_once(agent)
        assert line.startswith(f"{transfer.id}: version 1: ")
        assert line.endswith("; acknowledged")
        assert moving.world.find(transfer).state in {TransferState.ACKNOWLEDGED, TransferState.FILED}
        with cedar.agent() as agent:
            assert list(run_once(agent)) == []
            manifest = agent.opened(transfer.id).manifest
        assert figures_of(manifest)["sections"]["identity"] >= 1


def test_a_district_signs_in_its_own_house_what_the_gateway_seals(moving, tmp_path):
    secret = registered(moving.region, "maple-agent", "maple", TRANSFERS)
    moving.world.publish("maple", "maple sig", KeyUse.SIGN)
    caller = moving.program("cedar-office", "cedar")
    found = next(
        transfer
        for transfer in (moving.world.work(one) for one in asked(moving, caller))
        if transfer.state is TransferState.APPROVED
    )
    with served(moving.region.running) as url:
        settings = settings_in(
            tmp_path / "maple", moving, url, "http://127.0.0.1:9",
            district=('district = "cedar"', 'district = "maple"'), client=("cedar-agent", "maple-agent"),
            key=("[keys]", '[keys]\nsigning = "maple-sign.jwk"'),
        )  # fmt: skip
        (tmp_path / "maple" / "client.secret").write_text(secret)
        client = TransferClient(settings)
        with closing(client):
            [one] = [one for one in signing.waiting(client) if one.transfer == found.id]
            signing.sign(client, settings, signing.fetch(client, settings, one))
            assert [one for one in signing.waiting(client) if one.transfer == found.id] == []
    assert moving.world.work(found).state is TransferState.PACKED
    assert moving.world.opened(found).facts.signed_by is SignedBy.DISTRICT


def asked(moving, caller):
    """Ask for one child after the other, and yield each transfer."""
    for number in range(3, 40):
        told = caller.post("/transfers", moving.form(number)).json
        if "id" in told:
            yield moving.world.find(told["id"])
