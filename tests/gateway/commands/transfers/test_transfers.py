"""``crossing transfers`` asks, follows, withdraws and counts, names no student, and releases nothing."""

from __future__ import annotations

import json

import click
import pytest

from gateway.audit.acts import read_acts
from gateway.commands.cli import main
from gateway.commands.transfers.stated import PARTS
from gateway.people.actor import operator
from gateway.transfers.machine.words import TransferState
from gateway.transfers.sealing.key_set import KeyUse, publish
from gateway.transfers.work.troubles import TroubleReason
from policies.roles import actions, commands
from tests.gateway.transfers.work.test_worker import restrict
from tests.gateway.transfers.work.world import NOW, pair
from tests.support.people.commands import crossing, last_act, listening
from tests.support.people.moving import moving_region

ACTING = [
    words for words, action in commands().items()
    if words.startswith("transfers ") and words != "transfers keys list" and actions()[action].person
]  # fmt: skip
"""The commands that do what is otherwise for a district's people."""
WHY = ("--reason", "the console is down")
CEDAR, MAPLE = ("--district", "cedar"), ("--district", "maple")


@pytest.fixture(scope="module")
def moving(tmp_path_factory):
    with moving_region(tmp_path_factory.mktemp("commanded")) as found, listening(found.region):
        yield found


@pytest.fixture(scope="module")
def region(moving):
    return moving.region


def typed(moving, number=3, **changes):
    """Return what is typed of a student, a line for each part."""
    stated = moving.student(number, **changes)
    return "".join(f"{stated.get(part, '')}\n" for part in PARTS)


def marked(region):
    """Return the acts by which commands were marked."""
    region.running._carrier.carry()
    found = read_acts(region.folder / "state" / "audit")
    return [one for one in found if one["action"] == "transfer command"]


def asked(moving, number=3, **changes):
    """Return the id of a request that was made by the command."""
    words = ("--standing", "intent", "--again", "--json", *WHY, *CEDAR)
    answer = crossing(moving.region, "transfers", "ask", "maple", *words, typed=typed(moving, number, **changes))
    return json.loads(answer.stdout)["id"]


def test_a_student_is_asked_for_by_prompts_and_named_in_no_answer(moving, region):
    identifier = asked(moving)
    shown = crossing(region, "transfers", "show", identifier, *CEDAR).stdout
    assert shown.startswith(f"{identifier}: asked\n  sender: maple\n")
    for text in moving.student().values():
        assert text not in shown


def test_a_student_is_read_from_a_file(moving, region, tmp_path):
    file = tmp_path / "student.json"
    file.write_text(json.dumps(moving.student(5)), "utf-8")
    words = ("maple", *CEDAR, "--from", str(file), "--standing", "intent", *WHY)
    assert ": asked" in crossing(region, "transfers", "ask", *words).stdout
    for wrong in ('{"family": 7}', '{"shoes": "x"}', "[", "[]", '{"family": "' + "x" * 300 + '"}'):
        file.write_text(wrong, "utf-8")
        refused = crossing(region, "transfers", "ask", *words, fails=2)
        assert "xxx" not in refused.output


def test_no_option_takes_a_value_of_a_student():
    ask = main.commands["transfers"].commands["ask"]
    assert not {option.lower() for one in ask.params for option in one.opts} & {f"--{part.lower()}" for part in PARTS}


def test_what_an_operator_does_for_a_district_needs_a_reason_that_is_on_record_before(moving, region):
    words = ("transfers", "ask", "maple", "--standing", "intent", *CEDAR)
    crossing(region, *words, typed=typed(moving, 14), fails=2)
    refused = crossing(region, *words, "--reason", " ", typed=typed(moving, 14), fails=1)
    assert "Say why" in refused.stderr
    crossing(region, *words, *WHY, typed=typed(moving, 14, birthDate="", stateId=""), fails=1)
    act = last_act(region)
    assert (act["action"], act["district"], act["reason"]) == ("transfer command", "cedar", WHY[1])
    assert act["content"] == {"action": "transfer.ask", "inPlaceOfDistrict": 1}
    identifier = asked(moving, 14)
    for command in (("redirect", identifier, "oak"), ("withdraw", identifier, "--reason", "mistake")):
        why = () if command[0] == "withdraw" else WHY
        crossing(region, "transfers", *command, *why, *CEDAR, fails=int(command[0] == "redirect"))
        assert marked(region)[-1]["content"]["transfer"] == identifier
    crossing(region, "transfers", "keys", "retire", "x", *MAPLE, fails=2)


@pytest.mark.parametrize("words", ACTING)
def test_whatever_an_operator_does_for_a_district_by_command_asks_why(words):
    command = main
    for word in words.split():
        command = command.commands[word]
    (reason,) = [one for one in command.params if one.name == "reason"]
    assert reason.required


def test_the_same_key_asks_once(moving, region):
    words = ("maple", *CEDAR, "--standing", "intent", "--key", "once", "--json", *WHY)
    answers = [crossing(region, "transfers", "ask", *words, typed=typed(moving, 6)) for _ in range(2)]
    assert len({json.loads(one.stdout)["id"] for one in answers}) == 1


def test_either_side_lists_what_it_may_see(moving, region):
    identifier = asked(moving, 7)
    moving.world.work(moving.world.find(identifier))
    out = json.loads(crossing(region, "transfers", "list", *CEDAR, "--role", "out", "--json").stdout)
    assert {one["state"] for one in out if one["id"] == identifier} == {"asked"}
    inside = json.loads(crossing(region, "transfers", "list", *MAPLE, "--json").stdout)
    assert {one["state"] for one in inside if one["id"] == identifier} == {"packed"}
    table = crossing(region, "transfers", "list", *MAPLE, "--limit", "1")
    assert "--cursor" in table.stderr
    shown = crossing(region, "transfers", "show", identifier, *MAPLE).stdout
    assert "packed" in shown
    assert moving.world.student(7).family not in shown
    crossing(region, "transfers", "list", *MAPLE, "--state", "asked", fails=1)
    assert crossing(region, "transfers", "list", *MAPLE, "--state", "ended").stdout == "There is no such transfer.\n"


def test_a_request_is_withdrawn_by_either_side_once(moving, region):
    first, second = asked(moving, 8), asked(moving, 9)
    done = crossing(region, "transfers", "withdraw", first, *CEDAR, "--reason", "mistake")
    assert f"{first}: closed" in done.stdout
    crossing(region, "transfers", "withdraw", first, *CEDAR, "--reason", "mistake", fails=1)
    told = crossing(region, "transfers", "withdraw", second, *MAPLE, "--reason", "agreement-ended", "--json")
    assert json.loads(told.stdout)["state"] == "withdrawn"


def test_a_request_goes_on_only_to_a_district_with_an_agreement(moving, region):
    refused = crossing(region, "transfers", "redirect", asked(moving, 10), "oak", *WHY, *CEDAR, fails=1)
    assert "agreement" in refused.stderr


def test_a_transfer_of_others_is_none(moving, region):
    for words in (("show",), ("withdraw", "--reason", "mistake")):
        refused = crossing(region, "transfers", words[0], "0" * 32, *words[1:], *CEDAR, fails=1)
        assert "There is no such transfer" in refused.stderr


def test_what_was_given_up_is_listed_with_the_reason(moving, region):
    restrict(moving.world, 11)
    identifier = asked(moving, 11)
    transfer = moving.world.work(moving.world.find(identifier))
    assert transfer.state is TransferState.WAITING
    moving.world.work(moving.world.approve(transfer))
    (one,) = [
        one for one in json.loads(crossing(region, "transfers", "work", "--json").stdout) if one["id"] == identifier
    ]
    assert (one["why"], one["state"], one["replayed"]) == (TroubleReason.NOT_COVERED.value, "approved", False)
    assert "receiver" not in one
    assert one["id"] in crossing(region, "transfers", "work", *MAPLE).stdout


def test_transfers_are_counted_by_track(moving, region):
    asked(moving, 12)
    (one,) = json.loads(crossing(region, "transfers", "report", *MAPLE, "--from", "2026-09-01", "--json").stdout)
    assert one["district"] == "maple"
    assert one["asked"] >= 1
    told = crossing(region, "transfers", "report", "--from", "2026-09-01", "--until", "2027-01-01").stdout
    assert "maple: " in told
    assert "  info: " in told


@pytest.fixture
def key_file(tmp_path):
    """A public key of Maple, as `crossing` writes one."""
    made = publish(pair("maple commanded"), KeyUse.SIGN, NOW, NOW.replace(year=2028))
    path = tmp_path / "key.json"
    path.write_text(json.dumps(made.as_jwk()), "utf-8")
    return made.kid, str(path)


def test_a_districts_keys_are_published_listed_retired_and_revoked(region, key_file, tmp_path):
    kid, path = key_file
    assert f"{kid}: sig, active." in crossing(region, "transfers", "keys", "publish", path, *WHY, *MAPLE).stdout
    (one,) = json.loads(crossing(region, "transfers", "keys", "list", *MAPLE, "--json").stdout)
    assert (one["kid"], one["use"], one["status"]) == (kid, "sig", "active")
    assert "retiring" in crossing(region, "transfers", "keys", "retire", kid, *WHY, *MAPLE).stdout
    assert "revoked" in crossing(region, "transfers", "keys", "revoke", kid, *MAPLE, "--reason", "lost").stdout
    (tmp_path / "bad.json").write_bytes(b"\xff")
    crossing(region, "transfers", "keys", "publish", str(tmp_path / "bad.json"), *WHY, *MAPLE, fails=1)


def test_no_command_matches_or_decides():
    words = {name.split()[1] for name in commands() if name.startswith("transfers ")}
    assert words == {"list", "show", "ask", "withdraw", "redirect", "report", "work", "keys"}
    for action in ("transfer.match", "transfer.decide", "transfer.read", "transfer.receive"):
        assert action not in commands().values()
        assert operator("root").reach(action, "maple") is None
    assert isinstance(main.commands["transfers"], click.Group)


def test_without_a_gateway_the_registry_answers_what_it_can(tmp_path):
    with moving_region(tmp_path) as moving:
        form = moving.form(5, standing="intent")
        identifier = moving.person("rita", ("cedar", "registrar")).post("/transfers", form).json["id"]
        told = crossing(moving.region, "transfers", "show", identifier, *CEDAR)
        assert "No gateway is running" in told.stderr
        assert f"{identifier}: asked" in told.stdout
        refused = crossing(moving.region, "transfers", "ask", "maple", *WHY, *CEDAR, typed=typed(moving, 6), fails=1)
        assert "No gateway is running" in refused.stderr
