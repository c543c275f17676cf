"""A crawl of the console: every page that links lead to, and what people read on a page, piece by piece."""

from __future__ import annotations

import re
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from lxml import html

from gateway.console.wording import COOKIE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.routing import MapAdapter

    from tests.support.people.region import Browser

UNREAD = {"code", "script", "style", "time", "svg", "textarea", "q", "bdi", "samp"}
"""Elements whose text is no wording: codes, addresses, dates, what people have typed, what is quoted, and data of students."""
READ_ALOUD = ("title", "aria-label", "placeholder", "alt")
FILES = re.compile(r"csv=|\.csv|/document\?|/static/|format=|/text$")
SORTED = re.compile(r"-(sort|page|down)$")


def speak(browser: Browser, language: str) -> Browser:
    """Let the browser ask for a *language*, as the button of every page does."""
    browser.wsgi.set_cookie(COOKIE, language, domain="crossing.example.org", secure=True, path="/")
    return browser


@dataclass
class Crawl:
    """A crawl by several people: of the pages that one endpoint has, no more than some *alike* are looked at in all."""

    routes: MapAdapter
    alike: int = 1
    kinds: Counter[str] = field(default_factory=Counter)

    def addresses(self, browser: Browser, start: str = "/console") -> Iterator[tuple[str, str]]:
        """Yield the address and the text of each page that links lead to, in the language of the browser."""
        waiting, seen = deque([start]), {start}
        while waiting:
            where = waiting.popleft()
            answer = browser.get(where)
            if answer.status_code in {302, 303}:
                found = [answer.headers["Location"]]
            else:
                text = answer.get_data(as_text=True)
                yield where, text
                found = [one.get("href") for one in html.fromstring(text).iter("a") if one.get("href")]
            for address in dict.fromkeys(filter(None, (plain(urljoin(where, one)) for one in found))):
                if address not in seen and self._wanted(address):
                    waiting.append(address)
                seen.add(address)

    def _wanted(self, address: str) -> bool:
        path, _, query = address.partition("?")
        endpoint, _ = self.routes.match(path)
        kind = f"{endpoint} {sorted(dict(parse_qsl(query)))}"
        self.kinds[kind] += 1
        return self.kinds[kind] <= self.alike


def plain(address: str) -> str | None:
    """Return the address of a page of the console without how its tables are sorted; None for any other."""
    parts = urlsplit(address)
    if parts.netloc not in {"", "crossing.example.org"} or not parts.path.startswith("/console"):
        return None
    if FILES.search(address):
        return None
    query = [(name, value) for name, value in parse_qsl(parts.query) if not SORTED.search(name)]
    return f"{parts.path}?{urlencode(query)}" if query else parts.path


def pieces(text: str) -> Iterator[str]:
    """Yield each piece of text that a page has for people: what stands between two tags, and what is read aloud."""
    yield from _of(html.fromstring(text))


def _of(one: Any) -> Iterator[str]:
    if not isinstance(one.tag, str) or one.tag in UNREAD:
        return
    found = [one.text, *(one.get(name) for name in READ_ALOUD)]
    for each in one:
        found += _of(each)
        found.append(each.tail)
    yield from (" ".join(piece.split()) for piece in found if piece and piece.strip())
