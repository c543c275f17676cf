"""The region's settings: one TOML file, checked whole before anything starts."""

from __future__ import annotations

import re
import tomllib
from contextlib import contextmanager
from dataclasses import replace
from itertools import starmap
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from marshmallow import Schema, ValidationError

from gateway.config.notices import notice_settings
from gateway.config.region import (
    AuditSettings,
    ChangeSettings,
    DistrictSettings,
    LimitSettings,
    Server,
    Settings,
    TokenSettings,
)
from gateway.config.schema import RegionSchema
from gateway.config.sign_in import sign_in_settings
from gateway.config.toml import renamed, toml_positions
from gateway.config.toml.schema_mistakes import flat
from gateway.config.transfers import strangers, transfer_settings
from gateway.config.written_districts import PATHS, with_written
from gateway.storage import secrets
from standards.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    FindAdapter = Callable[[str], Any]

STATE = "state"
STATE_LINE = re.compile(r"""^\s*state\s*=\s*(["'])(.*?)\1""", re.MULTILINE)
MIN_TOKEN_CHARACTERS = 32
LISTS = ("school_years", "descriptors", "registers")
TABLES = (
    "server", "store", "memory", "audit", "changes", "tokens", "limits", "metrics", "registers", "keys", "notices",
    "sign_in", "transfers",
)  # fmt: skip

__all__ = [
    "AuditSettings", "ChangeSettings", "DistrictSettings", "LimitSettings", "Server", "Settings", "TokenSettings",
    "load", "read", "state_of",
]  # fmt: skip


def load(path: Path, find_adapter: FindAdapter | None = None) -> Settings:
    """Load the settings in *path*; the first mistake is raised."""
    settings, problems = read(path, find_adapter)
    if settings is None:
        raise problems[0]
    return settings


def read(path: Path, find_adapter: FindAdapter | None = None) -> tuple[Settings | None, list[SettingsError]]:
    """Read the settings in *path*, with the districts of its registry, or every mistake in the file, in its order."""
    try:
        text = path.read_text("utf-8")
        raw = tomllib.loads(text)
    except OSError:
        return None, [SettingsError("the file cannot be read", str(path))]
    except UnicodeDecodeError:
        return None, [SettingsError("the file is not UTF-8 text", str(path), 1, 1)]
    except tomllib.TOMLDecodeError as error:
        return None, [_syntax(error, path, text)]
    find = find_adapter or _find_adapter
    settings, problems = _SettingsReading(path, toml_positions.locate(text), find).read(raw)
    return (settings and _warned(with_written(settings, find))), problems


def _warned(settings: Settings) -> Settings:
    """Return *settings* with warnings of districts that they name and nobody has connected, where that is known."""
    told = () if settings.unread else tuple(strangers(settings.transfers, settings.districts))
    return replace(settings, warnings=(*settings.warnings, *told)) if told else settings


def state_of(path: Path) -> Path:
    """Return the state directory that the file in *path* names, whatever else is wrong with it."""
    try:
        text = path.read_text("utf-8", errors="replace")
    except OSError:
        raise SettingsError("the file cannot be read", str(path)) from None
    try:
        named = tomllib.loads(text).get("state", STATE)
    except tomllib.TOMLDecodeError:
        found = STATE_LINE.search(text)
        named = found[2] if found else STATE
    return path.resolve().parent / str(named)


class _SettingsReading:
    """One reading of one file, collecting what is wrong with it."""

    def __init__(
        self, path: Path, found: dict[toml_positions.Path, toml_positions.Position], find_adapter: FindAdapter
    ) -> None:
        self.path, self.places, self.find_adapter = path, found, find_adapter
        self.folder = path.resolve().parent
        self.problems: list[SettingsError] = []
        self.accepted = renamed.Accepted()
        self.defaults: dict[str | int, dict[str, Any]] = {}

    def read(self, raw: dict[str, Any]) -> tuple[Settings | None, list[SettingsError]]:
        self.accepted = renamed.accept(raw)
        for path, message in self.accepted.mistakes:
            self.report(path, message)
        for table in TABLES:
            raw.setdefault(table, {})
        own = self.own_settings(raw.get("districts"))
        master = raw["keys"].get("master") if isinstance(raw["keys"], dict) else None
        if isinstance(master, str):
            with self.reporting(("keys", "master")):
                secrets.check_key(master, self.folder)
        loaded = self.check(RegionSchema(), raw, ())
        settings = self.settings(loaded, own) if loaded else None
        return (None, _sorted(self.problems)) if self.problems else (settings, [])

    def own_settings(self, districts: Any) -> dict[str, dict[str, Any]]:
        """Validate the settings of each district's adapter, by the adapter itself."""
        own = {}
        for name, values in districts.items() if isinstance(districts, dict) else ():
            adapter = values.get("adapter") if isinstance(values, dict) else None
            raw = values.get("settings", {}) if isinstance(values, dict) else None
            if isinstance(adapter, str) and isinstance(raw, dict):
                path = ("districts", name)
                with self.reporting((*path, "adapter")):
                    schema = self.find_adapter(adapter).Settings()
                    self.declared(self.find_adapter(adapter), values.get("defaults"), (*path, "defaults"))
                    if self.check(schema, raw, (*path, "settings")) is not None:
                        own[name] = self.opened(schema, _anchored(schema, raw, self.folder), (*path, "settings"))
        return own

    def declared(self, adapter: Any, raw: Any, path: toml_positions.Path) -> None:
        """Validate what a district declares of its records."""
        from adapters import defaults  # noqa: PLC0415 -- as above

        if not raw or not isinstance(raw, dict):
            return
        if not adapter.declares:
            self.report(path, "a district whose system speaks Ed-Fi states these facts itself")
            return
        try:
            self.defaults[path[1]] = defaults.load(raw)
        except SettingsError as error:
            self.report((*path, error.file), error.message)

    def opened(self, schema: Schema, raw: Mapping[str, Any], path: toml_positions.Path) -> dict[str, Any]:
        """Return the same settings with the secrets that they refer to; a secret in the file itself is a mistake."""
        found = dict(raw)
        for name in raw.keys() & {name for name, kind in schema.fields.items() if kind.metadata.get("secret")}:
            with self.reporting((*path, name)):
                found[name] = secrets.resolve(raw[name], self.folder)
        return found

    def check(self, schema: Schema, raw: Mapping[str, Any], path: toml_positions.Path) -> Any:
        try:
            return schema.load(raw)
        except ValidationError as error:
            for place, message in flat(error.messages_dict, schema):
                self.report((*path, *place), message)
            return None

    def report(self, path: toml_positions.Path, message: str) -> None:
        self.problems.append(self.placed(path, message))

    def placed(self, path: toml_positions.Path, message: str) -> SettingsError:
        """Return the *message* with the position of *path*, by the name under which it stands in the file."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.accepted.written:
                path = (*self.accepted.written[path[:length]], *path[length:])
        line, column = toml_positions.nearest(self.places, path)
        dotted = ".".join(str(step) for step in path)
        return SettingsError(f"{dotted}: {message}", str(self.path), line, column)

    def settings(self, loaded: dict[str, Any], own: Mapping[str, Mapping[str, Any]]) -> Settings:
        state = self.folder / loaded["state"]
        server = loaded["server"]
        audit, changes = loaded["audit"], loaded["changes"]
        districts = {
            name: DistrictSettings(
                name=name,
                **{
                    **values,
                    **{name: tuple(values[name]) for name in LISTS},
                    "settings": own.get(name, {}),
                    "defaults": self.defaults.get(name, {}),
                },
            )
            for name, values in loaded["districts"].items()
        }
        return Settings(
            file=self.path.resolve(),
            state=state,
            agreements=self.folder / loaded["agreements"],
            approvals=loaded["approvals"],
            server=Server(**server | {name: tuple(server[name]) for name in ("trusted_proxies", "browser_origins")}),
            store_url=self.store_url(loaded["store"]["url"], state),
            store_wait=loaded["store"]["wait"],
            memory_url=self.url(("memory", "url"), loaded["memory"]["url"]),
            audit=AuditSettings(state / audit["folder"], audit["segment_bytes"], audit["refusal_years"]),
            changes=ChangeSettings(state / changes["folder"], changes["window"]),
            tokens=TokenSettings(**loaded["tokens"]),
            limits=LimitSettings(**loaded["limits"]),
            master_key=loaded["keys"]["master"],
            districts=MappingProxyType(districts),
            metrics_token=self.metrics_token(loaded["metrics"]["token"]),
            keep_entries=loaded["registers"]["keep"],
            sign_in=sign_in_settings(
                loaded["sign_in"],
                lambda place, reference: self.referred(("sign_in", "providers", place, "client_secret"), reference),
            ),
            notices=notice_settings(
                loaded["notices"],
                self.folder,
                lambda place, reference: self.referred(("notices", *place), reference),
            ),
            transfers=transfer_settings(loaded["transfers"]),
            warnings=tuple(one.message for one in _sorted(starmap(self.placed, self.accepted.warnings))),
        )

    def referred(self, place: toml_positions.Path, reference: str) -> str:
        """Read the secret that the setting at a *place* refers to; it never stands in the file itself."""
        try:
            return secrets.resolve(reference, self.folder)
        except SettingsError as error:
            self.report(place, error.message)
            return ""

    def metrics_token(self, reference: str | None) -> str | None:
        """Read the token behind a *reference*, which must be long enough not to be guessed."""
        if reference is None:
            return None
        token = None
        with self.reporting(("metrics", "token")):
            token = secrets.resolve(reference, self.folder)
            if len(token) < MIN_TOKEN_CHARACTERS or not (token.isascii() and token.isprintable()):
                raise SettingsError(f"the token must be at least {MIN_TOKEN_CHARACTERS} plain characters")
        return token

    def store_url(self, url: str | None, state: Path) -> str:
        if url is None:
            return f"sqlite:///{state / 'registry.db'}"
        found = self.url(("store", "url"), url)
        if found.startswith("sqlite:///"):
            return f"sqlite:///{self.folder / found.removeprefix('sqlite:///')}"
        return found

    def url(self, path: toml_positions.Path, value: str) -> str:
        if not value.startswith(("env:", "file:")):
            return value
        try:
            return secrets.resolve(value, self.folder)
        except SettingsError as error:
            self.report(path, error.message)
            return ""

    @contextmanager
    def reporting(self, path: toml_positions.Path) -> Iterator[None]:
        """Note a mistake raised in the block as one at *path*."""
        try:
            yield
        except SettingsError as error:
            self.report(path, error.message)


def _sorted(problems: Iterable[SettingsError]) -> list[SettingsError]:
    """Sort mistakes in the order of the file."""
    return sorted(problems, key=lambda problem: (problem.line, problem.column, problem.message))


def _find_adapter(name: str) -> Any:
    from adapters import registry  # noqa: PLC0415 -- adapters load their libraries

    return registry.find(name)


def _anchored(schema: Schema, raw: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the same settings, with every relative path below *folder*; *PATHS* are paths, and what is marked so."""
    paths = PATHS | {name for name, kind in schema.fields.items() if kind.metadata.get("path")}
    found = {name: str(folder / raw[name]) for name in paths & raw.keys() if isinstance(raw[name], str)}
    return {**raw, **found}


def _syntax(error: tomllib.TOMLDecodeError, path: Path, text: str) -> SettingsError:
    message = str(error)
    found = re.search(r" \(at line (\d+), column (\d+)\)$", message)
    if found:
        return SettingsError(message[: found.start()], str(path), int(found[1]), int(found[2]))
    last = text.count("\n") + 1
    return SettingsError(message.removesuffix(" (at end of document)"), str(path), last, 1)
