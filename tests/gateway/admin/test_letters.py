"""Letters to parents are counted, and tasks for them opened, without a look at a district's own system."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.admin.inbox import letters as inbox_letters
from gateway.admin.inbox.gathering import gather
from gateway.admin.transfers import notices
from gateway.admin.transfers.notices import TransferNotices
from gateway.tasks.task import TRANSFER_LETTER
from standards.errors import SourceUnavailable
from tests.gateway.admin.transfers.offices import SENDER, offices
from tests.gateway.admin.transfers.test_addresses import HOME
from tests.gateway.transfers.work.world import agreement_text
from tests.support.regions import small_sites


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """Districts of which nothing is kept in memory, and parents who are told by letter."""
    folder = tmp_path_factory.mktemp("letters")
    sites = {name: replace(one, cache="0") for name, one in small_sites(folder / "data").items()}
    text = agreement_text(notify="letter\n  office: The registrar of Maple")
    with offices(folder, agreements=[text], sites=sites) as found:
        yield found


def letters(office):
    return {one.content["transfer"] for one in gather(office.administration).tasks if one.kind == TRANSFER_LETTER}


def test_letters_wait_for_no_system_and_none_is_to_be_sent_to_a_protected_address(office, monkeypatch):
    plain, other = office.worked(office.ask(8)), office.worked(office.ask(9))

    def fails(*_args, **_more):
        raise SourceUnavailable("asleep")

    with monkeypatch.context() as patch:
        patch.setattr(office.region.running.gateway.districts[SENDER].adapter, "read", fails)
        assert letters(office) == {plain.id, other.id}
        assert office.of(TransferNotices, "mona").count() == 2
    office.restrict(9, "acp", substitute=HOME)
    monkeypatch.setattr(office.region.running.gateway.districts[SENDER].adapter, "read", fails)
    assert letters(office) == {plain.id}
    assert office.of(TransferNotices, "mona").count() == 1


def test_letters_that_were_sent_are_in_nobodys_way(office, monkeypatch):
    sent = office.worked(office.ask(10))
    office.later(minutes=1)
    later = office.worked(office.ask(11))
    service = office.of(TransferNotices, "mona")
    cap = service.count()  # with the protected one there is one more
    monkeypatch.setattr(inbox_letters, "MAX_LETTERS", cap)
    monkeypatch.setattr(notices, "MAX_LETTERS", cap)
    assert later.id not in {one.transfer for one in service.due()} & letters(office)
    service.sent(sent.id)
    assert later.id in {one.transfer for one in service.due()} & letters(office)
    office.later(days=61)
    assert (service.count(), service.due()) == (0, ())
