"""Regions that are reloaded in tests, asked as a server asks them."""

from __future__ import annotations

import gc
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zlib import crc32

from werkzeug.test import Client

from gateway.config.settings import load
from gateway.runtime.startup import run
from tests.support.regions import EVERYTHING, Clock, Region, agreement, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from gateway.runtime.running import RunningGateway
    from tests.support.regions import Site


def agreed(district: str, lines: Iterable[tuple[str, str]] = EVERYTHING, **more: Any) -> str:
    """Write an agreement as `agreement` does; another text is another version, and the same one the same."""
    if "version" in more:
        return agreement(district, lines, **more)
    lines = tuple(lines)
    return agreement(district, lines, **more, version=1 + crc32(agreement(district, lines, **more).encode()) % 50_000)


def name_of(text: str) -> str:
    """Return the name by which reports call the agreement in a document."""
    found = re.search(r"^id: (\S+)\nversion: (\d+)$", text, re.MULTILINE)
    assert found
    return f"agreement {found[1]}@{found[2]}"


@dataclass
class Reloaded(Region):
    """A region in a folder whose files a test changes."""

    running: RunningGateway = None  # type: ignore[assignment]

    def write(self, name: str, text: str) -> None:
        """Write a new or changed agreement."""
        (self.folder / "agreements" / f"{name}.yaml").write_text(text, "utf-8")

    def remove(self, name: str) -> None:
        (self.folder / "agreements" / f"{name}.yaml").unlink()

    def settle(self, text: str, instead: str) -> None:
        """Replace *text* in the settings by *instead*."""
        place = self.folder / "gateway.toml"
        before = place.read_text("utf-8")
        assert text in before
        place.write_text(before.replace(text, instead), "utf-8")

    def reload(self) -> tuple[str, ...]:
        """Reload; return the report of a success, without warnings that it repeats each time."""
        report = self.running.reload()
        assert report.ok, report.lines
        self.running.wait()
        return tuple(line for line in report.lines if not line.startswith("warning: "))


class _Client(Client):
    """A test client on this machine."""

    def open(self, *words: Any, **more: Any) -> Any:
        return super().open(*words, environ_base={"REMOTE_ADDR": "127.0.0.1"}, **more)


class _Web:
    """The running gateway as test clients of Flask ask an application."""

    def __init__(self, running: RunningGateway) -> None:
        self._running = running

    def test_client(self) -> Client:
        return _Client(self._running)


@contextmanager
def started(folder: Path, clock: Clock | None = None) -> Iterator[Reloaded]:
    """Start the region whose settings file is in *folder*, until the end of the block."""
    clock = clock or Clock()
    read = load(folder / "gateway.toml")
    running = run(read, clock, lambda: clock().timestamp())
    gc.freeze()  # as a server does it: what the tests have in memory is not looked through at every reload
    try:
        yield Reloaded(folder, _Web(running), running.state.gateway, clock, read.store_url, running=running)  # type: ignore[arg-type]
    finally:
        gc.unfreeze()
        running.state.gateway.close()


@contextmanager
def reloadable(
    folder: Path,
    sites: Mapping[str, Site],
    agreements: Mapping[str, str],
    settings: str = "",
    clock: Clock | None = None,
) -> Iterator[Reloaded]:
    """Start a region over *sites* with named *agreements*."""
    write(folder, sites, [], settings)
    for name, text in agreements.items():
        (folder / "agreements" / f"{name}.yaml").write_text(text, "utf-8")
    with started(folder, clock) as region:
        yield region
