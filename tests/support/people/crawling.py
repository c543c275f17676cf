"""A crawl of the console: every page that links lead to, and what people read on a page, piece by piece."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from lxml import html

from gateway.console.wording import COOKIE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.people.region import Browser

UNREAD = {"code", "script", "style", "time", "svg", "textarea"}
"""Elements whose text is no wording: codes, addresses, dates, and what people have typed."""
READ_ALOUD = ("title", "aria-label", "placeholder", "alt")
FILES = re.compile(r"csv=|/document\?|/static/|format=|/text$")
SORTED = re.compile(r"-(sort|page|down)$")


def speak(browser: Browser, language: str) -> Browser:
    """Let the browser ask for a *language*, as the button of every page does."""
    browser.wsgi.set_cookie(COOKIE, language, domain="crossing.example.org", secure=True, path="/")
    return browser


def pages(browser: Browser, start: str = "/console", alike: int = 3) -> Iterator[tuple[str, str]]:
    """Yield the address and the text of each page that links lead to; of those of one kind no more than some *alike*."""
    waiting, seen, kinds = deque([start]), {start}, {}
    while waiting:
        where = waiting.popleft()
        answer = browser.get(where)
        if answer.status_code in {302, 303}:
            follow = [urljoin(where, answer.headers["Location"])]
        else:
            text = answer.get_data(as_text=True)
            yield where, text
            follow = [urljoin(where, one.get("href")) for one in html.fromstring(text).iter("a") if one.get("href")]
        for found in follow:
            address = plain(found)
            if address is None or address in seen:
                continue
            seen.add(address)
            kind = re.sub(r"[0-9a-f]{12,}|[0-9]+", "0", address)
            kinds[kind] = kinds.get(kind, 0) + 1
            if kinds[kind] <= alike:
                waiting.append(address)


def plain(address: str) -> str | None:
    """Return the address of a page of the console without how its tables are sorted; None for any other."""
    parts = urlsplit(address)
    if parts.netloc not in {"", "crossing.example.org"} or not parts.path.startswith("/console"):
        return None
    if FILES.search(address):
        return None
    query = [(name, value) for name, value in parse_qsl(parts.query) if not SORTED.search(name)]
    return f"{parts.path}?{urlencode(query)}" if query else parts.path


def told(text: str) -> Iterator[str]:
    """Yield each piece of text that a page has for people: what stands between two tags, and what is read aloud."""
    yield from _of(html.fromstring(text))


def _of(one: Any) -> Iterator[str]:
    if not isinstance(one.tag, str) or one.tag in UNREAD:
        return
    pieces = [one.text, *(one.get(name) for name in READ_ALOUD)]
    for each in one:
        pieces += _of(each)
        pieces.append(each.tail)
    yield from (" ".join(piece.split()) for piece in pieces if piece and piece.strip())
