"""The running gateway: serves each request from the state present when it arrives, and replaces that state whole."""

from __future__ import annotations

import gc
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Final

from gateway import telemetry
from gateway.admin.districts.uploading import UploadGate
from gateway.audit.acts import Carrier
from gateway.auth import registrations
from gateway.cache.needed_fields import programs_of, wanted_by
from gateway.config import settings as settings_file
from gateway.process_memory import give_back_memory
from gateway.runtime.control import child_socket, confirm_socket, districts_socket, export_socket, transfers_socket
from gateway.runtime.control import why_socket as why
from gateway.runtime.loads import Loads
from gateway.runtime.moving import transfer_worker
from gateway.runtime.people_side import PeopleSide, undelivered_notes
from gateway.runtime.rehearsal import rehearse
from gateway.runtime.reloading import Refused, ReloadTarget, arrange, read_target, select_again, without_withdrawn
from gateway.runtime.report import differences, moment, pending_line
from gateway.runtime.state import approvals_of
from gateway.runtime.stays import RunningResponse, Stay
from gateway.runtime.watch import Watch
from gateway.storage.people.written import written_changes
from standards.errors import SettingsError, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any
    from wsgiref.types import StartResponse, WSGIEnvironment

    from gateway.admin.answers.rehearsed import AskedAddress, Rehearsed
    from gateway.auth.callers import Caller
    from gateway.config.settings import Settings
    from gateway.gateway import Gateway
    from gateway.jobs.collecting import NoticeRegion
    from gateway.readiness import Readiness
    from gateway.runtime.control.control_socket import Handler
    from gateway.runtime.loads import Load
    from gateway.runtime.reloading import StateChange
    from gateway.runtime.state import GatewayState, Parts
    from gateway.transfers.work.worker import TransferWorker
    from policies.standing import Standing


RELOAD, APPROVALS, WRITTEN = "a reload", "the approvals", "what people wrote"
"""What agreements are served newly by, where nobody says who asked for it."""

RELOAD_SECONDS: Final = 120.0
"""How long a reload waits for the districts that must be read for it; what is read later is served then."""


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a reload, in lines for whoever asked for it, and its time.

    What it asks of the districts *unread* is served once their sources are read for it, which has *failed* for some.
    """

    ok: bool
    lines: tuple[str, ...]
    at: float
    unread: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()


class RunningGateway:
    """The WSGI application of the region, whatever state it is in.

    A request ends on the state on which it began. A reload makes the next state beside the present one; where it
    fails, the present one stays.
    """

    def __init__(self, parts: Parts, state: GatewayState, written: int) -> None:
        self._parts, self._state, self._written = parts, state, written
        self.since = parts.now()
        self.reloaded: Report | None = None
        self.refused: Report | None = None
        self._reloading = threading.Lock()
        self._retiring: threading.Thread | None = None
        self._approved: tuple[int, ...] | None = None
        self._target, self._loads = ReloadTarget(state.settings, state.standing), Loads(parts, self._settle)
        self._carrier = Carrier(state.gateway.record, parts.store, parts.clock)
        state.gateway.present = lambda: self._state.gateway
        self._people = PeopleSide(self, parts)

    @property
    def readiness(self) -> Readiness:
        """Tell whether requests can be answered and recorded."""
        return self._parts.readiness

    @property
    def state(self) -> GatewayState:
        """Return the present state."""
        return self._state

    @property
    def gateway(self) -> Gateway:
        """Return the gateway that serves the next request."""
        return self._state.gateway

    @property
    def settings(self) -> Settings:
        """Return the settings that are served."""
        return self._state.settings

    @property
    def standing(self) -> Standing:
        """Return the agreements that are served, and those that are withheld."""
        return self._state.standing

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request from the present state, or by the pages and the API of administration."""
        if self._people.answers(environ):
            return self._people(environ, start_response)
        stay = self._enter()
        try:
            return RunningResponse(stay.state.app(environ, start_response), stay)
        except BaseException:
            stay.end()
            raise

    def _enter(self) -> Stay:
        while not (state := self._state).visits.enter():
            pass  # that state was replaced before this request entered it: another one is present by now
        return Stay(state)

    def rehearse(self, caller: Caller, asked: AskedAddress) -> Rehearsed:
        """Rehearse what *caller* asks of the present state."""
        with self.visiting() as state:
            return rehearse(self._parts, state, caller, asked)

    @contextmanager
    def visiting(self) -> Iterator[GatewayState]:
        """Enter the present state, which stays open until the end of the block."""
        stay = self._enter()
        try:
            yield stay.state
        finally:
            stay.end()

    def upload_gate(self) -> UploadGate:
        """Return what decides before the body of an uploaded file is read whether it may come."""
        return UploadGate(self._people.region())

    def notices(self) -> NoticeRegion:
        """Return what notices to people are made of."""
        return self._people.notices()

    def transfers(self) -> TransferWorker:
        """Return the worker on transfers."""
        return transfer_worker(self._parts, lambda: self._state, self.visiting)

    def watch(self) -> Callable[[], None]:
        """Carry acts over and follow approvals and writings, all within a second, until what is returned is called."""
        return self._watch().end

    def _watch(self) -> Watch:
        follow = (self.follow_approvals, self.follow_written, self.follow_loads, self.follow_orders)
        return Watch(self._carrier, *follow, ended=self._end)

    def _end(self) -> None:
        self._loads.close()
        self._parts.desk.flush()

    def follow_orders(self) -> None:
        """Keep to what people order about districts, and write down what was read of them."""
        self._parts.desk.follow(self._state.gateway.districts)

    def follow_approvals(self) -> None:
        """Let the approvals of now decide which agreements release anything, unless a reload is doing so."""
        seen = approvals_of(self._target.settings, self._parts.store)
        if seen == self._approved or not self._reloading.acquire(blocking=False):
            return
        try:
            if seen and (target := select_again(self._parts, self._target, self.gateway.record, APPROVALS)):
                self._arrange(target)
            self._approved = seen
        finally:
            self._reloading.release()

    def follow_written(self) -> None:
        """Serve what people have written since the last look; what is wrong is tried again when it has changed."""
        if written_changes(self._parts.store) != self._written:
            self.reload(WRITTEN, 0.0)

    def follow_loads(self) -> None:
        """Serve the districts that have been read meanwhile, and try again those that could not be."""
        if self._loads.has_news and self._reloading.acquire(blocking=False):
            try:
                self._arrange(self._target)
            finally:
                self._reloading.release()

    def _settle(self) -> None:
        with self._reloading:
            self._arrange(self._target)

    def reload(self, actor: str = RELOAD, seconds: float = RELOAD_SECONDS, district: str = "") -> Report:
        """Serve the files on disk from now on, or report what is wrong with them and go on as before.

        No more than *seconds* are waited for districts that must be read for it; they are served once they are. One
        *district* that could not be read before is tried again at once, each where none is named.
        """
        begun: list[Load] = []
        with self._reloading:
            before, written = self._state, self._written
            try:
                restart = self._reload(actor, district, begun)
            except Refused as refused:
                return self._refuse(refused)
            except StoreUnavailable as error:
                self._written = written  # the next look tries again
                return self._refuse(Refused([SettingsError(error.message)]))
            except Exception as error:  # noqa: BLE001  whatever it is, the present state goes on
                telemetry.fault(error)
                message = f"the gateway failed ({type(error).__name__}); its log tells where"
                return self._refuse(Refused([SettingsError(message)]))
        end = time.monotonic() + seconds
        for load in begun:
            load.over.wait(max(0.0, end - time.monotonic()))
        return self._report(before, begun, restart)

    def _reload(self, actor: str, district: str, begun: list[Load]) -> tuple[str, ...]:
        """Serve what can be served without a look at any source; note the loads that were begun for the rest."""
        self._written = written_changes(self._parts.store)
        if ending := without_withdrawn(self._parts, self._target, actor):
            self._arrange(ending)  # at once, whatever is wrong with the rest
        read, mistakes = settings_file.read(self._state.settings.file)
        if read is None:
            raise Refused(mistakes)
        if read.unread:
            raise StoreUnavailable(read.unread)
        seen = approvals_of(read, self._parts.store)
        target, restart = read_target(self._parts, self._target, self.gateway.record, read, actor)
        hurried = actor != WRITTEN
        begun += self._arrange(target, always=True, hurried=lambda name: hurried and district in {"", name})
        if (load := self._loads.of(district)) is not None and load not in begun:
            begun.append(load)
        self._approved = seen
        self.refused = None
        return restart

    def _arrange(
        self, target: ReloadTarget, *, always: bool = False, hurried: Callable[[str], bool] = lambda _name: False
    ) -> tuple[Load, ...]:
        """Serve what there is of a *target*, and begin to read what it needs besides; return the loads begun."""
        change = arrange(self._parts, self._state, target, self._loads)
        if always or change.alters:
            self._swap(change)
        self._target = target
        self._loads.take(change.taken)
        return self._loads.keep_to(change.needs, str(target.settings.file), hurried)

    def _report(self, before: GatewayState, begun: Iterable[Load], restart: tuple[str, ...]) -> Report:
        """Report what a reload came to, with the districts that could not be read for it, or not yet."""
        state = self._state
        old = before.gateway.districts
        again = {name for name, one in state.gateway.districts.items() if old.get(name) is not one}
        mine = {load.need.name: load for load in begun if not load.is_served}
        late = dict(self._loads.waiting()) | {name: load.note() for name, load in mine.items()}
        failed = frozenset(name for name, load in mine.items() if load.has_failed)
        lines = (*differences(before, state, again), *map(_needs_restart, restart), *late.values())
        lines += tuple(f"warning: {line}" for line in self.warnings())
        self.reloaded = Report(ok=True, lines=lines, at=self._parts.now(), unread=frozenset(late), failed=failed)
        telemetry.reloaded(len(lines))
        return self.reloaded

    def _refuse(self, refused: Refused) -> Report:
        """Note that the files on disk are not what is served, since the first reload that failed."""
        lines = tuple(one.message for one in refused.mistakes)
        at = self.refused.at if self.refused else self._parts.now()
        self.refused = Report(ok=False, lines=lines, at=at)
        telemetry.reload_refused(at, [one.place for one in refused.mistakes])
        return self.refused

    def _swap(self, change: StateChange) -> None:
        """Serve the next request from the state of *change*."""
        before, fresh = self._state, change.state
        with ExitStack() as stack:
            for one in sorted(change.successors, key=lambda one: one.name):
                stack.enter_context(one.taking_over())
            self._state = fresh
        for name, district in fresh.gateway.districts.items():
            if not district.loaded:  # it is loaded for the new grants, even while an old request is still running
                every = fresh.gateway.grants.every(name)
                district.want(wanted_by(every), programs_of(every))
        fresh.gateway.attend(fresh.gateway.districts.values())
        self._retiring = threading.Thread(
            target=self._retire, args=(before, fresh, self._retiring), name="retire", daemon=True
        )
        self._retiring.start()

    def _retire(self, state: GatewayState, following: GatewayState, earlier: threading.Thread | None) -> None:
        """Close a *state* once its last request has ended, and those of *earlier* ones have.

        Parts that the *following* one shares stay open, though a later one may not have them.
        """
        if earlier is not None:
            earlier.join()
        state.visits.close()
        kept = following.gateway.districts
        adapters = {id(one.adapter) for one in kept.values()}
        for name, district in state.gateway.districts.items():
            if kept.get(name) is not district:
                district.close(adapter=id(district.adapter) not in adapters)
        with self._reloading:  # what is prepared now relies on what its districts ask for
            if following is self._state:
                for name, district in kept.items():
                    every = following.gateway.grants.every(name)
                    district.want(wanted_by(every), programs_of(every))
                following.gateway.forget_the_gone()
        gc.collect()
        give_back_memory()

    def handlers(self) -> dict[str, Handler]:
        """Return the commands that the control socket answers, by name."""
        return {
            "reload": self._tell_reload,
            "status": self._tell_status,
            export_socket.COMMAND: lambda asked: export_socket.serve(self.visiting, self._parts.store, asked),
            child_socket.COMMAND: lambda asked: child_socket.serve(self.visiting, asked),
            confirm_socket.COMMAND: lambda asked: confirm_socket.serve(self._people.region, asked),
            why.COMMAND: lambda asked: why.serve(self._people.region, asked),
            **{one: partial(districts_socket.serve, one, self._people.region) for one in districts_socket.COMMANDS},
            **{one: partial(transfers_socket.serve, one, self._people.region) for one in transfers_socket.COMMANDS},
        }

    def _tell_reload(self, asked: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        report = self.reload(str(asked.get("actor") or RELOAD)[:80])
        yield from ({"text": line} for line in report.lines)
        yield {"done": True, "ok": report.ok}

    def _tell_status(self, _asked: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        yield from ({"text": line} for line in self.status())

    def warnings(self) -> tuple[str, ...]:
        """List what an operator should look at, though the gateway serves."""
        state = self._state
        try:
            clients = self._parts.store.list_clients()
        except StoreUnavailable as error:
            return (*state.settings.warnings, error.message)
        found = registrations.warnings(state.standing.agreements, clients, self._parts.clock())
        notes = state.gateway.record.notes(), self._carrier.notes(), undelivered_notes(self._parts)
        return (*state.settings.warnings, *found, *chain(*notes))

    def wait(self) -> None:
        """Wait until all states but the present one are closed."""
        if self._retiring is not None:
            self._retiring.join()

    def status(self) -> Iterator[str]:
        """Report what runs since when, what it serves, and what is wrong, in lines; what is wrong comes first."""
        state = self._state
        yield from _wrong(state)
        if self.refused:
            yield f"the files on disk are not served since {moment(self.refused.at)}:"
            yield from (f"  {line}" for line in self.refused.lines)
        yield f"running since {moment(self.since)} on {state.settings.file}"
        if self.reloaded:
            yield f"last reloaded {moment(self.reloaded.at)}"
        yield from (f"warning: {line}" for line in self.warnings())
        yield f"agreements: {len(state.standing.agreements)}"
        for one in state.standing.agreements:
            stretch = f"{one.begin} to {one.end}"
            yield f"  {one.id}@{one.version}: {one.district}, {one.purpose}, {stretch}, {', '.join(one.clients)}"
        yield f"districts: {len(state.settings.districts)}"
        for name, spec in state.settings.districts.items():
            told, *more = state.gateway.districts[name].status().lines()
            yield f"  {name}: {spec.adapter}, {told}"
            yield from (f"    {line}" for line in more)
        for name, note in self._loads.waiting():
            yield f"  {name}: waits to be read, and is served as before until then: {note}"


def _wrong(state: GatewayState) -> Iterator[str]:
    """List the agreements that release nothing, and why."""
    standing = state.standing
    if standing.closed:
        yield f"NO AGREEMENT of {state.settings.agreements} is served: a wrong one does not say whom it is about"
    for mistake in standing.mistakes:
        yield f"wrong: {mistake.message}"
    for one in standing.withheld:
        yield f"withheld: {one.id}@{one.version} of {one.district} ({', '.join(one.clients)})"
    yield from map(pending_line, standing.pending)


def _needs_restart(name: str) -> str:
    return f"{name}: another value takes effect at the next restart"
