"""Every page of the console, as every role, in both languages, wide and narrow: whole, quiet, and without a barrier."""

from __future__ import annotations

import hashlib
import os
import re
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from gateway.console.app import create_console
from gateway.translations.catalogues import LANGUAGES
from policies.roles import roles
from tests.browser.console.served import served

if TYPE_CHECKING:
    from flask import Flask
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
WIDTHS = (1280, 320)
OF_A_RULE = 2
"""So many pages of one rule are visited by each role: of a list of clients, not all."""

SHOTS = os.environ.get("CROSSING_SCREENSHOTS")
NO_PAGES = {"static", "frame.bootstrap"}
BY_A_LINK_OF_ONES_OWN: set[str] = set()
"""Pages that are reached only by a link that somebody is given: each has a test of its own."""
CHANGING = re.compile(r'name="csrf_token"[^>]*value="[^"]*"|value="/console[^"]*"')
AXE = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with served(tmp_path_factory.mktemp("everypage")) as site:
        yield site


@pytest.fixture(scope="module")
def console(site):
    return create_console(site.region.administered)


@dataclass
class Walk:
    """A walk from the pages that take no argument over every link, a few pages of each rule."""

    console: Flask
    seen: set[str] = field(default_factory=set)
    rules: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    def begin(self) -> deque[str]:
        plain = (rule for rule in self.console.url_map.iter_rules() if "GET" in rule.methods and not rule.arguments)
        return deque(["/console", *sorted(rule.rule for rule in plain if rule.endpoint not in NO_PAGES)])

    def is_new(self, path: str) -> bool:
        """Tell whether that address should be visited."""
        if path in self.seen:
            return False
        self.seen.add(path)
        try:
            endpoint, _ = self.console.url_map.bind("localhost").match(path, "GET")
        except (HTTPException, RequestRedirect):
            return False
        if endpoint in NO_PAGES:
            return False
        self.rules[endpoint] = self.rules.get(endpoint, 0) + 1
        return self.rules[endpoint] <= OF_A_RULE


KNOWN: set[str] = set()
"""Digests of pages that were looked at already: two roles often see the very same."""
REACHED: set[str] = set()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", sorted(roles()))
def test_no_page_has_a_barrier(site, console, role, language):
    faults = []
    for width in WIDTHS:
        walk = Walk(console)
        with site.entered(role, language, width) as context:
            page = context.new_page()
            told: list[str] = []
            page.on(
                "console", lambda one, told=told: told.append(one.text) if one.type in {"error", "warning"} else None
            )
            page.on("pageerror", lambda one, told=told: told.append(str(one)))
            waiting = walk.begin()
            while waiting:
                path = waiting.popleft()
                if not walk.is_new(path):
                    continue
                told.clear()
                with_what = visit(page, site.address + path)
                if with_what == "download":
                    continue
                status = with_what
                told[:] = [one for one in told if not (status >= 400 and "Failed to load resource" in one)]
                waiting.extend(links(page))
                if status == 403 or (status == 404 and walk.rules):
                    continue
                endpoint, _ = console.url_map.bind("localhost").match(path, "GET")
                REACHED.add(endpoint)
                where = f"{role} {language} {width} {path}"
                faults += [f"{where}: {status}"] if status >= 400 else []
                faults += [f"{where}: {one}" for one in told]
                faults += [f"{where}: {one}" for one in barriers(page, language, width, f"{role}-{language}-{width}")]
    assert not faults, "\n".join(faults)


def test_every_page_was_visited_by_somebody(console):
    pages = {rule.endpoint for rule in console.url_map.iter_rules() if "GET" in rule.methods}
    assert pages - NO_PAGES - BY_A_LINK_OF_ONES_OWN - REACHED == set()


def visit(page: Page, address: str) -> int | str:
    """Open a page; tell its status, or that it is a file."""
    from playwright.sync_api import Error

    try:
        answer = page.goto(address, wait_until="load")
    except Error as problem:
        if "Download is starting" in str(problem) or "ERR_ABORTED" in str(problem):
            return "download"
        raise
    return answer.status if answer else 0


def links(page: Page) -> list[str]:
    """Return the addresses of the console that the page links to."""
    found = page.eval_on_selector_all("a[href]", "all => all.map(one => one.href)")
    here = urlsplit(page.url).netloc
    parts = [urlsplit(one) for one in found]
    return [
        one.path for one in parts if one.netloc == here and one.path.startswith("/console") and "-csv=" not in one.query
    ]


def barriers(page: Page, language: str, width: int, name: str) -> list[str]:
    """Tell what is wrong with the page that is open; nothing for one that was looked at before."""
    content = CHANGING.sub("", page.content())
    digest = hashlib.sha256(f"{width}{content}".encode()).hexdigest()
    if digest in KNOWN:
        return []
    KNOWN.add(digest)
    keep(page, name)
    wrong = [
        f"{one['id']} ({one['help']}): {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for one in Axe().run(page, options=AXE).response["violations"]
        for node in one["nodes"][:3]
    ]
    if page.evaluate("document.documentElement.lang") != language:
        wrong.append("it is in another language")
    if page.evaluate("document.documentElement.scrollWidth") > width:
        wrong.append(f"it is wider than the window: {widest(page, width)}")
    if page.evaluate("document.querySelectorAll('h1').length") != 1:
        wrong.append("it has not one heading of the first level")
    small = page.evaluate(SMALL)
    wrong += [f"too small to hit: {one}" for one in small]
    return wrong


SMALL = """() => [...document.querySelectorAll('main button, main summary, main input:not([type=hidden]), main select, header button')]
  .filter(one => { const box = one.getBoundingClientRect();
    return box.width > 0 && !(one.closest('label')) && (box.height < 20 || box.width < 20); })
  .map(one => one.outerHTML.slice(0, 120))"""


def widest(page: Page, width: int) -> list[str]:
    return page.evaluate(
        """width => [...document.querySelectorAll('body *')].filter(one => !one.closest('.scroll') || one.matches('.scroll'))
        .filter(one => one.getBoundingClientRect().right > width + 1).slice(0, 3).map(one => one.outerHTML.slice(0, 120))""",
        width,
    )


def keep(page: Page, name: str) -> None:
    """Keep a picture of the page where somebody wants to look at it."""
    if SHOTS:
        path = urlsplit(page.url).path.strip("/").replace("/", "_")
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{SHOTS}/{path}-{name}.png", full_page=True)
