"""An agreement about transfers opens no API of data, is combined with none, and is counted by nobody as reading."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.reasoning.scopes import idle, out_of_reach
from gateway.storage.registry import Client
from gateway.translations.catalogues import catalogue
from gateway.translations.sentences import Sentences
from policies import agreement
from policies.compiler import NO_TRANSFER, Grants
from policies.explain import explain
from policies.permission import covering
from policies.reasoning.exposure import can, who_can_see
from policies.standing import stand
from standards.errors import Forbidden
from tests.policies import documents
from tests.policies.transfers.test_checks import MISTAKES
from tests.policies.transfers.written import CLIENT, load, mistakes, text

NOW = datetime(2026, 10, 1, 19, 0, tzinfo=UTC)
DISTRICTS = ("maple", "fir", "cedar")
READING = text(
    ("id: maple-to-fir", "id: reading"), ("operations: [transfer]", "operations: [read]"),
    (text().partition("transfer:\n")[2], ""), ("transfer:\n", ""),
)  # fmt: skip
SAME = ("id: maple-to-fir", "id: again")
LATER = ("from: 2026-09-01, to: 2027-08-31", "from: 2027-09-01, to: 2028-08-31")
WORDS = {one: said for kind in ("sentences", "agreements") for one, said in catalogue(kind, "es").items()}
SPANISH = Sentences("es", catalogue("sentences", "es"), WORDS)


def written(tmp_path, *texts):
    for number, one in enumerate(texts):
        (tmp_path / f"{number}.yaml").write_text(one, "utf-8")
    return tmp_path


def grants(*agreements):
    return Grants(agreements, lambda: NOW)


@pytest.fixture
def reading(tmp_path):
    return agreement.load(written(tmp_path, READING) / "0.yaml")


def test_a_client_with_nothing_but_transfers_has_no_grant_as_one_without_any_agreement():
    found = grants(load())
    assert found.of(CLIENT) == found.of("stranger") == ()
    with pytest.raises(Forbidden, match="No active agreement covers this client here"):
        covering(found.of(CLIENT), frozenset({"read"}))


def test_it_is_named_beside_what_the_client_may_read_and_serves_nothing(reading):
    found = grants(load(), reading)
    assert {one.id for one in found.active(CLIENT)} == {"maple-to-fir", "reading"}
    assert [one.id for one in found.serving(CLIENT)] == ["reading"]
    (one,) = found.of(CLIENT)
    assert (one.agreement, one.parts, one.operations) == ("reading", (), frozenset({"read"}))


def test_its_purpose_is_none_that_a_token_could_name(reading):
    moving = load(("purpose: enrollment", "purpose: moving"))
    found = grants(moving, reading)
    assert found.purposes(CLIENT) == {"enrollment"}
    assert [one.agreement for one in found.of(CLIENT)] == ["reading"]
    assert found.of(CLIENT, purpose="moving") == found.of_person(CLIENT, "1", "moving") == ()
    assert found.of(CLIENT, agreement="maple-to-fir") == ()


def test_its_grant_is_the_ceiling_of_a_package_and_follows_nothing():
    found = grants(load())
    one, grant = found.transfer("maple", "fir")
    assert (one.id, grant.agreement, grant.operations) == ("maple-to-fir", "maple-to-fir", frozenset({"transfer"}))
    assert grant.plain("student.name.given")
    assert not grant.releases("contact.name.given")
    assert grant in found.every("maple")
    assert not found.in_force(grant)


@pytest.mark.parametrize(("sender", "receiver"), [("fir", "maple"), ("maple", "cedar"), ("cedar", "fir")])
def test_a_transfer_goes_one_way_between_the_two_districts_alone(sender, receiver):
    with pytest.raises(Forbidden, match=NO_TRANSFER):
        grants(load()).transfer(sender, receiver)


def test_no_transfer_is_before_its_first_day():
    with pytest.raises(Forbidden, match=NO_TRANSFER):
        grants(load(LATER)).transfer("maple", "fir")


def test_of_two_agreements_about_one_pair_none_counts():
    with pytest.raises(Forbidden, match=NO_TRANSFER):
        grants(load(), load(SAME)).transfer("maple", "fir")


def test_a_reading_agreement_between_two_districts_transfers_nothing(reading):
    with pytest.raises(Forbidden, match=NO_TRANSFER):
        grants(reading).transfer("maple", "fir")


def test_it_stands_beside_an_agreement_of_the_same_client_and_purpose(tmp_path):
    found = stand(written(tmp_path, text(), READING), DISTRICTS)
    assert (len(found.agreements), found.mistakes) == (2, ())
    assert list(agreement.combined(found.agreements)) == []


def test_two_about_one_pair_in_force_together_are_both_wrong(tmp_path):
    found = stand(written(tmp_path, text(), text(SAME)), DISTRICTS)
    assert found.agreements == ()
    (told,) = found.mistakes
    assert "again is about transfers of maple to fir too, on 2026-09-01: " in str(told)
    assert str(SPANISH.retell(str(told).partition("yaml:1:1: ")[2])).startswith("again también trata de traslados")


def test_two_about_one_pair_one_after_the_other_stand(tmp_path):
    assert stand(written(tmp_path, text(), text(SAME, LATER)), DISTRICTS).mistakes == ()


def test_two_versions_of_one_id_stand_and_the_later_one_counts(tmp_path):
    found = stand(written(tmp_path, text(), text(("version: 1", "version: 2"))), DISTRICTS)
    assert found.mistakes == ()
    assert grants(*found.agreements).transfer("maple", "fir")[0].version == 2


@pytest.mark.parametrize("there", [("maple",), ("fir",)])
def test_both_districts_must_be_there(tmp_path, there):
    found = stand(written(tmp_path, text()), there)
    assert found.agreements == ()
    assert "there is no district" in str(found.mistakes[0])


def test_nobody_can_see_anything_by_it():
    assert list(who_can_see([load()], "student.name.given")) == []
    assert can([load()], CLIENT, "student.id", "student.birthDate").answer == "no"


def test_who_reads_by_another_agreement_is_told_by_that_alone(reading):
    assert [one.agreement.id for one in who_can_see([load(), reading], "student.name.given")] == ["reading"]


def test_an_explanation_says_that_no_api_shows_it_and_what_leaves_by_rule():
    (trace,) = explain([load()], CLIENT, "student.name.given", NOW)
    assert not trace.released
    assert trace.text("recipient") == "student.name.given: not in agreement"
    assert [step.about for step in trace.steps if not step.passed] == ["API"]
    assert [step.text for step in trace.steps if step.about == "transfer"][1:] == [
        "the whole record: a person decides", "the district's annual notice tells parents",
    ]  # fmt: skip
    assert "population: the one student whose record is asked for" in trace.text()


def test_every_step_of_it_is_told_in_spanish():
    steps = explain([load(("  notify:", "  twoPersons: true\n  notify:"))], CLIENT, "student.id", NOW)[0].steps
    for step in steps:
        if step.about in {"API", "transfer", "population"}:
            assert SPANISH.retell(step.text) is not None, step.text


@pytest.mark.parametrize("what", MISTAKES)
def test_every_mistake_is_told_in_spanish(what):
    (told,) = mistakes(MISTAKES[what][0])
    assert SPANISH.retell(told.partition(": ")[2]) is not None, told


def test_no_line_of_it_is_told_to_be_idle_since_no_resource_shows_it(tmp_path):
    unshown = ("enrollment.*", "organization.name")
    read = agreement.load(written(tmp_path, READING.replace(*unshown)) / "0.yaml")
    assert len(list(idle([read, load(unshown)]))) == len(list(idle([read]))) == 1


@pytest.mark.parametrize(("scopes", "count"), [(("transfer:receive",), 0), (("transfer:request",), 1), ((), 1)])
def test_it_is_told_that_no_client_can_receive_a_record(scopes, count):
    client = Client(CLIENT, "fir", "district", scopes, (), NOW, "ana")
    assert len(list(out_of_reach([load()], [client]))) == count


def test_an_agreement_on_the_same_basis_that_only_reads_stays_what_it_was():
    one = documents.load("student.id allow")
    assert [found.agreement for found in grants(one).of(documents.CLIENT)] == ["reading"]
