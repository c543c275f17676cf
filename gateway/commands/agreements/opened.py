"""What commands about agreements open: the settings, the registry, and the version they are about."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from gateway.config.settings import Settings
    from gateway.signing.overview import VersionState
    from gateway.storage.approvals import Approvals
    from gateway.storage.registry import SqlStore
    from policies.agreement import Agreement

FEW = 3
"""So many agreements that signatures would stop are told one by one, more of them together."""


@dataclass(frozen=True, slots=True)
class OpenedRegistry:
    """The settings of a region, its registry, and the approvals there."""

    settings: Settings
    store: SqlStore
    approvals: Approvals

    def states(self) -> tuple[VersionState, ...]:
        """Return the state of every version."""
        from gateway.signing.overview import overview
        from gateway.storage.registry import utc_now

        return overview(self.settings, self.store, utc_now())


@contextmanager
def registry(file: Path) -> Iterator[OpenedRegistry]:
    """Open the registry of the region that *file* describes, until the end of the block."""
    from gateway.config import settings
    from gateway.storage.approvals import Approvals
    from gateway.storage.registry import open_store

    read = settings.load(file)
    with closing(open_store(read.store_url)) as store:
        yield OpenedRegistry(read, store, Approvals(store))


def looked_into(settings: Settings) -> Iterator[str]:
    """Say which agreements are stopped, or would be, for want of signatures; the registry is not changed for it.

    Raises:
        StoreUnavailable: the registry cannot be read.
    """
    from gateway.signing.overview import in_review, would_stop

    states = _states(settings)
    for one in in_review(states):
        if one.pending:
            yield f"{one.agreement.file}: releases nothing: {one.pending.words()}"
    stopped = [(one.agreement, one.pending) for one in would_stop(states) if one.pending]
    if len(stopped) > FEW:
        names = ", ".join(f"{about.id}@{about.version}" for about, _ in stopped)
        yield f'approvals = "required" would stop {len(stopped)} agreements, not signed by both parties: {names}'
        return
    for about, pending in stopped:
        yield f'{about.file}: approvals = "required" would stop it: {pending.words()}'


def counting(settings: Settings, agreements: Iterable[Agreement]) -> tuple[Agreement, ...]:
    """Return the *agreements* that release something as far as signatures go."""
    from gateway.signing.overview import REVIEW

    if not settings.must_be_signed:
        return tuple(agreements)
    stopped = {(one.agreement.id, one.agreement.version) for one in _states(settings) if one.state == REVIEW}
    return tuple(one for one in agreements if (one.id, one.version) not in stopped)


def stopped(settings: Settings) -> Mapping[tuple[str, int], str]:
    """Say of each version that releases nothing for want of signatures, by id and number, which it lacks."""
    from gateway.signing.overview import in_review

    if not settings.must_be_signed:
        return {}
    states = in_review(_states(settings))
    return {(one.agreement.id, one.agreement.version): one.pending.words() for one in states if one.pending}


def in_force(settings: Settings, now: datetime) -> tuple[Agreement, ...]:
    """Return the agreements of the folder that are served at the moment *now*, each as it is used.

    Raises:
        SettingsError: one of them is wrong.
        StoreUnavailable: the registry cannot be read.
    """
    from gateway.audit import agreement_texts
    from gateway.every_agreement import load_every
    from policies import agreement

    every = counting(settings, agreement_texts.held_to(settings, load_every(settings)))
    return tuple(one for one in every if one in agreement.current(every, one.today(now)))


def _states(settings: Settings) -> tuple[VersionState, ...]:
    """Return the state of every version, by a registry that is not changed for it."""
    from gateway.signing.overview import overview
    from gateway.storage.bounded_calls import MAX_COMMAND_SECONDS
    from gateway.storage.database import look_into
    from gateway.storage.registry import SqlStore, utc_now

    engine = look_into(settings.store_url, MAX_COMMAND_SECONDS)
    store = SqlStore(engine, utc_now, MAX_COMMAND_SECONDS) if engine else None
    try:
        return overview(settings, store, utc_now())
    finally:
        if store:
            store.close()


def version_of(states: Iterable[VersionState], name: str, version: int | None) -> VersionState:
    """Find one version of the agreement *name*, the highest where none is asked for.

    Raises:
        NotFound: there is none, or its document is wrong.
    """
    from standards.errors import NotFound, suggestion

    every = tuple(states)
    found = [one for one in every if one.agreement.id == name and version in (None, one.agreement.version)]
    if not found:
        known = {one.agreement.id for one in every}
        told = f" version {version} of" if version else ""
        hint = "" if name in known else suggestion(name, known)
        more = "its document has a mistake, which `crossing check` names, or lies in no folder of agreements"
        raise NotFound(f"There is no{told} agreement {name}{hint}: {more}.")
    return max(found, key=lambda one: one.agreement.version)
