"""Every agreement of a region: the documents of its folder, and those that people have published in the registry."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from gateway.storage.bounded_calls import MAX_COMMAND_SECONDS
from gateway.storage.database import look_into
from gateway.storage.people.agreements import WrittenText, read_written
from gateway.storage.registry import SqlStore, utc_now
from policies.agreement import read_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.config.settings import Settings
    from gateway.storage.acts import SqlRegistry
    from policies.agreement import Agreement
    from standards.errors import SettingsError


def read_every(
    settings: Settings, store: SqlRegistry | None = None
) -> tuple[tuple[Agreement, ...], list[SettingsError]]:
    """Read every correct agreement of the region, and every mistake in the others or between them.

    Versions that a withdrawn one had replaced are not among them. Without a *store* the registry is looked into.

    Raises:
        StoreUnavailable: the registry cannot be read.
    """
    written = read_written(store) if store else _looked_up(settings)
    found, mistakes = read_folder(settings.agreements, written.documents)
    return tuple(counted(found, written)), mistakes


def load_every(settings: Settings, store: SqlRegistry | None = None) -> tuple[Agreement, ...]:
    """Load every agreement of the region, all versions; the first mistake is raised.

    Raises:
        SettingsError: one of them is wrong.
        StoreUnavailable: the registry cannot be read.
    """
    found, mistakes = read_every(settings, store)
    if mistakes:
        raise mistakes[0]
    return found


def counted(agreements: Iterable[Agreement], written: WrittenText) -> Iterator[Agreement]:
    """Yield the *agreements* that no withdrawn version had replaced."""
    return (one for one in agreements if one.version >= written.replaced.get((one.id, one.district), 0))


@contextmanager
def looking_into(settings: Settings) -> Iterator[SqlStore | None]:
    """Open the registry without changing it; None where there is none yet.

    Raises:
        StoreUnavailable: it cannot be used, or another version of this program wrote it.
    """
    engine = look_into(settings.store_url, MAX_COMMAND_SECONDS)
    store = SqlStore(engine, utc_now, MAX_COMMAND_SECONDS) if engine else None
    try:
        yield store
    finally:
        if store:
            store.close()


def _looked_up(settings: Settings) -> WrittenText:
    with looking_into(settings) as store:
        return read_written(store)
