"""Joining and signing in as a browser does it, for tests."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyotp

from gateway.admin.people import Persons
from gateway.people.actor import operator
from tests.support.people.authenticator import Authenticator
from tests.support.people.region import BASE

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from tests.support.people.region import Browser, PeopleRegion

SETTINGS = f'[server]\npublic_url = "{BASE}"\n'
PASSWORD = "tulip kettle seventeen"
OPERATOR = operator("root")


@dataclass
class Somebody:
    """Somebody who has joined: its browser, and what it signs in with."""

    mail: str
    browser: Browser
    secret: str = ""
    codes: tuple[str, ...] = ()
    authenticator: Authenticator = field(default_factory=lambda: Authenticator(BASE))


def persons(region: PeopleRegion) -> Persons:
    return Persons(region.administered)


def invite(region: PeopleRegion, mail: str, org: str, role: str) -> str:
    return persons(region).invite(OPERATOR, org, mail, role)


def code(region: PeopleRegion, secret: str, later: int = 0) -> str:
    return pyotp.TOTP(secret).at(int(region.clock().timestamp()) + later)


def follow(region: PeopleRegion, token: str, browser: Browser | None = None) -> tuple[Browser, Response]:
    browser = browser or region.stranger()
    browser.get(f"/console/join/{token}")
    browser.post(f"/console/join/{token}")
    return browser, browser.get("/console/join")


def secret_in(answer: Response) -> str:
    return re.search(r"<code>([A-Z2-7]{32})</code>", answer.get_data(as_text=True))[1]


def join(region: PeopleRegion, mail: str, org: str = "maple", role: str = "approver") -> Somebody:
    """Join by a password and an authenticator."""
    browser, shown = follow(region, invite(region, mail, org, role))
    secret = secret_in(shown)
    form = {"name": mail.partition("@")[0].title(), "password": PASSWORD, "code": code(region, secret)}
    answer = browser.post("/console/join/password", form)
    assert answer.status_code == 200, answer.text
    codes = tuple(re.findall(r"<code>([a-z0-9]{5}-[a-z0-9]{5})</code>", answer.text))
    return Somebody(mail, browser, secret, codes)


def join_by_passkey(region: PeopleRegion, mail: str, org: str = "maple", role: str = "approver") -> Somebody:
    """Join by a passkey."""
    browser, _ = follow(region, invite(region, mail, org, role))
    mine = Somebody(mail, browser)
    options = json.loads(browser.post("/console/join/passkey/ask", {"name": "Somebody"}).text)
    answer = browser.post("/console/join/passkey", {"name": "Somebody", "answer": mine.authenticator.make(options)})
    assert answer.status_code == 303, answer.text
    return mine


def sign_in(region: PeopleRegion, mail: str, password: str, shown: str, **more: Any) -> tuple[Browser, Response]:
    browser = more.pop("browser", None) or region.stranger()
    browser.get("/console/sign-in")
    return browser, browser.post("/console/sign-in", {"mail": mail, "password": password, "code": shown} | more)


def ask_passkey(browser: Browser) -> dict[str, Any]:
    browser.get("/console/sign-in")
    return json.loads(browser.post("/console/sign-in/passkey/ask").text)


def is_in(browser: Browser) -> bool:
    return browser.get("/console/account").status_code == 200
