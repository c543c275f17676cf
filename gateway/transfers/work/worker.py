"""The worker: what the gateway does by itself with each transfer, step by step, one at a time in each district."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from gateway import telemetry
from gateway.storage.transfers.packages import PackageGone
from gateway.storage.transfers.waiting_transfers import WaitingTransfers
from gateway.transfers.ledger.limits import asking_limits
from gateway.transfers.machine.errors import NotAllowed, NotPartyTo, TransferKeyReused
from gateway.transfers.machine.words import EventKind, MatchResult, TransferState
from gateway.transfers.work.deciding import ask_anew, causes_anew, decide, doubt, take_back
from gateway.transfers.work.lanes import DistrictLanes
from gateway.transfers.work.packing import pack
from gateway.transfers.work.students import search
from gateway.transfers.work.telling import counted, told_given_up, told_put_off
from gateway.transfers.work.troubles import (
    FOR_A_PERSON,
    GIVEN_UP_AFTER,
    SIGNATURE_WAIT,
    SearchPutOff,
    SignatureAwaited,
    StepTrouble,
    TroubleReason,
    pause_after,
)
from standards.errors import ConcurrentChange, Forbidden, GatewayError, SourceError, StoreUnavailable

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.gateway import Gateway
    from gateway.storage.transfers.tries import StepTry
    from gateway.transfers.machine.transfer import Transfer
    from gateway.transfers.work.desk import TransferDesk
    from policies.agreement import Agreement
    from policies.grant import Grant

PATIENCE: Final = 20.0
"""The seconds that one round waits for its districts; one that takes longer goes on, and is left alone meanwhile."""
LAST_PATIENCE: Final = 5.0
MAX_STEPS: Final = 4
"""The steps that follow each other without waiting for anybody: found, decided upon, packed."""
UPKEEP: Final = timedelta(hours=1)
LOOK_AGAIN: Final = timedelta(minutes=5)
"""How often it is looked whether what lies ready may still leave; whoever fetches it is looked at each time."""
OVERTAKEN: Final = (ConcurrentChange, NotAllowed, NotPartyTo, TransferKeyReused)
"""What a step comes to where somebody else has moved the transfer meanwhile."""


@dataclass
class TransferWorker:
    """The worker of a *desk*; what it does is claimed in the registry, so that every process may have one."""

    desk: TransferDesk
    lanes: DistrictLanes = field(default_factory=DistrictLanes)
    _kept: datetime | None = None
    _looked: datetime | None = None
    _known: dict[str, object] = field(default_factory=dict)

    def work_once(self, patience: float = PATIENCE) -> int:
        """Begin all that is to be done now, wait for it for some seconds, and tidy up; return how many were begun."""
        begun = 0
        takes_part = self.desk.settings().transfers.takes_part
        due: dict[str, list[str]] = {}
        for one in self.desk.tries.due():
            due.setdefault(one.sender, []).append(one.transfer)
        packed = self._packed()
        for district in filter(takes_part, dict.fromkeys([*due, *packed])):
            mine, ready = due.get(district, []), packed.get(district, [])
            if self.lanes.begin(district, partial(self._advance_all, mine, ready)):
                begun += len(mine)
        self.lanes.wait(patience)
        self._tidy()
        return begun

    def rest(self, seconds: float = LAST_PATIENCE) -> None:
        """Wait for what is under way, before the registry is closed; what is cut off goes on with the next start."""
        self.lanes.wait(seconds)

    def _packed(self) -> dict[str, list[str]]:
        """Return what lies ready by its district, now and then: it is looked at whether it may still leave."""
        now = self.desk.clock()
        if self._looked is not None and now - self._looked < LOOK_AGAIN:
            return {}
        self._looked = now
        found: dict[str, list[str]] = {}
        for one in WaitingTransfers(self.desk.store, self.desk.clock).packed():
            found.setdefault(one.sender, []).append(one.id)
        return found

    def _advance_all(self, due: list[str], packed: list[str]) -> None:
        for do, transfers in ((self.advance, due), (self.look_again, packed)):
            for one in transfers:
                try:
                    do(one)
                except GatewayError as error:
                    telemetry.fault(error)

    def look_again(self, transfer: str) -> int:
        """Take back a package that lies ready and may not leave any more, and go on; return how many steps were done.

        While the source fails nothing is taken back: nobody is handed the package then either.
        """
        desk = self.desk
        found = desk.ledger.find(transfer)
        if found.state is not TransferState.PACKED:
            return 0
        try:
            with desk.visiting() as gateway:
                taken = take_back(desk, gateway, found)
        except (*OVERTAKEN, SourceError, PackageGone):
            return 0
        if taken is None:
            return 0
        counted(taken)
        return 1 + self.advance(transfer)

    def advance(self, transfer: str) -> int:
        """Do step after step with a transfer, until it waits for somebody; return how many were done."""
        done = 0
        while done < MAX_STEPS and self.step(transfer):
            done += 1
        return done

    def step(self, transfer: str) -> bool:
        """Do what the gateway has to do next with a transfer; False where it is nothing, or could not be done."""
        desk = self.desk
        found = desk.ledger.find(transfer)
        if not self._is_due(found) or (tried := desk.tries.claim(found.id, found.number)) is None:
            return False
        try:
            self._do(found)
        except (SignatureAwaited, SearchPutOff) as waiting:
            self._wait(found, tried, waiting)
        except StepTrouble as trouble:
            self._fail(found, tried, trouble.reason)
        except OVERTAKEN:
            desk.tries.note_done(tried)
        except Forbidden:
            self._fail(found, tried, TroubleReason.AGREEMENT)
        except SourceError:
            self._fail(found, tried, TroubleReason.SOURCE)
        except StoreUnavailable as error:
            telemetry.fault(error)  # the claim ends by itself
        except Exception as error:  # noqa: BLE001  whatever it is, it delays this transfer alone
            telemetry.fault(error)
            self._fail(found, tried, TroubleReason.FAULT)
        else:
            desk.tries.note_done(tried)
            return True
        return False

    def _is_due(self, transfer: Transfer) -> bool:
        """Tell whether the gateway has anything to do with a transfer now."""
        now = self.desk.clock()
        if transfer.state is TransferState.APPROVED:
            return transfer.release is not None and transfer.release.leaves <= now
        if transfer.state is TransferState.PACKED:
            return transfer.package is not None and transfer.package.lapses <= now
        return transfer.state in {TransferState.REQUESTED, TransferState.MATCHED}

    def _do(self, transfer: Transfer) -> None:
        """Do the one step that a transfer in its state waits for."""
        desk = self.desk
        if transfer.state is TransferState.PACKED:
            counted(desk.append(transfer, EventKind.LAPSE, {}))
            return
        with desk.visiting() as gateway:
            agreement, grant = gateway.grants.transfer(transfer.sender, transfer.receiver)
            counted(self._asked(gateway, transfer, agreement, grant))

    def _asked(self, gateway: Gateway, transfer: Transfer, agreement: Agreement, grant: Grant) -> Transfer:
        if transfer.state is TransferState.REQUESTED:
            found = search(self.desk, gateway, transfer)
            if found.result is not MatchResult.ONE and (until := self._searched_from(transfer)):
                raise SearchPutOff(until)
            return self.desk.append(transfer, EventKind.MATCH, found.content)
        if transfer.state is TransferState.MATCHED:
            return decide(self.desk, gateway, transfer, agreement, grant)
        if doubted := doubt(self.desk, gateway, transfer):
            return doubted
        if causes := causes_anew(self.desk, gateway, transfer, agreement, grant):
            return ask_anew(self.desk, transfer, agreement, causes)
        return pack(self.desk, gateway, transfer, agreement, grant)

    def _searched_from(self, transfer: Transfer) -> datetime | None:
        """Return when it may be said of a transfer that the rule found nobody; None where that is now.

        A child whom the rule finds is found at once: else the hour of a delivery would tell what was found before it.
        """
        return self.desk.ledger.searched_from(transfer, asking_limits(self.desk.settings().transfers))

    def _wait(self, transfer: Transfer, tried: StepTry, waiting: SignatureAwaited | SearchPutOff) -> None:
        """Let a step wait that has not failed, so that it is never given up."""
        if isinstance(waiting, SearchPutOff):
            told_put_off(transfer)
            self.desk.tries.put_off(tried, waiting.until)
        else:
            self.desk.tries.note_failed(tried, TroubleReason.SIGNATURE, self.desk.clock() + SIGNATURE_WAIT)

    def _fail(self, transfer: Transfer, tried: StepTry, reason: TroubleReason) -> None:
        """Let a step that failed be tried again after a pause, or give it up to a person.

        What lacks a key of the receiver waits for it, however long: people are told meanwhile.
        """
        now = self.desk.clock()
        pause = pause_after(tried.tries)
        late = reason is not TroubleReason.RECEIVER_KEY and now + pause - tried.begun > GIVEN_UP_AFTER
        over = late or reason in FOR_A_PERSON
        if over:
            told_given_up(transfer, reason)
        self.desk.tries.note_failed(tried, reason, None if over else now + pause)

    def _tidy(self) -> None:
        """Delete the packages that nobody needs, and what was read; now and then keys, leftovers, and wrong clocks."""
        desk, now = self.desk, self.desk.clock()
        desk.packages.expire()
        desk.children.forget_old()
        self.reclock()
        if self._kept is None or now - self._kept >= UPKEEP:
            self._kept = now
            desk.ledger.forget_keys()
            desk.packages.sweep()
            desk.manifests.sweep()
            desk.attachments.expire()
            desk.tries.sweep()

    def reclock(self) -> int:
        """Count the clocks of a district's open transfers anew where its calendar has changed; return how many."""
        counted_anew = 0
        for district in self.desk.settings().transfers.districts:
            days = self.desk.times.school_days(district)
            if self._known.get(district) == days:
                continue
            last = ""
            while found := self.desk.lists.of_sender(district, last):
                for last in found:
                    with suppress(NotPartyTo):
                        self.desk.ledger.reclock(last)
                    counted_anew += 1
            self._known[district] = days
        return counted_anew
