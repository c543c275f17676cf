"""Somebody at a browser of its own: clicks are counted, time is measured, passkeys are in a virtual authenticator."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from playwright.sync_api import sync_playwright

from tests.browser.console.served import FLAGS
from tests.support.needs import missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Locator, Page

ROOT = Path(__file__).parents[3]
READY_SECONDS = 60
VIRTUAL = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@dataclass
class Part:
    """A part of a journey: how many clicks it took, and how many seconds."""

    name: str
    clicks: int = 0
    seconds: float = 0.0


@dataclass
class Parts:
    """The parts of a journey, which tell themselves as a table."""

    done: list[Part] = field(default_factory=list)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count the clicks and the seconds until the end of the block."""
        self.done.append(Part(name))
        begun = time.monotonic()
        yield
        self.done[-1].seconds = time.monotonic() - begun

    def click(self) -> None:
        if self.done:
            self.done[-1].clicks += 1

    @property
    def clicks(self) -> int:
        """The clicks of all parts."""
        return sum(one.clicks for one in self.done)

    @property
    def seconds(self) -> float:
        """The seconds of all parts."""
        return sum(one.seconds for one in self.done)

    def __str__(self) -> str:
        lines = [f"{one.clicks:4} clicks {one.seconds:6.1f} s  {one.name}" for one in self.done]
        return "\n".join(["", *lines, f"{self.clicks:4} clicks {self.seconds:6.1f} s  in all"])


@dataclass
class Visitor:
    """Somebody with a browser and a passkey; what the browser complains of is kept."""

    page: Page
    base: str
    parts: Parts
    complaints: list[str] = field(default_factory=list)

    def press(self, words: str, within: Locator | None = None) -> None:
        """Click the one button or link of these *words*, and wait for the page that follows."""
        where = within or self.page
        found = where.get_by_role("button", name=words, exact=True).or_(
            where.get_by_role("link", name=words, exact=True)
        )
        assert found.count() == 1, f"{found.count()} of {words!r} on {self.page.url}:\n{self.text()}"
        self.parts.click()
        found.click()
        self.page.wait_for_load_state()

    def go(self, words: str) -> None:
        """Click an entry of the navigation."""
        self.press(words, self.page.get_by_role("navigation", name="Main"))

    def fill(self, **fields: str) -> None:
        """Fill in fields by their names in the form."""
        for name, value in fields.items():
            found = self.page.locator(f"main [name='{name}']:visible").first
            kind = found.evaluate("one => one.tagName + '/' + one.type")
            if kind.startswith("SELECT"):
                found.select_option(value)
            else:
                found.fill(value)

    def tick(self, *values: str) -> None:
        """Tick check boxes by their values."""
        for one in values:
            self.parts.click()
            self.page.locator(f"main input[value='{one}']").check()

    def text(self) -> str:
        return self.page.locator("main").inner_text()

    def heading(self) -> str:
        return self.page.locator("h1").inner_text()

    def sees(self, *words: str) -> None:
        """Hold that the page says these *words*."""
        shown = self.text()
        for one in words:
            assert one in shown, f"{one!r} is not on {self.page.url}:\n{shown}"

    def shown_once(self, pattern: str) -> str:
        """Return what the page shows in its code, this once."""
        found = re.search(pattern, self.text())
        assert found, self.text()
        return found[0]

    def join(self, link: str, name: str = "") -> None:
        """Follow an invitation, and make a passkey."""
        self.page.goto(link)
        self.press("Go on")
        if name:
            self.page.locator("form[data-passkey] [name=name]").fill(name)
        self.parts.click()
        self.page.get_by_role("button", name="Make a passkey").click()
        self.page.wait_for_url(f"{self.base}/console")


@dataclass
class ServedGateway:
    """A gateway that `crossing serve` serves under ``http://localhost``, and Chromium."""

    file: Path
    base: str
    chromium: Browser
    parts: Parts = field(default_factory=Parts)
    visitors: list[Visitor] = field(default_factory=list)

    def crossing(self, *words: str) -> str:
        """Run a command of the region; return what it prints."""
        ran = subprocess.run(
            [sys.executable, "-m", "gateway", *words, "--settings", str(self.file)],
            cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def visitor(self) -> Visitor:
        """Return somebody new, with a browser and an authenticator of its own."""
        context = self.chromium.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(30_000)
        page = context.new_page()
        devtools: Any = context.new_cdp_session(page)
        devtools.send("WebAuthn.enable")
        devtools.send("WebAuthn.addVirtualAuthenticator", {"options": VIRTUAL})
        made = Visitor(page, self.base, self.parts)
        self.visitors.append(made)
        page.on("console", lambda said: made.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: made.complaints.append(str(error)))
        return made


@contextmanager
def served_gateway(folder: Path, settings: str) -> Iterator[ServedGateway]:
    """Write the settings of a region into *folder*, serve it by `crossing serve`, and start Chromium."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        missing("chromium (on Debian: apt-get install chromium)")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    base, file = f"http://localhost:{port}", folder / "gateway.toml"
    (folder / "agreements").mkdir(parents=True)
    server = f'[server]\nport = {port}\npublic_url = "{base}"\n'
    file.write_text(f'agreements = "agreements"\n{settings}\n{server}', "utf-8")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "serve", str(file)], cwd=ROOT, stdout=log, stderr=log,
            env=os.environ | {"PYTHONPATH": str(ROOT)}, start_new_session=True,
        )  # fmt: skip
        try:
            _await(process, base, folder / "log")
            with sync_playwright() as playwright:
                chromium = playwright.chromium.launch(executable_path=program, args=FLAGS)
                yield ServedGateway(file, base, chromium)
                chromium.close()
        finally:
            process.terminate()
            process.wait(30)


def _await(process: subprocess.Popen[bytes], base: str, log: Path) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            if requests.get(f"{base}/health", timeout=5).status_code < 500:
                return
        except requests.RequestException:
            time.sleep(0.05)
    raise AssertionError(log.read_text("utf-8", errors="replace"))
