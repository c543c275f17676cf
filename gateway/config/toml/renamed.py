"""Renamed settings: every old name of a setting, accepted with a warning until the version that refuses it.

A setting means under its old name what it means under the new one, and is what it was before where it is not given.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.config.toml.toml_positions import Path

    Told = list[tuple[Path, str]]
    Table = dict[str, Any]

EVERY: Final = "*"
DISTRICT: Final = ("districts", EVERY)
OWN: Final = (*DISTRICT, "settings")
"""The settings of a district that are its adapter's own."""


@dataclass(frozen=True, slots=True)
class Renamed:
    """A setting in a *table* of the file that was called *old* and is called *new* since a version.

    It is one of an *adapter* where the table is that of an adapter's own settings.
    """

    table: tuple[str, ...]
    old: str
    new: str
    adapter: str = ""
    since: str = "0.2.0"
    until: str = "1.0"


@dataclass(frozen=True, slots=True)
class NewDefault:
    """A setting whose default will be *then* from a version on, and is *now* until then.

    A file that sets *keep* keeps the present behaviour. The tables that it *matters* to are warned of.
    """

    table: tuple[str, ...]
    name: str
    now: str
    then: str
    keep: str
    adapter: str = ""
    since: str = "1.0"
    matters: Callable[[Table], bool] = lambda _: True


def _takes_changes(server: Table) -> bool:
    """Tell whether the vendor of a OneRoster *server* supports writes at all."""
    from adapters.oneroster_rest import profile  # noqa: PLC0415 -- adapters load their libraries

    name = server.get("profile", "generic")
    return name in profile.names() and profile.find(name).writes


ONEROSTER: Final = "oneroster_rest"
RENAMED: Final[tuple[Renamed, ...]] = (
    Renamed(DISTRICT, "hold", "cache"),
    Renamed(OWN, "writes", "writable", ONEROSTER),
    Renamed(OWN, "page", "page_size", ONEROSTER),
)
NEW_DEFAULTS: Final[tuple[NewDefault, ...]] = (
    NewDefault(OWN, "writable", "true", "false", "writable = true", ONEROSTER, matters=_takes_changes),
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The settings under an old name, by the path of the new one; what is wrong with them; and what to change."""

    written: dict[Path, Path] = field(default_factory=dict)
    mistakes: Told = field(default_factory=list)
    warnings: Told = field(default_factory=list)


def accept(raw: Table) -> Accepted:
    """Give the settings in *raw*, as the file has them, their new names."""
    found = Accepted()
    for one in RENAMED:
        for path, table in _tables(raw, one.table, one.adapter):
            if one.old in table:
                _accept(found, one, path, table)
    for other in NEW_DEFAULTS:
        for path, table in _tables(raw, other.table, other.adapter):
            if other.name not in table and other.matters(table):
                told = f"is {other.now} without being given, and will be {other.then} from {other.since}"
                found.warnings.append(((*path, other.name), f"{told}; write {other.keep} to keep it"))
    return found


def reference() -> Iterator[str]:
    """Write the part of the page about settings that lists old names and defaults that will change."""
    yield from ("## Renamed settings", "")
    yield "An old name is accepted, with a warning at the start and in `crossing check`. Both names at once are wrong."
    yield from ("", "| table | old name | name | since | the old name is accepted until |", "|---|---|---|---|---|")
    for one in RENAMED:
        yield f"| {_title(one.table, one.adapter)} | `{one.old}` | `{one.new}` | {one.since} | {one.until} |"
    if NEW_DEFAULTS:
        yield from ("", "| table | setting | default | default from the version on | write, to keep what is |")
        yield "|---|---|---|---|---|"
        for each in NEW_DEFAULTS:
            table, then = _title(each.table, each.adapter), f"`{each.then}` from {each.since}"
            yield f"| {table} | `{each.name}` | `{each.now}` | {then} | `{each.keep}` |"


def _accept(found: Accepted, one: Renamed, path: Path, table: Table) -> None:
    old, new = (*path, one.old), (*path, one.new)
    value = table.pop(one.old)
    if one.new in table:
        found.mistakes.append((old, f"is called {one.new} since {one.since}, which is given too; leave this one out"))
        return
    table[one.new] = value
    found.written[new] = old
    found.warnings.append((old, f"is called {one.new} since {one.since}; this name is accepted until {one.until}"))


def _tables(raw: Table, steps: tuple[str, ...], adapter: str) -> Iterator[tuple[Path, Table]]:
    """Return the tables that a setting may stand in, each with its path; those of an *adapter* are its districts'."""
    found: list[tuple[Path, Table]] = [((), raw)]
    for step in steps:
        found = [
            ((*path, name), table[name])
            for path, table in found
            for name in (table if step == EVERY else (step,))
            if isinstance(table.get(name), dict)
        ]
    for path, table in found:
        if not adapter or raw["districts"][path[1]].get("adapter") == adapter:
            yield path, table


def _title(table: tuple[str, ...], adapter: str) -> str:
    title = ".".join("NAME" if step == EVERY else step for step in table)
    return f"`[{title}]` of `{adapter}`" if adapter else f"`[{title}]`" if title else "the top of the file"
