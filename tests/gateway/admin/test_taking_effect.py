"""Changes that the gateway reads for are counted by organisation: too many are refused before anything is written."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, update

from gateway.admin.agreements.publishing import Publishing
from gateway.admin.agreements.writing import DraftWriting
from gateway.admin.confirming import Confirming
from gateway.admin.second_person import Waiting
from gateway.auth import rate_limits
from gateway.storage.database import transaction
from gateway.storage.people.agreements import PUBLISHED
from gateway.storage.people.choices import TWO_PERSONS
from gateway.storage.people.tables import organisation_settings, people
from standards.errors import TooManyRequests
from tests.support.people.api import in_session
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites


@pytest.fixture
def region(tmp_path, monkeypatch):
    monkeypatch.setattr(rate_limits, "RELOAD_RATES", {"organisation": "2/minute", "region": "4/minute"})
    with people_region(tmp_path / "region", small_sites(tmp_path / "data", 20), [agreement("maple")]) as found:
        yield found


def draft(region, district, client, version=1):
    actor = region.actor(f"{district}-officer", (district, "privacy-officer"))
    text = agreement(district, [("student.id", "pseudonym")], client=client, version=version)
    return actor, DraftWriting(region.administered).read_in(actor, text)


def publish(region, district, client):
    actor, one = draft(region, district, client)
    return Publishing(region.administered).publish(actor, one.id, one.version, one.number)


def test_one_organisation_waits_after_many_changes_and_another_does_not(region):
    for client in ("one", "two"):
        assert publish(region, "maple", client).effect.served
    with pytest.raises(TooManyRequests) as refused:
        publish(region, "maple", "three")
    assert 0 < refused.value.retry_after <= 60
    assert f"Wait {refused.value.retry_after} seconds" in refused.value.message
    assert "three-maple" not in {one.id for one in region.running.standing.agreements}
    assert publish(region, "cedar", "four").effect.served


def test_what_takes_away_is_never_counted(region):
    made = [publish(region, "maple", client).version for client in ("one", "two")]
    actor = region.actor("maple-officer", ("maple", "privacy-officer"))
    for one in made:
        done = Publishing(region.administered).withdraw(actor, one.id, one.version, one.written.number, "it is over")
        assert done.effect.served
    assert done.version.state != PUBLISHED


def test_the_page_says_how_long_to_wait_in_both_languages(region):
    for client in ("one", "two"):
        publish(region, "maple", client)
    _, one = draft(region, "maple", "three")
    browser = region.browser("maple-officer", ("maple", "privacy-officer"))
    page = f"/console/agreements/{one.id}/{one.version}/publish"
    for language, told in (("en", "Wait "), ("es", "Espere ")):
        with transaction(region.administered.store.engine, write=True) as connection:
            connection.execute(update(people).values(language=language))
        browser.get(page)
        answer = browser.post(page, {"number": one.number, "reason": ""})
        assert answer.status_code == 429, answer.text
        assert told in answer.text


def test_the_api_answers_429_and_says_when_to_come_again(region):
    rosa = in_session(region, "rosa", ("region", "region-operator"))
    assert [rosa.post("/reload").status_code for _ in range(4)] == [200] * 4
    answer = rosa.post("/reload")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert "Wait " in answer.json["detail"]


def test_a_proposal_that_comes_too_soon_still_waits(region):
    for client in ("one", "two"):
        publish(region, "maple", client)
    choice = {"org": "maple", "name": TWO_PERSONS, "value": ["agreement.publish"]}
    choice |= {"version": 1, "changed": region.clock(), "changed_by": "tests"}
    with transaction(region.administered.store.engine, write=True) as connection:
        connection.execute(insert(organisation_settings).values(**choice))
    waiting = publish(region, "maple", "three")
    assert isinstance(waiting, Waiting)
    second = region.actor("second", ("maple", "privacy-officer"))
    with pytest.raises(TooManyRequests):
        Confirming(region.administered).confirm(second, waiting.proposal.id)
    assert [one.id for one in Confirming(region.administered).waiting(second)] == [waiting.proposal.id]
