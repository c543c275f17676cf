"""Pages ask for a session, and dangerous ones for a proof of lately; the way back leads into the console alone."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from flask import Blueprint, Flask, g

from gateway.console.page import page
from gateway.console.sign_in import blueprint as sign_in
from gateway.console.way_back import HOME, own_path
from gateway.people.actor import Actor, Membership
from gateway.people.sessions import PROVED_FOR
from tests.support.regions import Clock


@pytest.mark.parametrize(
    "path", ["/console", "/console/", "/console/clients/tutor?page=2&order=name", "/console/people?org=maple"]
)
def test_a_page_of_the_console_is_a_way_back(path):
    assert own_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        None,
        "",
        "/",
        "/consolex",
        "/once/abc",
        "https://evil.example/console",
        "//evil.example/console",
        "/\\evil.example",
        "\\\\evil.example",
        "/console/..//evil.example",
        "/console//evil.example",
        "/console/../oauth/token",
        "/console\\@evil.example",
        "/console/\r\nSet-Cookie: a=b",
        "/console/a b",
        "/console/\u2028",
        "javascript:alert(1)",
        "https:/console",
        " /console",
        "/console#//evil.example",
    ],
)
def test_nothing_else_is(path):
    assert own_path(path) == HOME


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def browser(clock):
    app, end = Flask(__name__), Blueprint("end", __name__)
    proved = clock()

    @page(end, "/console/client", "client.read")
    def show():
        return "the form"

    @page(end, "/console/client/end", "client.end", "POST", fresh=True)
    def do():
        return "done"

    app.register_blueprint(end)
    app.register_blueprint(sign_in)
    app.extensions["region"] = SimpleNamespace(clock=clock)

    @app.before_request
    def enter():
        actor = Actor("ana", "person", (Membership("maple", "district-admin"),), "1")
        g.session = SimpleNamespace(actor=actor, proved=proved)

    return app.test_client()


def test_a_dangerous_act_goes_on_while_the_proof_is_fresh(browser, clock):
    clock.now += PROVED_FOR
    assert browser.post("/console/client/end").text == "done"


def test_a_dangerous_act_sends_whoever_proved_long_ago_to_prove_and_then_to_the_form(browser, clock):
    clock.now += PROVED_FOR + timedelta(seconds=1)
    answer = browser.post("/console/client/end", headers={"Referer": "http://localhost/console/client?tab=end"})
    assert answer.status_code == 302
    assert answer.location == "/console/prove?next=/console/client?tab%3Dend&again=True"


def test_a_form_elsewhere_is_no_way_back(browser, clock):
    clock.now += PROVED_FOR + timedelta(seconds=1)
    answer = browser.post("/console/client/end", headers={"Referer": "https://evil.example/console/client"})
    assert answer.location == "/console/prove?next=/console&again=True"


def test_a_page_that_is_only_read_needs_no_fresh_proof(browser, clock):
    clock.now += PROVED_FOR + timedelta(hours=1)
    assert browser.get("/console/client").text == "the form"
