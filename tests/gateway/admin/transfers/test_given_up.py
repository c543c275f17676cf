"""People of the sending district see what was given up and have it tried once more; nobody else does."""

from __future__ import annotations

from itertools import count

import pytest

from gateway.admin.transfers.tasks import GivenUpTransfers
from gateway.people.actor import NotPermitted
from gateway.storage.transfers.tries import TransferTries
from gateway.transfers.machine.errors import NotPartyTo
from standards.errors import Conflict, NotFound
from tests.gateway.admin.transfers.offices import RECEIVER, SENDER

NUMBERS = count(30)
"""Students, another one for each test."""


@pytest.fixture
def given_up(office):
    """A request of which the first step was given up."""
    transfer = office.ask(next(NUMBERS))
    tries = TransferTries(office.administration.store, office.administration.clock)
    tries.note_failed(tries.claim(transfer.id, 1), "source", None)
    return transfer.id


def test_a_registrar_sees_why_and_has_it_tried_once_more(office, given_up):
    service = office.of(GivenUpTransfers, "mona")
    (found,) = [one for one in service.list() if one.transfer == given_up]
    assert (found.why, found.state, found.again) == ("source", "requested", True)
    service.replay(given_up)
    assert given_up not in [one.transfer for one in service.list()]
    assert office.acts("transfer replayed")[-1].district == SENDER
    office.worker.advance(given_up)
    assert office.ledger.find(given_up).state != "requested"
    with pytest.raises(Conflict):
        service.replay(given_up)


def test_the_receiving_district_sees_nothing_of_it(office, given_up):
    service = office.of(GivenUpTransfers, "rita")
    assert service.list() == ()
    with pytest.raises(NotPartyTo):
        service.replay(given_up)


@pytest.mark.parametrize("name", ["otto", "ada", "olga", "vic"])
def test_nobody_else_has_anything_tried_anew(office, given_up, name):
    service = office.of(GivenUpTransfers, name, SENDER)
    with pytest.raises((NotPermitted, NotFound)):
        service.replay(given_up)
    assert office.of(GivenUpTransfers, "rita", RECEIVER).list() == ()
