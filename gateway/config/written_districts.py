"""Districts that people connected, as settings: what is written is checked like the file, and joins its districts."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from marshmallow import ValidationError

from gateway.config.districts import options
from gateway.config.region import DistrictSettings
from gateway.config.schema import RegionSchema
from gateway.config.toml.schema_mistakes import flat
from gateway.storage.bounded_calls import MAX_COMMAND_SECONDS
from gateway.storage.database import look_into
from gateway.storage.people.uploads import PURPOSE as UPLOAD_KEYS
from gateway.storage.people.uploads import DistrictUploads
from gateway.storage.people.written_districts import PURPOSE, read_districts
from standards.errors import GatewayError, InvalidBody, SettingsError, SourceRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from marshmallow import Schema

    from gateway.config.region import Settings
    from gateway.storage.people.written_districts import WrittenDistrict

    FindAdapter = Callable[[str], Any]

PATHS: Final = frozenset({"file", "folder", "path", "source"})
"""Settings of adapters that are paths by their name alone."""

OPTIONS: Final = ("adapter", "cache", "timezone", *options.OPTIONS, "settings")
"""The settings of a district that people write; every other one is the operator's."""

MAX_TEXT_CHARACTERS: Final = 2000
REFUSED: Final = "The connection is not complete."
OPERATORS: Final = "only the operator says this, in the settings file of the gateway"
NO_PATH: Final = "a path on the gateway's server is said by its operator; upload the file here instead"


def with_written(settings: Settings, find_adapter: FindAdapter) -> Settings:
    """Return the *settings* with the districts that people connected in the registry.

    A district of the file stays as the file has it. One that is wrong is left out, with a warning.
    """
    try:
        written = _read(settings)
    except GatewayError as error:
        return _unread(settings, error.message)
    except Exception as error:  # noqa: BLE001  a driver may fail in any way; what needs the registry says so
        return _unread(settings, f"The registry cannot be read ({type(error).__name__}).")
    districts, warnings = dict(settings.districts), list(settings.warnings)
    for one in written:
        if one.name in settings.districts:
            warnings.append(f"districts.{one.name}: also connected in the registry; the file's counts")
        else:
            try:
                districts[one.name] = spec_of(settings, one, find_adapter)
            except InvalidBody as error:
                wrong = "; ".join(f"{place}: {text}" for place, texts in error.places.items() for text in texts)
                warnings.append(f"districts.{one.name}: connected in the registry and not served: {wrong}")
    return replace(settings, districts=MappingProxyType(districts), warnings=tuple(warnings))


def _unread(settings: Settings, why: str) -> Settings:
    lacking = f"districts connected in the registry are not known: {why}"
    return replace(settings, unread=why, warnings=(*settings.warnings, lacking))


def _read(settings: Settings) -> tuple[WrittenDistrict, ...]:
    """Read the districts of the registry, without making one where there is none yet."""
    if not settings.store_url:
        return ()
    engine = look_into(settings.store_url, MAX_COMMAND_SECONDS, any_version=True)
    if engine is None:
        return ()
    try:
        return read_districts(engine, settings.open_keys().derive(PURPOSE))
    finally:
        engine.dispose()


def spec_of(settings: Settings, written: WrittenDistrict, find_adapter: FindAdapter) -> DistrictSettings:
    """Return the settings of a district as people wrote it.

    Raises:
        InvalidBody: something in it is wrong; its places are those of the settings.
    """
    reading = _Reading(find_adapter)
    spec = reading.spec(written)
    if reading.mistakes or spec is None:
        raise InvalidBody(REFUSED, reading.mistakes)
    uploads = DistrictUploads(settings.store_url, settings.open_keys().derive(UPLOAD_KEYS), written.name)
    return replace(spec, uploads=uploads if uses_upload(spec.settings) else None)


def uses_upload(settings: Mapping[str, Any]) -> bool:
    """Tell whether the settings of an adapter say that its files are uploaded."""
    from adapters.uploads import UPLOADED  # noqa: PLC0415 -- as with the registry of adapters

    return UPLOADED in settings.values()


def is_path(name: str, kind: Any) -> bool:
    """Tell whether a setting of an adapter is a path on the gateway's server."""
    return name in PATHS or bool(kind.metadata.get("path"))


class _Reading:
    """One reading of what people wrote, collecting what is wrong with it by the name of the setting."""

    def __init__(self, find_adapter: FindAdapter) -> None:
        self._find = find_adapter
        self.mistakes: dict[str, list[str]] = {}

    def spec(self, written: WrittenDistrict) -> DistrictSettings | None:
        """Return the settings, or None where something is wrong."""
        raw = {name: value for name, value in written.content.items() if name in OPTIONS}
        for name in written.content.keys() - {*OPTIONS, "connected", "secrets"}:
            self._report(name, OPERATORS)
        values = self._values(written.name, raw)
        settings = {**raw.get("settings", {}), **written.secrets}
        with self._reporting("adapter"):
            adapter = self._find(str(raw.get("adapter", "")))
            self._settings(adapter.Settings(), settings)
            defaults = self._defaults(adapter, raw.get("defaults"))
        if self.mistakes or values is None:
            return None
        lists = {name: tuple(values[name]) for name in ("school_years", "descriptors", "registers")}
        return DistrictSettings(
            name=written.name, written=True, **{**values, **lists, "settings": settings, "defaults": defaults}
        )

    def _values(self, name: str, raw: Mapping[str, Any]) -> dict[str, Any] | None:
        """Check the settings of the district itself, by the schema of the file."""
        schema = RegionSchema(only=("districts",))
        try:
            loaded: dict[str, Any] = schema.load({"districts": {name: raw}})["districts"][name]
        except ValidationError as error:
            for path, message in flat(error.messages_dict, schema):
                self._report(".".join(map(str, path[2:])) or "name", message)
            return None
        return loaded

    def _settings(self, schema: Schema, settings: Mapping[str, Any]) -> None:
        """Check the settings of the adapter; a path, and what is the operator's to say, is refused."""
        from adapters.uploads import UPLOADED  # noqa: PLC0415 -- as above

        for name in settings.keys() & schema.fields.keys():
            kind, value = schema.fields[name], settings[name]
            if kind.metadata.get("operator"):
                self._report(f"settings.{name}", OPERATORS)
            elif is_path(name, kind) and not (value == UPLOADED and kind.metadata.get("upload")):
                self._report(f"settings.{name}", NO_PATH)
            elif len(str(value)) > MAX_TEXT_CHARACTERS:
                self._report(f"settings.{name}", f"is longer than {MAX_TEXT_CHARACTERS} characters")
            elif value and (name == "url" or name.endswith("_url")):
                self._address(f"settings.{name}", str(value))
        try:
            schema.load(settings)
        except ValidationError as error:
            for path, message in flat(error.messages_dict, schema):
                self._report(".".join(map(str, ("settings", *path))), message)

    def _address(self, place: str, url: str) -> None:
        from adapters.transport.allowed_addresses import origin  # noqa: PLC0415 -- as above

        try:
            origin(url, allow_private=False)
        except SourceRefused as error:
            self._report(place, error.message)

    def _defaults(self, adapter: Any, raw: Any) -> Mapping[str, Any]:
        from adapters import defaults  # noqa: PLC0415 -- as above

        if not raw or not isinstance(raw, Mapping):
            return {}
        if not adapter.declares:
            self._report("defaults", "a district whose system speaks Ed-Fi states these facts itself")
            return {}
        try:
            return defaults.load(raw)
        except SettingsError as error:
            self._report(f"defaults.{error.file}", error.message)
            return {}

    @contextmanager
    def _reporting(self, place: str) -> Iterator[None]:
        try:
            yield
        except SettingsError as error:
            self._report(place, error.message)

    def _report(self, place: str, message: str) -> None:
        found = self.mistakes.setdefault(place, [])
        if message not in found:
            found.append(message)
