"""A browser without scripts that counts its clicks: links are followed and forms sent by the words that people read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from lxml import html

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from tests.support.people.region import Browser

START = "/console"


@dataclass
class Clicker:
    """Somebody who begins at the first page; the *clicks* from there are counted."""

    browser: Browser
    clicks: int = 0
    path: str = START
    typed: dict[str, Any] = field(default_factory=dict)
    page: Any = None

    def __post_init__(self) -> None:
        self._show(self.browser.get(START), START)

    def fill(self, **values: Any) -> None:
        """Type into fields, or choose, by their names."""
        self.typed |= values

    def tick(self, **values: str) -> None:
        """Tick a check box: a click of its own."""
        self.clicks += 1
        self.typed |= values

    def press(self, words: str) -> None:
        """Click the first link or button of these *words*."""
        found = [one for one in self.page.iter("a", "button") if words in {_words(one), _words(one).partition(":")[0]}]
        assert found, f"no {words!r} on {self.path}: {self.text()}"
        self.clicks += 1
        one = found[0]
        if one.tag == "a":
            where = urljoin(self.path, one.get("href"))
            self._show(self.browser.get(where), where)
        else:
            self._send(one)
        self.typed = {}

    def text(self) -> str:
        return " ".join(self.page.find(".//main").text_content().split())

    def _send(self, button: Any) -> None:
        form = next(button.iterancestors("form"))
        where = urljoin(self.path, form.get("action") or self.path)
        values = dict(form.form_values()) | {name: self.typed[name] for name in self.typed if name in form.fields}
        if button.get("name"):
            values[button.get("name")] = button.get("value")
        if (form.get("method") or "get").lower() == "get":
            self._show(
                self.browser.wsgi.get(where, query_string=values, base_url="https://crossing.example.org"), where
            )
            return
        headers = {"Referer": f"https://crossing.example.org{self.path}"}
        kind = form.get("enctype") or "application/x-www-form-urlencoded"
        self._show(self.browser.post(where, values, content_type=kind, headers=headers), where)

    def _show(self, answer: Response, where: str) -> None:
        while answer.status_code in {302, 303}:
            parts = urlsplit(urljoin(where, answer.headers["Location"]))
            where = f"{parts.path}?{parts.query}" if parts.query else parts.path
            answer = self.browser.get(where)
        assert answer.status_code == 200, f"{answer.status_code} at {where}: {answer.get_data(as_text=True)[:3000]}"
        self.path, self.page = where, html.fromstring(answer.get_data(as_text=True))


def _words(one: Any) -> str:
    return " ".join(one.text_content().split())
