"""Looking at districts: how each is connected, what is served of it, and what came of each of its deliveries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from adapters import registry
from gateway.admin.districts.known import NOBODY, KnownDistricts
from gateway.admin.districts.waiting import is_late
from gateway.config.districts import options
from gateway.config.field_types import in_words
from gateway.config.written_districts import OPTIONS, is_path, uses_upload
from gateway.storage.database import transaction
from gateway.storage.people.choices import choices_of
from gateway.storage.people.deliveries import READING, TAKEN, Deliveries
from gateway.storage.people.uploads import newest_uploads
from standards.errors import NotFound, SettingsError

if TYPE_CHECKING:
    from datetime import date

    from marshmallow import Schema

    from gateway.admin.administration import Administration
    from gateway.config.settings import DistrictSettings
    from gateway.districts.status import DistrictStatus
    from gateway.people.actor import Actor
    from gateway.storage.people.deliveries import Delivery
    from gateway.storage.people.uploads import Upload

NIGHTS: Final = 60
SECRET: Final = "a credential, which is not shown"  # noqa: S105  what stands in its place
ON_SERVER: Final = "a path on the gateway's server"
GOOD: Final = frozenset(TAKEN)


@dataclass(frozen=True, slots=True)
class DistrictView:
    """A district as its people see it.

    It is *declared* in the file of that name, or in the registry (empty). *settings* are shown without credentials,
    *marks* say when and by whom each of these was set. *waits* is true while what was written last is not connected.
    """

    name: str
    adapter: str
    declared: str
    connected: bool
    waits: bool
    status: DistrictStatus | None
    options: Mapping[str, Any]
    settings: Mapping[str, Any]
    marks: Mapping[str, Mapping[str, str]]
    takes_uploads: bool
    upload: Upload | None
    last_tried: datetime | None
    last_good: datetime | None
    expected: str
    late: bool
    agreements: tuple[str, ...]
    version: str

    @property
    def state(self) -> str:
        """The state in a word: that of the gateway's own status, or *paused*, *waiting*, *late*, *not connected*."""
        if self.status is None:
            return "not connected"
        if self.status.waiting:
            return "waiting"
        if self.status.paused_until is not None:
            return "paused"
        return "late" if self.late and self.status.state in {"fresh", "stale", "live"} else self.status.state


@dataclass(frozen=True, slots=True)
class Night:
    """A day of a district's own calendar, with its deliveries, newest first, and the *verdict* on it in a word."""

    day: date
    deliveries: tuple[Delivery, ...]

    @property
    def verdict(self) -> str:
        """The last good verdict of the day, the last one where none is, or *none*."""
        words = [one.verdict for one in self.deliveries]
        return next((one for one in words if one in GOOD), words[0] if words else "none")


@dataclass(frozen=True, slots=True)
class AdapterView:
    """An adapter that is installed: its name, what it is in one line, and the settings that people write for it.

    It *declares* facts where its systems do not say what Ed-Fi requires.
    """

    name: str
    about: str
    fields: Mapping[str, Any]
    declares: bool = False


class DistrictDirectory:
    """The districts for those who may know of them."""

    def __init__(self, region: Administration) -> None:
        self._region, self._known = region, KnownDistricts(region)
        self._deliveries = Deliveries(region.store)

    def list(self, actor: Actor) -> tuple[DistrictView, ...]:
        """List the districts that the *actor* may know of, by name."""
        return tuple(self._view(name) for name in self._known.names(actor))

    def find(self, actor: Actor, name: str) -> DistrictView:
        """Return one district.

        Raises:
            NotFound: there is none of that name, or the *actor* may not know of it.
        """
        self._known.require(actor, name)
        return self._view(name)

    def deliveries(self, actor: Actor, name: str, nights: int = NIGHTS) -> tuple[Delivery, ...]:
        """List the deliveries of a district in so many nights, newest first.

        Raises:
            NotFound: no role of the *actor* may know of the district.
        """
        self._known.require(actor, name)
        return self._deliveries.since(name, self._region.clock() - timedelta(days=nights))

    def nights(self, actor: Actor, name: str, nights: int = NIGHTS) -> tuple[Night, ...]:
        """List the days of a district's calendar, the last of which is today, each with its deliveries.

        Raises:
            NotFound: no role of the *actor* may know of the district.
        """
        zone = self._zone(name)
        found: dict[date, list[Delivery]] = defaultdict(list)
        for one in self.deliveries(actor, name, nights):
            found[one.at.astimezone(zone).date()].append(one)
        today = self._region.clock().astimezone(zone).date()
        days = [today - timedelta(days=back) for back in reversed(range(nights))]
        return tuple(Night(day, tuple(found.get(day, ()))) for day in days)

    def adapters(self, actor: Actor) -> tuple[AdapterView, ...]:
        """List the adapters that are installed, for those who may connect some district."""
        if not (actor.everywhere("district.connect") or actor.orgs("district.connect")):
            raise NotFound(NOBODY)
        return tuple(found for name in registry.names() if (found := adapter_view(name)) is not None)

    def _zone(self, name: str) -> Any:
        spec = self._known.spec(name)
        return spec.timezone if spec is not None else UTC

    def _view(self, name: str) -> DistrictView:
        spec, written = self._known.spec(name), self._known.found(name)
        in_file = self._known.declared_in_file(name)
        running = self._region.running
        district = running.gateway.districts.get(name) if running else None
        status = district.status() if district is not None else None
        expected, upload = self._chosen(name)
        recent = self._deliveries.since(name, self._region.clock() - timedelta(days=2))
        good = [one.at for one in recent if one.verdict in GOOD and one.kind == READING]
        loaded = district.latest.loaded if district is not None and district.latest is not None else None
        moments = [*good, *((datetime.fromtimestamp(loaded, UTC),) if loaded else ())]
        content = dict(written.content) if written is not None and not in_file else {}
        adapter = spec.adapter if spec is not None else str(content.get("adapter", ""))
        raw = spec.settings if in_file and spec is not None else content.get("settings", {})
        return DistrictView(
            name=name, adapter=adapter, declared=self._region.settings().file.name if in_file else "",
            connected=spec is not None, waits=bool(content) and not content.get("connected"), status=status,
            options=_options(spec, content), settings=_shown(adapter, raw), marks=content.get("secrets", {}),
            takes_uploads=uses_upload(content.get("settings", {})), upload=upload,
            last_tried=max((one.at for one in recent), default=max(moments, default=None)),
            last_good=max(moments, default=None), expected=expected,
            late=is_late(expected, self._zone(name), self._region.clock(), recent),
            agreements=self._agreements(name),
            version=str(written.number) if written is not None else "",
        )  # fmt: skip

    def _chosen(self, name: str) -> tuple[str, Upload | None]:
        """Return by when the files of a district are expected, and the file that was uploaded last."""

        def read() -> tuple[str, Upload | None]:
            with transaction(self._region.store.engine) as connection:
                return choices_of(connection, name).expected_by, newest_uploads(connection).get(name)

        return self._region.store.calls.run(read)

    def _agreements(self, name: str) -> tuple[str, ...]:
        running = self._region.running
        every = running.standing.agreements if running else ()
        return tuple(sorted(f"{one.id}@{one.version}" for one in every if one.district == name))


def adapter_view(name: str) -> AdapterView | None:
    """Return an adapter as people choose it; None where it cannot be loaded."""
    try:
        found = registry.find(name)
    except SettingsError:
        return None
    about = (found.__doc__ or "").strip().partition("\n")[0]
    return AdapterView(name, about, _writable(found.Settings()), found.declares)


def _writable(schema: Schema) -> dict[str, Any]:
    """Return the settings that people write: neither paths, but for those of uploaded files, nor the operator's."""
    return {
        name: kind
        for name, kind in schema.fields.items()
        if not kind.metadata.get("operator") and (kind.metadata.get("upload") or not is_path(name, kind))
    }


def _options(spec: DistrictSettings | None, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is declared of a district beside the settings of its adapter."""
    if content:
        return {name: value for name, value in content.items() if name in OPTIONS and name != "settings"}
    if spec is None:
        return {}
    said = {name: _plain(getattr(spec, name)) for name in options.OPTIONS}
    return {"cache": in_words(spec.cache), "timezone": str(spec.timezone)} | said


def _plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(one) for one in value] if isinstance(value, (list, tuple)) else value


def _shown(adapter: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as they may be seen: a credential never is, nor where something lies on the server."""
    try:
        known = registry.find(adapter).Settings().fields
    except SettingsError:
        return dict.fromkeys(settings, "?")
    found: dict[str, Any] = {}
    for name, value in settings.items():
        kind = known.get(name)
        if kind is None or kind.metadata.get("secret"):
            found[name] = SECRET
        elif is_path(name, kind) and value != "uploaded:":
            found[name] = ON_SERVER
        else:
            found[name] = value
    return found
