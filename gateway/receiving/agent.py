"""The receiving agent: fetches a record, shows it, files it, acknowledges it, and can undo what it wrote."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from adapters import registry
from gateway.receiving import acknowledging, fetching, placing
from gateway.receiving.acknowledging import NOT_WANTED
from gateway.receiving.errors import (
    GatewayRefused,
    NoSuchTransfer,
    PackageRefused,
    StudentNotFound,
    UnknownChoice,
    WrongStudent,
)
from gateway.receiving.filing import undoing
from gateway.receiving.filing.codes import AnswerBook, CodeBook
from gateway.receiving.filing.filing_plan import open_questions, plan
from gateway.receiving.filing.own_system import OwnSystem, roster_numbers, roster_state_ids, state_ids_of
from gateway.receiving.filing.remapping import COURSES, PROFILES, ReceiverKeys, Remapping
from gateway.receiving.filing.writing import FiledRecord, FilingOutcome, Writing
from standards.errors import SettingsError, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from adapters.contract import Adapter
    from gateway.receiving.fetching import ListedPackage, ReceivedPackage
    from gateway.receiving.filing.codes import CodeQuestion
    from gateway.receiving.filing.filing_plan import PlannedRecord
    from gateway.receiving.filing.undoing import UndoneRecord
    from gateway.receiving.gateway_client import TransferClient
    from gateway.receiving.settings import DestinationSettings, HouseSettings
    from gateway.receiving.state import Journal, StateFolder

FETCHED, STUDENT, ACKNOWLEDGED, RESENT, REPORTED = "fetched", "student", "acknowledged", "resent", "reported"
WAITS, FINISHED, STOPPED, RESUMED, DECLINED = (
    "waits for answers", "finished", "undone by a person", "resumed", "declined",
)  # fmt: skip
"""The steps of a transfer, as its journal has them."""
TOLD: Final = frozenset({FETCHED, ACKNOWLEDGED, RESENT, WAITS, FINISHED, STOPPED})
"""The steps that say how far a package is."""
CONFLICT: Final = 409
KEPT_FOR: Final = timedelta(days=undoing.UNDO_DAYS)

NOT_WAITING = "No package of this transfer waits at the gateway, and none is here."
NO_DESTINATION = "The settings name no destination."
NO_SECTION = "The package has no such section."
NO_CHILD = "The record does not say who the child is; nothing was written."


def utc_now() -> datetime:
    """Read the clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class AgentReport:
    """What was done with a package: what became of each document, the *sections* that were told, and the *answer*.

    The answer is ``acknowledged``, or why the package is wanted again, or empty where nothing was said.
    """

    received: ReceivedPackage
    filed: tuple[FiledRecord, ...]
    sections: dict[str, str]
    answer: str
    placed: tuple[Path, ...] = ()


@dataclass(slots=True)
class ReceivingAgent:
    """The agent of the district that *settings* describe, with a *state* folder of its own.

    The district's own system is opened once, when it is first needed, and closed with the agent.
    """

    settings: HouseSettings
    client: TransferClient
    state: StateFolder
    now: Callable[[], datetime] = field(default_factory=lambda: utc_now)
    _opened: OwnSystem | None = field(default=None, init=False)

    def close(self) -> None:
        """Close the connections to the district's own system."""
        if self._opened is not None:
            self._opened.close()

    def waiting(self) -> list[ListedPackage]:
        """Return the packages that wait at the gateway."""
        return fetching.waiting(self.client)

    def here(self) -> list[tuple[str, int, str]]:
        """Return the packages that were fetched: transfer, version, and what was last done with them."""
        found = []
        for transfer in self.state.transfers():
            journal = self.state.journal(transfer)
            fetched = journal.last(FETCHED)
            if fetched is not None:
                step = next(one["step"] for one in reversed(journal.entries) if one["step"] in TOLD)
                found.append((transfer, fetched["version"], step))
        return found

    def versions(self, transfer: str, *, pending: bool = False) -> list[int]:
        """Return the versions that were fetched, oldest first; of *pending* ones, those that are not done with."""
        journal = self.state.journal(transfer)
        found = sorted({one["version"] for one in journal.entries if one["step"] == FETCHED})
        return [one for one in found if not (pending and self.is_done(transfer, one))]

    def fetch(self, transfer: str, listed: Sequence[ListedPackage] | None = None) -> ReceivedPackage:
        """Fetch the packages of a transfer that are not here yet, verify and open each; return the newest.

        Raises:
            PackageRefused: one is not what it should be; it is thrown away, unless other keys might open it.
        """
        journal = self.state.journal(transfer)
        for one in self.waiting() if listed is None else listed:
            told = {"version": one.version, "sha256": one.sha256}
            if one.transfer != transfer or (journal.last(FETCHED, **told) and self._is_here(one)):
                continue
            names = (*self.settings.senders, self.settings.district, fetching.GATEWAY)
            fetching.refresh_keys(self.client, self.state, names)
            fetching.fetch(self.client, self.state, one)
            journal.add(FETCHED, **told, at=self.now().isoformat())
            try:
                self.opened(transfer, one.version)
            except PackageRefused as error:
                if error.again:
                    self.state.package(transfer, one.version).unlink(missing_ok=True)
                raise PackageRefused(error.message, again=error.again, version=one.version) from None
            journal = self.state.journal(transfer)
        return self.opened(transfer)

    def opened(self, transfer: str, version: int = 0) -> ReceivedPackage:
        """Open the package of a *version* that is here, or the newest.

        Raises:
            NoSuchTransfer: none is.
            PackageRefused: it is not what it should be.
        """
        journal = self.state.journal(transfer)
        fetched = journal.last(FETCHED, version=version) if version else journal.last(FETCHED)
        if fetched is None:
            raise NoSuchTransfer(NOT_WAITING)
        moments = fetching.moment(fetched["at"]), self.now()
        return fetching.open_received(self.settings, self.state, transfer, fetched["version"], moments, self.client)

    def show(self, transfer: str) -> tuple[ReceivedPackage, tuple[PlannedRecord, ...], str]:
        """Return a package, what would become of each document in it, and why nothing would, where that is so."""
        received = self.opened(transfer)
        try:
            system = self._system() if received.sections else None
            return received, self._planned(received, system, frozenset()), ""
        except (StudentNotFound, WrongStudent, SourceError) as error:
            return received, plan(received, None, None), error.message

    def questions(self) -> set[CodeQuestion]:
        """Return the open questions of all packages that are here."""
        asked: set[CodeQuestion] = set()
        for transfer, _, _ in self.here():
            try:
                asked |= open_questions(self._planned(self.opened(transfer), self._system(), frozenset()))
            except (NoSuchTransfer, PackageRefused, StudentNotFound, WrongStudent):
                continue
        AnswerBook(self.state).ask(asked)
        return asked

    def answer(self, question: str, answer: str, transfer: str = "") -> str:
        """Remember the answer to a question, for every record or for one *transfer*; return the code that is meant."""
        book, system = AnswerBook(self.state), self._system()
        if system is None:
            raise SettingsError(NO_DESTINATION, str(self.settings.file))
        return book.remember(book.question(question), answer, system, transfer)

    def know(self, transfer: str, student: str, *, checked: bool = False) -> None:
        """Remember who the child of a transfer is in the district's own system, and whether the record agreed."""
        journal = self.state.journal(transfer)
        known = journal.last(STUDENT)
        if known is None or (known["unique"], known["checked"] or not checked) != (student, True):
            journal.add(STUDENT, unique=student, checked=checked)

    def file(self, transfer: str, only: Sequence[str] = (), takes: Sequence[str] = (), version: int = 0) -> AgentReport:
        """File a record as far as nothing is asked, acknowledge it, and say what became of each section.

        Raises:
            WrongStudent: the record is another child's.
            SourceError: the district's own system stops answering; the next time goes on.
            GatewayUnreachable: likewise the gateway; what was written is written.
        """
        received = self.opened(transfer, version)
        if unknown := set(only) - {one["name"] for one in received.manifest["sections"]}:
            raise UnknownChoice(f"{min(unknown)}: {NO_SECTION}")
        journal = self.state.journal(transfer)
        reason = "" if journal.last(ACKNOWLEDGED, version=received.version) else acknowledging.contradiction(received)
        if reason:
            self.send_back(transfer, received.version, reason)
            return AgentReport(received, (), {}, reason)
        system = self._system() if received.sections else None
        planned = self._planned(received, system, frozenset(only))
        filed = self._written(received, system, journal, planned, takes)
        placed = self._placed(received, journal)
        echo = acknowledging.figures(received, filed, system)
        answer = self._acknowledge(received, journal, echo)
        sections = self._report(received, journal, filed, frozenset(only)) if answer == ACKNOWLEDGED else {}
        if answer == ACKNOWLEDGED and not only:
            self._note_rest(journal, received.version, filed)
        return AgentReport(received, filed, sections, answer, tuple(placed))

    def decline(self, transfer: str, sections: Sequence[str]) -> None:
        """Remember that the registrar does not want some sections of a record: nothing of them is written."""
        journal = self.state.journal(transfer)
        for name in sections:
            if journal.last(DECLINED, section=name) is None:
                journal.add(DECLINED, section=name)

    def undo(self, transfer: str) -> list[UndoneRecord]:
        """Delete what was written for a transfer, and nothing else; no later run files it by itself."""
        journal = self.state.journal(transfer)
        done: list[UndoneRecord] = []
        if not self._is_stopped(journal):
            journal.add(STOPPED)
        if (system := self._system()) is not None:
            done += undoing.undo(system, journal, self.now)
        if self.settings.destination is not None and self.settings.destination.folder is not None:
            folder = self.settings.destination.folder
            done += [
                undoing.UndoneRecord("file", one.relative_to(folder).as_posix(), undoing.UndoOutcome.DELETED)
                for one in placing.remove(folder, journal)
            ]
        return done

    def send_back(self, transfer: str, version: int, reason: str) -> None:
        """Ask for a package again, once for each version."""
        journal = self.state.journal(transfer)
        if journal.last(RESENT, version=version) is None:
            self.client.post(f"/transfers/{transfer}/acknowledgment", {"version": version, "resend": reason})
            journal.add(RESENT, version=version, reason=reason)

    def forget_old(self) -> list[str]:
        """Delete what is kept of transfers whose last step is older than what is written can be undone for."""
        old = []
        for transfer in self.state.transfers():
            moments = [one["at"] for one in self.state.journal(transfer).entries if "at" in one]
            if moments and self.now() - fetching.moment(max(moments)) > KEPT_FOR:
                self.state.forget(transfer)
                old.append(transfer)
        return old

    def is_done(self, transfer: str, version: int) -> bool:
        """Tell whether nothing is left to do about a version without a person."""
        journal = self.state.journal(transfer)
        if self._is_stopped(journal) or any(journal.last(step, version=version) for step in (FINISHED, RESENT)):
            return True
        waits = journal.last(WAITS, version=version)
        return waits is not None and not AnswerBook(self.state).has_any(waits["questions"], transfer)

    def resume(self, transfer: str) -> None:
        """Let a transfer be filed again that was undone."""
        journal = self.state.journal(transfer)
        if self._is_stopped(journal):
            journal.add(RESUMED)

    @staticmethod
    def _is_stopped(journal: Journal) -> bool:
        newest = next((one["step"] for one in reversed(journal.entries) if one["step"] in {STOPPED, RESUMED}), RESUMED)
        return bool(newest == STOPPED)

    def _planned(
        self, received: ReceivedPackage, system: OwnSystem | None, only: frozenset[str]
    ) -> tuple[PlannedRecord, ...]:
        remapping = None if system is None else self._remapping(received, system)
        declined = self._declined(received.transfer) - only
        return tuple(one for one in plan(received, system, remapping, only) if one.section not in declined)

    def _declined(self, transfer: str) -> frozenset[str]:
        entries = self.state.journal(transfer).entries
        return frozenset(one["section"] for one in entries if one["step"] == DECLINED)

    def _remapping(self, received: ReceivedPackage, system: OwnSystem) -> Remapping:
        destination = self.settings.destination
        assert destination is not None
        child = self._child(received, system)
        titles = {str(one["courseCode"]): str(one.get("courseTitle", "")) for one in received.documents(COURSES)}
        codes = CodeBook(received.sender, received.transfer, AnswerBook(self.state), system, destination.courses)
        sender = self.settings.senders[received.sender].name
        return Remapping(ReceiverKeys(child, system.organization), codes, sender, titles)

    def _child(self, received: ReceivedPackage, system: OwnSystem) -> str:
        """Return the child's own id in the system; a supplement that does not say who it is, is of the one before."""
        students = received.documents("students")
        known = self.state.journal(received.transfer).last(STUDENT)
        if not students and known is not None and known["checked"]:
            return str(known["unique"])
        if len(students) != 1:
            raise WrongStudent(NO_CHILD)
        born = str(students[0].get("birthDate"))
        state_ids = state_ids_of(received.documents(PROFILES)) | roster_state_ids(received.files)
        numbers = roster_numbers(received.files)
        child = system.child(str(known["unique"]) if known else "", born, state_ids, numbers)
        self.know(received.transfer, child, checked=True)
        return child

    @staticmethod
    def _told(post: Callable[[], None]) -> None:
        """Tell the gateway something; that it knows already, or goes by a newer version, is no error."""
        try:
            post()
        except GatewayRefused as error:
            if error.answered != CONFLICT:
                raise

    def _is_here(self, one: ListedPackage) -> bool:
        """Tell whether a package was fetched and not thrown away, or is done with."""
        return self.state.package(one.transfer, one.version).exists() or self.is_done(one.transfer, one.version)

    def _written(
        self,
        received: ReceivedPackage,
        system: OwnSystem | None,
        journal: Journal,
        planned: tuple[PlannedRecord, ...],
        takes: Sequence[str],
    ) -> tuple[FiledRecord, ...]:
        AnswerBook(self.state).ask(open_questions(planned))
        if system is None:
            return tuple(FiledRecord(one, FilingOutcome.DOCUMENT) for one in planned)
        return tuple(Writing(system, journal, received.version, self.now).write(planned, takes))

    def _placed(self, received: ReceivedPackage, journal: Journal) -> list[Path]:
        destination = self.settings.destination
        if destination is None or destination.folder is None:
            return []
        return placing.place(received, destination.folder, journal)

    def _acknowledge(self, received: ReceivedPackage, journal: Journal, echo: dict[str, Any]) -> str:
        """Say back what was read, once for each version; or ask for the package again where it is not what was sent."""
        version = received.version
        if journal.last(ACKNOWLEDGED, version=version):
            return ACKNOWLEDGED
        if reason := acknowledging.resend_reason(received, echo):
            self.send_back(received.transfer, version, reason)
            return reason
        path, body = f"/transfers/{received.transfer}/acknowledgment", {"version": version, "echo": echo}
        if version == self.versions(received.transfer)[-1]:
            self.client.post(path, body)
        else:
            self._told(partial(self.client.post, path, body))
        journal.add(ACKNOWLEDGED, version=version, at=self.now().isoformat())
        return ACKNOWLEDGED

    def _report(
        self, received: ReceivedPackage, journal: Journal, filed: tuple[FiledRecord, ...], only: frozenset[str]
    ) -> dict[str, str]:
        """Tell the gateway what became of each section, once for each version."""
        found = acknowledging.section_outcomes(received, filed)
        found |= dict.fromkeys((self._declined(received.transfer) & found.keys()) - only, NOT_WANTED)
        told = {name: how for name, how in found.items() if not only or name in only}
        for name, how in told.items():
            if journal.last(REPORTED, version=received.version, section=name) is None:
                path = f"/transfers/{received.transfer}/sections/{name}/filed"
                self._told(partial(self.client.post, path, {"version": received.version, "how": how}))
                journal.add(REPORTED, version=received.version, section=name, how=how)
        return told

    @staticmethod
    def _note_rest(journal: Journal, version: int, filed: tuple[FiledRecord, ...]) -> None:
        """Note which questions are left, or that nothing is; what was refused is for a person to try again."""
        left = sorted({question.id for one in filed for question in one.planned.questions})
        newest = next((one for one in reversed(journal.entries) if one["step"] in {WAITS, FINISHED}), {})
        told = {"version": version, "questions": left} if left else {"version": version}
        step = WAITS if left else FINISHED
        if newest != {"step": step, **told}:
            journal.add(step, **told)

    def _system(self) -> OwnSystem | None:
        """Return the district's own system; None where it is a folder."""
        destination = self.settings.destination
        if destination is None:
            raise SettingsError(NO_DESTINATION, str(self.settings.file))
        if destination.is_folder or destination.organization is None:
            return None
        if self._opened is None:
            self._opened = OwnSystem(self._adapter(destination), destination.organization)
        return self._opened

    def _adapter(self, destination: DestinationSettings) -> Adapter:
        """Open the adapter of the district's own system, with its secrets."""
        found = registry.find(destination.adapter)
        given = dict(destination.settings)
        for name, kind in found.Settings().fields.items():
            if kind.metadata.get("secret") and given.get(name):
                given[name] = self.settings.secret(str(given[name]))
        return found(self.settings.district, given)
