"""Agreements are listed, shown, signed and adopted by commands, without a running gateway."""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from joserfc import jws

import gateway.storage.registry
from gateway.commands.cli import main
from gateway.config.settings import load
from gateway.demo.data import write_oneroster_12
from gateway.runtime.startup import start
from gateway.signing.signatures import WRONG
from gateway.storage.acts import Acts
from gateway.storage.registry import open_store
from tests.gateway.signing.keys import key_of
from tests.gateway.signing.signed_regions import BORN, FEWER, NAMES, REQUIRED, tutoring
from tests.support.regions import NOW, Site, small_district, write

OFFER = "offer: {until: 2026-12-31}\n"
KIND = "EC P-256"


@pytest.fixture(scope="module")
def sites(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    write_oneroster_12(small_district(10), folder / "maple.zip")
    return {name: Site("oneroster_csv", {"source": str(folder / "maple.zip")}) for name in ("maple", "cedar", "birch")}


@pytest.fixture
def folder(sites, tmp_path, monkeypatch):
    """A region of three districts where signatures are required, with the keys of maple and tutor as files."""
    monkeypatch.setattr(gateway.storage.registry, "utc_now", lambda: NOW)
    write(tmp_path / "region", sites, [], REQUIRED)
    monkeypatch.setenv("CROSSING_SETTINGS", str(tmp_path / "region" / "gateway.toml"))
    for party in ("maple", "tutor", "cedar", "stranger"):
        (tmp_path / f"{party}.private").write_bytes(key_of(KIND, party).as_pem(private=True))
        (tmp_path / f"{party}.pem").write_bytes(key_of(KIND, party).as_pem(private=False))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(folder, text, name="one"):
    (folder / "region" / "agreements" / f"{name}.yaml").write_text(text, "utf-8")


def ran(result):
    assert result.exit_code == 0, result.output
    return result


def register(*parties):
    for party in parties:
        ran(CliRunner().invoke(main, ["agreements", "keys", "add", party, f"{party}.pem"]))


def sign(name, party, whose=""):
    """Sign the highest version of an agreement, by the commands; return the file of the signature."""
    text = ran(CliRunner().invoke(main, ["agreements", "text", name]))
    with open("text.json", "wb") as file:  # noqa: PTH123  the test stands in the folder
        file.write(text.stdout_bytes)
    signed = ran(CliRunner().invoke(main, ["agreements", "sign", "text.json", "--key", f"{whose or party}.private"]))
    with open(f"{party}.jws", "w") as file:  # noqa: PTH123
        file.write(signed.stdout)
    return f"{party}.jws"


def approve(name, version, party, file):
    arguments = [name, "--version", str(version), "--by", party, "--signature", file]
    return CliRunner().invoke(main, ["agreements", "approve", *arguments])


def state(name="tutor-maple", version=1):
    shown = ran(CliRunner().invoke(main, ["agreements", "show", name, "--version", str(version), "--json"]))
    return json.loads(shown.stdout)


def served(folder):
    """What a gateway that starts now serves."""
    _, gateway = start(load(folder / "region" / "gateway.toml"), lambda: NOW)
    with closing(gateway):
        return sorted((one.id, one.version) for one in gateway.grants._agreements)


def sign_by_both():
    """Register a key of each party, and record its signature of the first version."""
    register("maple", "tutor")
    for party in ("maple", "tutor"):
        ran(approve("tutor-maple", 1, party, sign("tutor-maple", party)))


def test_both_parties_sign_by_commands_and_the_gateway_serves_it(folder):
    put(folder, tutoring())
    register("maple", "tutor")
    assert state()["state"] == "in review"
    assert served(folder) == []
    for party in ("maple", "tutor"):
        assert "has approved it" in ran(approve("tutor-maple", 1, party, sign("tutor-maple", party))).output
    assert state()["approved"] == {"maple": "signed", "tutor": "signed"}
    assert state()["state"] == "in force"
    assert served(folder) == [("tutor-maple", 1)]


def waiting():
    """The parties that a task waits for, with the version."""
    listed = ran(CliRunner().invoke(main, ["tasks", "list", "--offline", "--json"]))
    found = [one for one in json.loads(listed.stdout) if one["kind"] == "approval-waiting"]
    return sorted((one["org"], one["about"]["version"]) for one in found)


def test_who_has_yet_to_sign_is_a_task_and_a_word_or_a_narrower_version_is_not_waited_for(folder):
    put(folder, tutoring())
    register("maple", "tutor")
    assert waiting() == [("maple", 1), ("tutor", 1)]
    word = ["agreements", "approve", "tutor-maple", "--version", "1", "--by", "tutor", "--reason", "told so"]
    ran(CliRunner().invoke(main, word))
    ran(approve("tutor-maple", 1, "maple", sign("tutor-maple", "maple")))
    assert waiting() == [("tutor", 1)]
    ran(approve("tutor-maple", 1, "tutor", sign("tutor-maple", "tutor")))
    assert waiting() == []
    put(folder, tutoring(2, FEWER), "two")
    assert waiting() == []
    put(folder, tutoring(3, BORN), "three")
    assert waiting() == [("maple", 3), ("tutor", 3)]


def test_the_text_is_exactly_what_is_signed(folder):
    put(folder, tutoring())
    text = ran(CliRunner().invoke(main, ["agreements", "text", "tutor-maple", "--version", "1"]))
    digest = hashlib.sha256(text.stdout_bytes).hexdigest()
    assert text.stderr == f"tutor-maple@1, sha-256 {digest}\n"
    told = json.loads(text.stdout_bytes)
    assert told["agreement"]["id"] == "tutor-maple"
    assert told["elements"] == dict(sorted(NAMES))
    assert state()["signed"] == digest


def test_any_tool_may_make_the_signature(folder):
    put(folder, tutoring())
    register("maple", "tutor")
    text = ran(CliRunner().invoke(main, ["agreements", "text", "tutor-maple"])).stdout_bytes
    made = jws.detach_content(jws.serialize_compact({"alg": "ES256"}, text, key_of(KIND, "maple")))
    (folder / "maple.jws").write_text(made, "ascii")
    assert "maple: signed" in ran(approve("tutor-maple", 1, "maple", "maple.jws")).output


@pytest.mark.parametrize("whose", ["tutor", "stranger"])
def test_a_signature_of_somebody_else_is_refused(folder, whose):
    put(folder, tutoring())
    register("maple", "tutor")
    refused = approve("tutor-maple", 1, "maple", sign("tutor-maple", "maple", whose))
    assert (refused.exit_code, refused.stderr) == (1, f"Error: {WRONG}\n")


def test_somebody_who_is_no_party_approves_nothing(folder):
    put(folder, tutoring())
    register("cedar")
    refused = approve("tutor-maple", 1, "cedar", sign("tutor-maple", "cedar"))
    assert "the parties are maple and tutor" in refused.stderr


def test_a_party_without_a_key_approves_by_the_word_of_the_operator_which_signs_nothing(folder):
    put(folder, tutoring())
    words = ["tutor-maple", "--version", "1", "--by", "tutor", "--reason", "told by telephone"]
    told = ran(CliRunner().invoke(main, ["agreements", "approve", *words])).output
    assert "tutor: asserted by the operator" in told
    assert state()["state"] == "in review"
    assert served(folder) == []
    neither = CliRunner().invoke(main, ["agreements", "approve", "tutor-maple", "--version", "1", "--by", "tutor"])
    assert "Give --signature FILE, or --reason TEXT" in neither.stderr


def test_keys_are_listed_and_retired(folder):
    register("maple")
    thumbprint = key_of(KIND, "maple").thumbprint()
    assert f"{thumbprint}: maple, EC, added" in ran(CliRunner().invoke(main, ["agreements", "keys", "list"])).output
    ran(CliRunner().invoke(main, ["agreements", "keys", "retire", thumbprint, "--reason", "lost"]))
    assert "retired 2026-11-02" in ran(CliRunner().invoke(main, ["agreements", "keys", "list"])).output
    put(folder, tutoring())
    assert approve("tutor-maple", 1, "maple", sign("tutor-maple", "maple")).stderr == f"Error: {WRONG}\n"


@pytest.mark.parametrize("words", ["agreements keys retire", "transfers keys retire", "transfers keys revoke"])
@pytest.mark.parametrize("begin", ["-", "--", "-h", "--reason-"])
def test_a_thumbprint_may_begin_with_hyphens(words, begin):
    command, thumbprint = main, begin.ljust(43, "Z")
    for word in words.split():
        command = command.commands[word]
    district = ["--district", "maple"] if words.startswith("transfers") else []
    read = command.make_context(words, [thumbprint, "--reason", "lost", *district])
    assert thumbprint in read.params.values()


def test_a_distrusted_key_takes_its_approvals_with_it(folder):
    put(folder, tutoring())
    register("maple")
    ran(approve("tutor-maple", 1, "maple", sign("tutor-maple", "maple")))
    thumbprint = key_of(KIND, "maple").thumbprint()
    retire = ["agreements", "keys", "retire", thumbprint, "--distrust", "--reason", "stolen"]
    assert "1 approvals by it are withdrawn" in ran(CliRunner().invoke(main, retire)).output
    assert state()["approved"]["maple"] == "not approved"


def test_a_private_key_is_not_registered(folder):
    refused = CliRunner().invoke(main, ["agreements", "keys", "add", "maple", "maple.private"])
    assert refused.exit_code == 1
    assert "maple.private: this is a private key, which must stay with the party alone" in refused.stderr


def test_an_approval_is_withdrawn(folder):
    put(folder, tutoring())
    register("maple")
    ran(approve("tutor-maple", 1, "maple", sign("tutor-maple", "maple")))
    words = ["tutor-maple", "--version", "1", "--by", "maple", "--reason", "a breach"]
    ran(CliRunner().invoke(main, ["agreements", "withdraw", *words]))
    assert state()["approved"]["maple"] == "not approved"
    assert CliRunner().invoke(main, ["agreements", "withdraw", *words]).exit_code == 1


STATES = {
    "in force": {},
    "ending": {"end": "2026-11-30"},
    "ended": {"end": "2026-11-01"},
    "signed": {"begin": "2026-12-01"},
}


@pytest.mark.parametrize("word", STATES)
def test_a_signed_version_is_called_by_its_state(folder, word):
    put(folder, tutoring(**STATES[word]))
    sign_by_both()
    listed = ran(CliRunner().invoke(main, ["agreements", "list", "--json"]))
    assert [(one["id"], one["state"]) for one in json.loads(listed.stdout)] == [("tutor-maple", word)]
    table = ran(CliRunner().invoke(main, ["agreements", "list"])).stdout
    assert all(part in table for part in ("tutor-maple@1", word, "maple: signed", "tutor: signed"))


def test_a_draft_is_shown_and_never_served(folder):
    (folder / "region" / "agreements" / "drafts").mkdir()
    put(folder, tutoring(), "drafts/one")
    assert state()["state"] == "draft"
    (folder / "region" / "gateway.toml").write_text(
        (folder / "region" / "gateway.toml").read_text("utf-8").replace(REQUIRED, ""), "utf-8"
    )
    assert served(folder) == []


def test_a_version_that_widens_is_in_review_and_told_by_what(folder):
    put(folder, tutoring())
    sign_by_both()
    put(folder, tutoring(2, BORN), "two")
    put(folder, tutoring(3, FEWER), "three")
    assert state(version=2)["wider"] == ["student.birthDate: allow, was not released"]
    assert [state(version=one)["state"] for one in (1, 2, 3)] == ["replaced", "in review", "in force"]
    shown = ran(CliRunner().invoke(main, ["agreements", "show", "tutor-maple", "--version", "2"])).output
    assert "not signed by maple and tutor; it is wider than the version before" in shown
    shown = ran(CliRunner().invoke(main, ["agreements", "show", "tutor-maple", "--version", "3"])).output
    assert "it only narrows a version that both have signed, and so needs no signature" in shown
    assert served(folder) == [("tutor-maple", 1), ("tutor-maple", 3)]


def test_many_agreements_that_signatures_would_stop_are_told_in_one_line(folder):
    for number in "abcd":
        put(folder, tutoring().replace("id: tutor-maple", f"id: tutor-{number}"), number)
    settings = folder / "region" / "gateway.toml"
    settings.write_text(settings.read_text("utf-8").replace(REQUIRED, ""), "utf-8")
    told = CliRunner().invoke(main, ["check"]).stderr
    (line,) = (line for line in told.splitlines() if "would stop" in line)
    assert line.endswith("not signed by both parties: tutor-a@1, tutor-b@1, tutor-c@1, tutor-d@1")


def test_check_names_what_is_stopped_and_what_would_be(folder):
    put(folder, tutoring())
    path = folder / "region" / "agreements" / "one.yaml"
    told = CliRunner().invoke(main, ["check"]).stderr
    assert f"warning: {path}: releases nothing: not signed by maple and tutor" in told
    settings = folder / "region" / "gateway.toml"
    settings.write_text(settings.read_text("utf-8").replace(REQUIRED, ""), "utf-8")
    told = CliRunner().invoke(main, ["check"]).stderr
    assert f'warning: {path}: approvals = "required" would stop it: not signed by maple and tutor' in told
    assert not (folder / "region" / "state" / "registry.db").exists()


def test_explain_tells_the_custodian_alone_that_signatures_are_missing(folder):
    put(folder, tutoring())
    words = ["explain", "tutor", "student.name.given"]
    told = ran(CliRunner().invoke(main, words)).output
    assert "no   signatures: not signed by maple and tutor" in told
    assert told.endswith("=>   not in agreement\n")
    assert ran(CliRunner().invoke(main, [*words, "--recipient"])).output == "student.name.given: not in agreement\n"


def test_explain_tells_of_what_is_signed_beside_what_is_not(folder):
    put(folder, tutoring())
    sign_by_both()
    put(folder, tutoring(2, BORN), "two")
    told = ran(CliRunner().invoke(main, ["explain", "tutor", "student.name.given"])).output
    first, second = told.split(" under tutor-maple version 2")
    assert "a later version has replaced" not in first
    assert "signatures" not in first
    assert "no   signatures: not signed by maple and tutor; it is wider than the version before" in second


def test_nobody_can_see_by_an_agreement_that_is_not_signed(folder):
    put(folder, tutoring())
    words = ["agreements", "who-can-see", "student.name.given"]
    assert "nobody, under the agreements that are in force" in ran(CliRunner().invoke(main, words)).output
    sign_by_both()
    put(folder, tutoring(2, BORN), "two")
    assert "under tutor-maple version 1" in ran(CliRunner().invoke(main, words)).output


def adopt(name="tutor-maple", district="cedar", *more):
    return CliRunner().invoke(main, ["agreements", "adopt", name, "--as", district, *more])


def offered(folder):
    """An offer that both of its parties have signed."""
    put(folder, tutoring() + OFFER)
    register("maple", "tutor", "cedar")
    for party in ("maple", "tutor"):
        ran(approve("tutor-maple", 1, party, sign("tutor-maple", party)))


def into_force(folder, name="tutor-maple-cedar", change=("", "")):
    """Move a draft where it counts."""
    draft = folder / "region" / "agreements" / "drafts" / f"{name}.yaml"
    put(folder, draft.read_text("utf-8").replace(*change) if change[0] else draft.read_text("utf-8"), name)
    draft.unlink()


def test_a_district_adopts_an_offer_by_its_own_signature_alone(folder):
    offered(folder)
    assert "a draft, from tutor-maple@1" in ran(adopt()).output
    assert state("tutor-maple-cedar")["state"] == "draft"
    ran(approve("tutor-maple-cedar", 1, "cedar", sign("tutor-maple-cedar", "cedar")))
    assert served(folder) == [("tutor-maple", 1)]
    into_force(folder)
    assert state("tutor-maple-cedar")["approved"] == {"cedar": "signed", "tutor": "signed"}
    assert served(folder) == [("tutor-maple", 1), ("tutor-maple-cedar", 1)]


def test_an_adopted_offer_waits_for_the_districts_signature(folder):
    offered(folder)
    ran(adopt())
    into_force(folder)
    assert state("tutor-maple-cedar")["state"] == "in review"
    assert served(folder) == [("tutor-maple", 1)]


@pytest.mark.parametrize(
    "change",
    [
        ("student.name.family", "student.birthDate"),
        ('"to": "2027-08-31"', '"to": "2028-08-31"'),
        ('["tutor"]', '["other"]'),
    ],
    ids=lambda one: one[0],
)
def test_an_adopted_text_that_says_anything_else_needs_the_recipients_own_signature(folder, change):
    offered(folder)
    ran(adopt())
    into_force(folder, change=change)
    ran(approve("tutor-maple-cedar", 1, "cedar", sign("tutor-maple-cedar", "cedar")))
    assert state("tutor-maple-cedar")["approved"] == {"cedar": "signed", "tutor": "not approved"}
    ran(approve("tutor-maple-cedar", 1, "tutor", sign("tutor-maple-cedar", "tutor")))
    assert state("tutor-maple-cedar")["approved"] == {"cedar": "signed", "tutor": "signed"}


def test_an_offer_that_the_recipient_has_not_signed_binds_it_to_nothing(folder):
    put(folder, tutoring() + OFFER)
    register("cedar")
    ran(adopt())
    into_force(folder)
    ran(approve("tutor-maple-cedar", 1, "cedar", sign("tutor-maple-cedar", "cedar")))
    assert state("tutor-maple-cedar")["approved"] == {"cedar": "signed", "tutor": "not approved"}


def test_an_offer_whose_signature_is_withdrawn_ends_what_adopted_it(folder):
    offered(folder)
    ran(adopt())
    into_force(folder)
    ran(approve("tutor-maple-cedar", 1, "cedar", sign("tutor-maple-cedar", "cedar")))
    words = ["tutor-maple", "--version", "1", "--by", "tutor", "--reason", "no more"]
    ran(CliRunner().invoke(main, ["agreements", "withdraw", *words]))
    assert served(folder) == []


def test_a_district_that_signs_after_the_last_day_of_the_offer_is_too_late(folder, monkeypatch):
    offered(folder)
    ran(adopt())
    monkeypatch.setattr(gateway.storage.registry, "utc_now", lambda: datetime(2027, 1, 2, tzinfo=UTC))
    assert "ended on 2026-12-31" in adopt("tutor-maple", "birch").stderr
    into_force(folder)
    ran(approve("tutor-maple-cedar", 1, "cedar", sign("tutor-maple-cedar", "cedar")))
    assert state("tutor-maple-cedar")["approved"] == {"cedar": "signed", "tutor": "not approved"}


REFUSED = {
    "it is no offer": (tutoring(), "cedar", "is not offered to other districts"),
    "the district is not there": (tutoring() + OFFER, "oak", "there is no district oak"),
    "the district has it": (tutoring() + OFFER, "maple", "is of maple already"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_cannot_be_adopted_is_refused(folder, why):
    text, district, told = REFUSED[why]
    put(folder, text)
    assert told in adopt("tutor-maple", district).stderr
    assert not (folder / "region" / "agreements" / "drafts").exists()


def test_a_draft_is_not_written_over(folder):
    put(folder, tutoring() + OFFER)
    ran(adopt())
    assert "There is a draft tutor-maple-cedar.yaml already." in adopt().stderr
    assert ran(adopt("tutor-maple", "cedar", "--id", "another")).exit_code == 0


def test_an_offer_with_sets_and_numbers_in_quotes_is_adopted_word_for_word(folder):
    sets = folder / "region" / "agreements" / "sets"
    sets.mkdir()
    (sets / "names.yaml").write_text("id: names\ntext: names\nelements:\n  - {path: student.sex, action: allow}\n")
    people = "{all: [{grade: {in: ['01', '02']}}]}"
    put(folder, tutoring(population=people) + "  - {set: names}\n" + OFFER)
    ran(adopt())
    draft = (folder / "region" / "agreements" / "drafts" / "tutor-maple-cedar.yaml").read_text("utf-8")
    assert '{"set": "names"}' in draft
    assert '{"in": ["01", "02"]}' in draft


def test_what_commands_do_is_told_by_the_audit_log_once_the_gateway_has_run(folder):
    put(folder, tutoring())
    register("maple")
    ran(approve("tutor-maple", 1, "maple", sign("tutor-maple", "maple")))
    settings = load(folder / "region" / "gateway.toml")
    with closing(open_store(settings.store_url)) as store:
        assert [one.action for one in Acts(store).waiting()] == ["party key added", "agreement approved"]
    served(folder)
    told = ran(CliRunner().invoke(main, ["audit", "acts"])).output
    assert "did: party key added" in told
    assert "did: agreement approved in maple" in told
    assert told.endswith("2 acts on record.\n")
    assert "did: party key added" in ran(CliRunner().invoke(main, ["audit", "event", "1"])).output


def test_an_operator_whose_word_does_not_count_is_told_so(folder):
    put(folder, tutoring())
    words = ["agreements", "approve", "tutor-maple", "--version", "1", "--by", "maple", "--reason", "a call"]
    told = ran(CliRunner().invoke(main, words)).output
    assert 'The word of an operator does not count: approvals = "required" wants the signature of maple.' in told


def test_nobody_consents_to_a_version_that_waits_for_signatures(folder):
    """Consents cover what both have signed; where no version counts yet, they are gathered for the newest."""
    put(folder, tutoring(lines=FEWER))
    put(folder, tutoring(2, lines=BORN), "two")
    words = ["consents", "add", "--district", "maple", "--agreement", "tutor-maple", "--form", "f", "--form-hash"]
    signed = ["0" * 64, "--signer", "parent", "--method", "paper", "--signed", "2026-09-02", "--by", "state-id"]
    listed = ["consents", "list", "--district", "maple", "--json"]

    def covered(student):
        before = {one["entry"] for one in json.loads(ran(CliRunner().invoke(main, listed)).stdout)}
        ran(CliRunner().invoke(main, [*words, *signed], f"{student.state_id}\n"))
        (made,) = [
            one for one in json.loads(ran(CliRunner().invoke(main, listed)).stdout) if one["entry"] not in before
        ]
        shown = ran(CliRunner().invoke(main, ["consents", "show", made["entry"], "--district", "maple"]))
        return json.loads(shown.stdout)["elements"]

    first, second = small_district(10).students[:2]
    assert "student.birthDate" in covered(first)
    (folder / "region" / "agreements" / "two.yaml").unlink()
    sign_by_both()
    put(folder, tutoring(2, lines=BORN), "two")
    assert covered(second) == ["student.id pseudonym", "student.name.given"]
