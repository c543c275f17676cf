"""Trials of a connection: everything is read once and judged as in a load, and nothing of it is kept or served."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from gateway.cache.load_checks import completed
from gateway.cache.needed_fields import may_be_held
from gateway.cache.snapshot import build_snapshot
from gateway.config.load_limits import Shares
from gateway.districts.guarded_adapter import guarding
from gateway.districts.refreshes.readings import failed, named, taken
from gateway.districts.sources import is_known, make_adapter
from gateway.failure_reasons import plain_place
from standards.errors import GatewayError, SettingsError, SourceBroken, SourceError, SourceRefused
from standards.keys import KEY_BYTES, Keyring

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from adapters.contract import Adapter, Problem
    from adapters.uploads import UploadedFile
    from gateway.cache.snapshot import Snapshot
    from gateway.config.settings import DistrictSettings as Spec
    from gateway.storage.people.deliveries import Delivery

TRIAL_SECONDS: Final = 60.0
"""How long a trial waits for a server; a load may wait for as long as its settings say."""

MAX_TOLD_CHARACTERS: Final = 200
OURS: Final = ("adapters.", "gateway.", "standards.")


@dataclass(frozen=True, slots=True)
class Trial:
    """What a trial came to: whether the connection can be taken, and the *delivery* that it would have been.

    *told* are the words of why it cannot.
    """

    ok: bool
    delivery: Delivery
    told: str = ""

    @property
    def mistakes(self) -> tuple[tuple[str, str], ...]:
        """The first mistakes, each with its file, line and column."""
        return self.delivery.mistakes


def try_connection(
    spec: Spec, asked: Mapping[str, frozenset[str] | None], at: datetime, uploaded: UploadedFile | None = None
) -> Trial:
    """Read the source of *spec*, or the *uploaded* file in its place; of a server no more fields than *asked*."""
    try:
        with guarding():
            made = make_adapter(spec.name, _hurried(spec))
        with made as adapter:
            if uploaded is not None:
                adapter.uploaded = lambda: uploaded
            return _tried(adapter, spec, asked, at)
    except SourceError as error:
        return Trial(ok=False, delivery=failed(spec.name, at, None, error), told=told(error))


def told(error: GatewayError) -> str:
    """Return the words of an error for the people of the district, where they are the gateway's or its adapters' own.

    Errors of adapters that came from elsewhere are told by their kind alone: they may quote what was read.
    """
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    module = str(frame.tb_frame.f_globals.get("__name__", "")) if frame is not None else ""
    if isinstance(error, (SourceBroken, SourceRefused, SettingsError)) and not module.startswith(OURS):
        return ""
    return error.message[:MAX_TOLD_CHARACTERS]


def _hurried(spec: Spec) -> Spec:
    """Return the same settings with less time for a server."""
    from adapters import registry  # noqa: PLC0415 -- adapters load their libraries

    known = registry.find(spec.adapter).Settings().fields
    if "deadline" not in known:
        return spec
    given: Any = spec.settings.get("deadline", TRIAL_SECONDS)
    return replace(spec, settings={**spec.settings, "deadline": min(float(given), TRIAL_SECONDS)})


def _tried(adapter: Adapter, spec: Spec, asked: Mapping[str, frozenset[str] | None], at: datetime) -> Trial:
    with guarding():
        problems, beyond = adapter.check(), adapter.beyond()
    if problems:
        return _refused(spec.name, at, problems, adapter)
    if not is_known(beyond):
        raise SourceRefused("Its system has resources that the model does not know; that needs a restart.")
    fresh = _read(adapter, spec, asked)
    if not any(table.size for table in fresh.tables.values()):
        raise SourceBroken("The source has no record at all.", "source")
    return Trial(ok=True, delivery=taken(spec.name, at, None, fresh))


def _read(adapter: Adapter, spec: Spec, asked: Mapping[str, frozenset[str] | None]) -> Snapshot:
    with guarding():
        there = adapter.manifest
    held = [entity for entity in there.entities if may_be_held(entity)]
    wanted = dict.fromkeys(there.entities) if there.bulk else {name: asked.get(name, frozenset()) for name in held}
    keyring, shares = Keyring(secrets.token_bytes(KEY_BYTES)), Shares(spec.set_aside, spec.unresolved)
    with guarding():
        fresh = build_snapshot(adapter.read(wanted), spec.name, keyring, entities=wanted)
    return completed(None, fresh, adapter.notes.page, keyring, wanted, shares)


def _refused(name: str, at: datetime, problems: Iterable[Problem], adapter: Adapter) -> Trial:
    """Return the trial that found *problems* of the whole source."""
    listed = tuple(problems)
    first = failed(name, at, None, SourceBroken("", listed[0].place))
    counts = {**first.counts, "why": "the source cannot be used as it is", "kind": "check"}
    delivery = replace(
        first, counts=counts, mistakes=named((one.place, one.message) for one in listed) or first.mistakes
    )
    ours = type(getattr(adapter, "inner", adapter)).__module__.startswith("adapters.")
    words = "; ".join(f"{plain_place(one.place)}: {one.message}" if one.place else one.message for one in listed[:5])
    return Trial(ok=False, delivery=delivery, told=words[:MAX_TOLD_CHARACTERS] if ours else "")
