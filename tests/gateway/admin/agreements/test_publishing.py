"""Publishing: served by the very request that publishes, refused for what would disturb others, withdrawn at once."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from gateway.admin.agreements.publishing import Publishing
from gateway.admin.confirming import Confirming
from gateway.admin.second_person import TWO_PERSONS, Waiting
from gateway.people.actor import NotPermitted
from gateway.storage.database import transaction
from gateway.storage.people.tables import organisation_settings
from standards.errors import CallerError, Conflict, PreconditionFailed
from tests.support.regions import agreement


@pytest.fixture
def publishing(region):
    return Publishing(region.administered)


def served(region):
    return {f"{one.id}@{one.version}" for one in region.running.standing.agreements}


def test_what_is_published_is_served_when_the_answer_comes(publishing, write, maple, region):
    one = write()
    assert "conformance-maple@1" not in served(region)
    done = publishing.publish(maple, one.id, 1, one.number)
    assert (done.version.state, done.effect.served) == ("in force", True)
    assert "conformance-maple@1" in served(region)


@pytest.mark.parametrize("who", ["vendor", "stranger", "operator"])
def test_only_the_districts_own_people_publish(publishing, write, region, who, request):
    one = write()
    other = region.actor("rosa", ("region", "region-operator")) if who == "operator" else request.getfixturevalue(who)
    with pytest.raises(CallerError) as refused:
        publishing.publish(other, one.id, 1, one.number)
    assert refused.value.status == (404 if who == "stranger" else 403)
    assert "conformance-maple@1" not in served(region)


def test_what_would_make_another_agreement_wrong_is_not_published(publishing, write, maple, drafts, region):
    first = write()
    publishing.publish(maple, first.id, 1, first.number)
    text = agreement("maple", (("student.id", "pseudonym"),)).replace("id: conformance-maple", "id: second")
    second = drafts.read_in(maple, text)
    assert not drafts.check(maple, "second", 1).ok
    with pytest.raises(CallerError, match="has mistakes"):
        publishing.publish(maple, "second", 1, second.number)
    assert "conformance-maple@1" in served(region)


def test_a_change_in_between_is_refused(publishing, write, maple, drafts):
    one = write()
    drafts.save(maple, one.id, 1, one.text + "# more\n", one.number)
    with pytest.raises(PreconditionFailed):
        publishing.publish(maple, one.id, 1, one.number)


def test_what_is_withdrawn_is_served_no_more_and_brings_nothing_back(publishing, write, maple, drafts, region):
    one = write()
    publishing.publish(maple, one.id, 1, one.number)
    two = drafts.continue_(maple, one.id, 1)
    two = publishing.publish(maple, one.id, 2, two.number).version
    with pytest.raises(CallerError, match="Say why"):
        publishing.withdraw(maple, one.id, 2, two.number, " ")
    done = publishing.withdraw(maple, one.id, 2, two.number, "the vendor has left")
    assert (done.version.state, done.effect.served) == ("withdrawn", True)
    assert not {"conformance-maple@1", "conformance-maple@2"} & served(region)
    with pytest.raises(Conflict):
        publishing.withdraw(maple, one.id, 2, done.version.number, "again")


def test_what_has_not_begun_is_recalled_and_leaves_in_force_what_is(publishing, write, maple, drafts, region):
    one = write()
    publishing.publish(maple, one.id, 1, one.number)
    later = agreement("maple", version=2, begin="2027-06-01")
    two = drafts.read_in(maple, later)
    two = publishing.publish(maple, one.id, 2, two.number).version
    assert two.state == "not begun"
    assert publishing.withdraw(maple, one.id, 2, two.number, "a mistake").version.state == "recalled"
    assert "conformance-maple@1" in served(region)


def test_where_two_persons_are_wanted_another_one_confirms(publishing, write, maple, region):
    one = write()
    values = {
        "org": "maple", "name": TWO_PERSONS, "value": ["agreement.publish"], "version": 1,
        "changed": region.clock(), "changed_by": "tests",
    }  # fmt: skip
    with transaction(region.administered.store.engine, write=True) as connection:
        connection.execute(insert(organisation_settings).values(values))
    waiting = publishing.publish(maple, one.id, 1, one.number)
    assert isinstance(waiting, Waiting)
    assert "conformance-maple@1" not in served(region)
    confirming = Confirming(region.administered)
    with pytest.raises(NotPermitted):
        confirming.confirm(maple, waiting.proposal.id)
    confirming.confirm(region.actor("dora", ("maple", "district-admin")), waiting.proposal.id)
    assert "conformance-maple@1" in served(region)
