"""A walk over the pages of the console, as one role: every link, a few pages of each rule, looked at wide and narrow."""

from __future__ import annotations

import hashlib
import os
import re
from collections import deque
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import requests
from axe_playwright_python.sync_playwright import Axe
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from gateway.translations.catalogues import SOURCE_LANGUAGE

if TYPE_CHECKING:
    from flask import Flask
    from playwright.sync_api import Page

WIDE, NARROW = 1280, 320
OF_A_RULE = 2
"""So many pages of one rule are visited by each role: of a list of clients, not all."""

SHOTS = os.environ.get("CROSSING_SCREENSHOTS")
NO_PAGES = frozenset(
    {
        "static",
        "bootstrap.static",
        "registers.template",
        "assignments.template",
        "frame.bootstrap",
        "agreements.printed",
        "sign_in.with_provider",
        "openid.back",
    }
)
"""Files, documents that are downloaded, and ways to a provider that is not there."""

CHANGING = re.compile(r'name="csrf_token"[^>]*value="[^"]*"|value="[A-Za-z0-9._-]{40,}"|\b[0-9a-f]{32}\b')
LINK = re.compile(r'<a\b[^>]*\bhref="([^"]+)"')
TABLES = re.compile("-(csv|sort|page)=")
AXE = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}
COLOURS_SEEN: dict[str, Any] = {"rules": {"color-contrast": {"enabled": False}}}
"""Colours are those of the other language: they take axe most of its time, and are looked at once."""

FORBIDDEN, NOT_FOUND, BAD = 403, 404, 400


@dataclass
class Seen:
    """What all walks have seen: pages that were looked at, for two roles often see the very same, and their titles."""

    digests: set[str] = field(default_factory=set)
    endpoints: set[str] = field(default_factory=set)
    titles: dict[str, str] = field(default_factory=dict)
    pages: int = 0
    looked: int = 0


@dataclass
class Walk:
    """A walk from some pages over every link."""

    console: Flask
    page: Page
    address: str
    language: str
    name: str
    seen: Seen
    faults: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)
    rules: dict[str, int] = field(default_factory=dict)

    def take(self, begin: list[str]) -> list[str]:
        """Walk from these addresses; return what is wrong."""
        self.page.on("console", lambda one: self.told.append(one.text) if one.type in {"error", "warning"} else None)
        self.page.on("pageerror", lambda one: self.told.append(str(one)))
        waiting = deque(begin)
        while waiting:
            path = waiting.popleft()
            if (endpoint := self.endpoint(path)) is not None:
                waiting.extend(self.visit(path, endpoint))
        return self.faults

    def endpoint_of(self, address: str) -> str | None:
        """Return the endpoint of an address; None where it leads elsewhere."""
        try:
            endpoint, _ = self.console.url_map.bind("localhost").match(urlsplit(address).path, "GET")
        except (HTTPException, RequestRedirect):
            return None
        return str(endpoint)

    def endpoint(self, path: str) -> str | None:
        """Return the endpoint of an address that should be visited now."""
        endpoint = self.endpoint_of(path)
        if endpoint is None or endpoint in NO_PAGES:
            return None
        if path in self.paths or self.rules.get(endpoint, 0) >= OF_A_RULE:
            return None
        self.paths.add(path)
        self.rules[endpoint] = self.rules.get(endpoint, 0) + 1
        return endpoint

    def visit(self, path: str, endpoint: str) -> list[str]:
        """Look at one page, in the browser unless it was looked at before; return the addresses that it links to."""
        answer = self.fetched(path)
        if (
            "attachment" in answer.headers.get("Content-Disposition", "")
            or "html" not in answer.headers["Content-Type"]
        ):
            return []
        if answer.status_code < BAD:
            self.seen.endpoints |= {endpoint, self.endpoint_of(answer.url) or endpoint}
        self.seen.pages += 1
        wrong = self.looks(path) if self.is_new(answer.text) else []
        if answer.status_code >= BAD and answer.status_code not in {FORBIDDEN, NOT_FOUND}:
            wrong.append(str(answer.status_code))
        self.faults += [f"{self.name} {path}: {one}" for one in wrong]
        return links(answer)

    def fetched(self, path: str) -> requests.Response:
        """Ask for a page with the cookies of the browser, and for where it leads."""
        mine = "; ".join(f"{one['name']}={one['value']}" for one in self.page.context.cookies())
        address = self.address + path
        while True:  # by hand, since a library that follows forgets the cookies
            answer = requests.get(address, headers={"Cookie": mine}, timeout=60, allow_redirects=False)
            if not answer.is_redirect or not answer.headers["Location"].startswith("/"):
                return answer
            address = self.address + answer.headers["Location"]
            self.endpoint(answer.headers["Location"])

    def is_new(self, text: str) -> bool:
        """Tell whether nobody has looked at this page in this language; it counts as looked at."""
        main = CHANGING.sub("", text.partition("<main")[2].partition("</main>")[0])
        digest = hashlib.sha256(main.encode()).hexdigest() + self.language
        new = digest not in self.seen.digests
        self.seen.digests.add(digest)
        return new

    def looks(self, path: str) -> list[str]:
        """Open a page in the browser; tell what is wrong with it."""
        self.told.clear()
        answer = self.page.goto(self.address + path, wait_until="load")
        bad = answer is None or answer.status >= BAD
        wrong = [one for one in self.told if not (bad and "Failed to load resource" in one)]
        self.seen.looked += 1
        wrong += self.barriers()
        for width in (WIDE, NARROW):
            self.page.set_viewport_size({"width": width, "height": 800})
            keep(self.page, f"{self.name}-{width}")
            wrong += [f"at {width}: {one}" for one in self.page.evaluate(LAYOUT, width)]
        self.page.set_viewport_size({"width": WIDE, "height": 800})
        return [*wrong, *self.words()]

    def barriers(self) -> list[str]:
        """Return what axe finds."""
        options = AXE if self.language == SOURCE_LANGUAGE else AXE | COLOURS_SEEN
        return [
            f"{one['id']} ({one['help']}): {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
            for one in Axe().run(self.page, options=options).response["violations"]
            for node in one["nodes"][:3]
        ]

    def words(self) -> list[str]:
        """Tell whether the page has its language, its one heading, and a title that no other page has."""
        said: dict[str, Any] = self.page.evaluate(
            "() => ({language: document.documentElement.lang, title: document.title,"
            " headings: [...document.querySelectorAll('h1')].map(one => one.textContent.trim())})"
        )
        path, _ = self.console.url_map.bind("localhost").match(urlsplit(self.page.url).path, "GET")
        wrong = []
        if said["language"] != self.language:
            wrong.append("it is in another language")
        if len(said["headings"]) != 1:
            wrong.append(f"it has not one heading of the first level: {said['headings']}")
        if self.seen.titles.setdefault(said["title"], path) != path and self.page.locator("main .lead").count() == 0:
            wrong.append(f"it has the title of {self.seen.titles[said['title']]}: {said['title']}")
        return wrong


def links(answer: requests.Response) -> list[str]:
    """Return the addresses of the console that the page links to, with their arguments but for tables'."""
    here = urlsplit(answer.url)
    parts = [urlsplit(urljoin(answer.url, unescape(one))) for one in LINK.findall(answer.text)]
    inside = [one for one in parts if one.netloc == here.netloc and one.path.startswith("/console")]
    return [one.path if not one.query or TABLES.search(one.query) else f"{one.path}?{one.query}" for one in inside]


LAYOUT = """width => {
  const found = [], all = [...document.querySelectorAll('body *')];
  if (document.documentElement.scrollWidth > width) found.push('it is wider than the window: ' + all
    .filter(one => one.getBoundingClientRect().right > width + 1 && !(one.parentElement.closest('.scroll, pre')))
    .slice(0, 3).map(one => one.outerHTML.slice(0, 120)).join(' | '));
  const within = one => one.closest('p, li, dd, td, th, caption, legend, .hint');
  const inline = one => one.tagName === 'A' && getComputedStyle(one).display === 'inline' && within(one);
  const targets = all.filter(one => one.matches('a[href], button, input:not([type=hidden]), select, textarea, summary'))
    .filter(one => { const box = one.getBoundingClientRect(); return box.width > 1 && box.height > 1; });
  for (const one of targets) {
    const box = one.getBoundingClientRect();
    if (box.width >= 24 && box.height >= 24 || inline(one) || one.matches('.skip')) continue;
    const x = box.x + box.width / 2, y = box.y + box.height / 2;
    const near = targets.filter(other => other !== one).some(other => { const b = other.getBoundingClientRect();
      const dx = Math.max(b.x - x, 0, x - b.right), dy = Math.max(b.y - y, 0, y - b.bottom); return Math.hypot(dx, dy) < 12; });
    if (near) found.push('too small to hit: ' + one.outerHTML.slice(0, 120) + ' ' + box.width + 'x' + box.height);
  }
  const primary = [...document.querySelectorAll('main .btn-primary')].filter(one => one.getBoundingClientRect().width);
  if (primary.length > 1) found.push('it has several primary buttons: ' + primary.map(one => one.textContent.trim()));
  const current = document.querySelectorAll('.places [aria-current]').length;
  if (current > 1) found.push('several entries of the navigation are current');
  return found; }"""
"""What one sees of a page: its width, targets of 24 pixels (WCAG 2.2, 2.5.8, with its exceptions), one primary button."""


def keep(page: Page, name: str) -> None:
    """Keep a picture of the page where somebody wants to look at it."""
    if SHOTS:
        path = urlsplit(page.url).path.strip("/").replace("/", "_")
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{SHOTS}/{path}-{name}.png", full_page=True)
