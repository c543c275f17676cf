"""Loads: districts opened and read for a coming state, each in a thread of its own that holds up nothing else."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway import telemetry
from gateway.cache.needed_fields import within
from gateway.districts import sources
from gateway.districts.retries import Retry
from gateway.failure_reasons import reason
from gateway.runtime.state import described
from gateway.runtime.successor import Successor
from standards.errors import GatewayError, SettingsError, SourceBroken, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from adapters.contract import Adapter, Wanted
    from gateway.config.settings import DistrictSettings as Spec
    from gateway.districts.district import District
    from gateway.runtime.state import Parts

ARRIVAL_SECONDS: Final = 10.0
"""How long a new district is read before it is served unread: its requests wait for its data, or are told why not."""

UNKNOWN: Final = "its system has resources that the model does not know; that needs a restart"


@dataclass(frozen=True, slots=True)
class Need:
    """What a coming state needs of the source of one district: a first load, another source, or more fields.

    *before* is the district that serves until then, *same* tells whether its source is the same.
    """

    name: str
    spec: Spec
    wanted: Wanted
    programs: frozenset[str]
    before: District | None
    same: bool

    def is_met_by(self, other: Need) -> bool:
        """Tell whether what is loaded for the *other* need does for this one, too."""
        return (
            (self.spec, self.before) == (other.spec, other.before)
            and self.programs <= other.programs
            and all(within(fields, other.wanted.get(entity, frozenset())) for entity, fields in self.wanted.items())
        )


class Load:
    """One district that is opened and read; *over* is set once what came of it is served, or known to fail."""

    def __init__(self, need: Need, parts: Parts, file: str, earlier: str = "") -> None:
        self.need, self._file, self._earlier = need, file, earlier
        self.mistake: SettingsError | None = None
        self.failure: SourceError | None = None
        self.over = threading.Event()
        self._since, self._lock = time.monotonic(), threading.Lock()
        self._ended = self._dropped = self._taken = False
        adapter = need.before.adapter if need.same and need.before else self._adapter(parts)
        if need.before is None:
            self.district: District = parts.district(adapter, need.spec, need.wanted)
        else:
            self.district = Successor(need.before, parts, adapter, need.spec, need.wanted)
        self.district.want(need.wanted, need.programs)

    def _adapter(self, parts: Parts) -> Adapter:
        return described(sources.adapter_of(self.need.name, self.need.spec, parts.monotonic), self.need.spec)

    @property
    def is_ready(self) -> bool:
        """Whether the district is read."""
        return self._ended and self.mistake is None

    @property
    def is_admitted(self) -> bool:
        """Whether a new district is to be served unread, as at a start: it has failed, or takes long."""
        if self.need.before is not None:
            return False
        return self.failure is not None if self._ended else time.monotonic() - self._since > ARRIVAL_SECONDS

    @property
    def has_failed(self) -> bool:
        """Whether the district could not be read."""
        return self._ended and self.mistake is not None

    @property
    def is_served(self) -> bool:
        """Whether the district is served as it was to be."""
        return self._taken and self.mistake is None and self._ended

    def note(self) -> str:
        """Say in one line what the load has come to so far."""
        if self.mistake is not None:
            return self.mistake.message
        return self._earlier or f"{self._file}: districts.{self.need.name}: it is still being read"

    def begin(self, ended: Callable[[], object]) -> None:
        """Open and read the district in a thread, and call *ended* whatever came of it."""
        threading.Thread(target=self._run, args=(ended,), name=f"load-{self.need.name}", daemon=True).start()

    def take(self) -> None:
        """Leave the district to the state that serves it."""
        self._taken = True

    def drop(self) -> None:
        """Let go of the district, at once or when its source has answered."""
        with self._lock:
            self._dropped, ended = True, self._ended
        if ended:
            self._let_go()
        self.over.set()

    def _run(self, ended: Callable[[], object]) -> None:
        self._try()
        with self._lock:
            self._ended, dropped = True, self._dropped
        if dropped or (self.mistake is not None and not (self.is_admitted or self._taken)):
            self._let_go()
        try:
            if not dropped:
                ended()
        except Exception as error:  # noqa: BLE001  the next look of the watch tries again
            telemetry.fault(error)
        finally:
            self.over.set()

    def _try(self) -> None:
        """Open and read, and name the district of a failure, with nothing of the data it was working on."""
        try:
            self._read()
        except SourceError as error:
            self.failure = error
            self.mistake = self._mistake(str(reason(self.need.name, error)))
        except GatewayError as error:
            self.mistake = self._mistake(f"districts.{self.need.name}: {error.message}")
        except Exception as error:  # noqa: BLE001  an adapter may fail in any way
            telemetry.fault(error)
            self.failure = SourceBroken("The adapter failed.")
            told = f"the adapter failed ({type(error).__name__}); the log tells where"
            self.mistake = self._mistake(f"districts.{self.need.name}: {told}")

    def _mistake(self, told: str) -> SettingsError:
        return SettingsError(told, self._file)

    def _read(self) -> None:
        district = self.district
        if not self.need.same and not sources.is_known(district.adapter.beyond()):
            raise SettingsError(UNKNOWN)
        if isinstance(district, Successor):
            district.load()
        elif district.cached_entities:
            district.cached_snapshot()

    def _let_go(self) -> None:
        if isinstance(self.district, Successor):
            self.district.abandon()
        else:
            with suppress(Exception):
                self.district.close()


class Loads:
    """The loads that the present state waits for; one that has failed is tried again after pauses.

    It is used by one thread at a time. *settle* is called by the thread of a load that has ended.
    """

    def __init__(self, parts: Parts, settle: Callable[[], object]) -> None:
        self._parts, self._settle = parts, settle
        self._loads: dict[str, Load] = {}
        self._retries: dict[str, Retry] = {}

    def find(self, need: Need) -> Load | None:
        """Return the load that does for a *need*, if there is one."""
        found = self._loads.get(need.name)
        return found if found is not None and need.is_met_by(found.need) else None

    def take(self, names: Iterable[str]) -> None:
        """Forget the loads of districts that are served now."""
        for name in names:
            self._retries.pop(name, None)
            if (load := self._loads.pop(name, None)) is not None:
                load.take()

    def keep_to(self, needs: Mapping[str, Need], file: str, hurried: Callable[[str], bool]) -> tuple[Load, ...]:
        """Begin the loads that are needed and not under way, and drop the others; return those begun.

        One that has failed begins again once its pause is over, or if it is *hurried*.
        """
        for name, load in tuple(self._loads.items()):
            if name not in needs or not needs[name].is_met_by(load.need):
                self._loads.pop(name).drop()
                self._retries.pop(name, None)
        begun = [self._begin(need, file) for name, need in needs.items() if self._is_due(name, hurried)]
        return tuple(begun)

    def close(self) -> None:
        """Drop every load: the gateway ends."""
        while self._loads:
            self._loads.popitem()[1].drop()

    def _is_due(self, name: str, hurried: Callable[[str], bool]) -> bool:
        load = self._loads.get(name)
        if load is None or not load.has_failed:
            return load is None
        return self._is_over_pause(load) or hurried(name)

    def _is_over_pause(self, load: Load) -> bool:
        """Tell whether a load that has failed is to be tried again; what cannot change by itself never is."""
        if load.failure is None:
            return False
        retry = self._retries.setdefault(load.need.name, Retry(self._parts.monotonic))
        if retry.error is not load.failure:
            retry.hurry()
            retry.failed(load.failure)
        return retry.due

    def _begin(self, need: Need, file: str) -> Load:
        failed = self._loads.get(need.name)
        load = self._loads[need.name] = Load(need, self._parts, file, failed.note() if failed else "")
        load.begin(self._settle)
        return load

    def of(self, name: str) -> Load | None:
        """Return the load of a district that the present state waits for."""
        return self._loads.get(name)

    @property
    def has_news(self) -> bool:
        """Whether one has ended, is to be admitted unread, or is to be tried again."""
        every = tuple(self._loads.values())
        return any(one.is_ready or one.is_admitted or (one.has_failed and self._is_over_pause(one)) for one in every)

    def waiting(self) -> Iterator[tuple[str, str]]:
        """Yield each district that waits to be read, and what its load has come to so far."""
        for name, load in sorted(self._loads.items()):
            yield name, load.note()
