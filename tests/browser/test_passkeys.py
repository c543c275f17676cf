"""A real browser makes and uses passkeys, by Chromium's virtual authenticator, at the relying party localhost."""

from __future__ import annotations

import shutil
import threading
from contextlib import contextmanager

import pytest
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

from gateway.admin.people import Persons
from gateway.people.actor import operator
from tests.support.needs import missing
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites

pytestmark = pytest.mark.browser
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
VIRTUAL = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@contextmanager
def served(folder):
    """Serve a region on a port of this machine, under the name that browsers trust without TLS."""
    sites = small_sites(folder / "data")
    with people_region(folder / "region", sites, [agreement(name) for name in sites]) as region:
        server = make_server("127.0.0.1", 0, region.running, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield region, f"http://localhost:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


@pytest.fixture
def browser():
    found = (
        shutil.which("chromium")
        or shutil.which("google-chrome")
        or missing("chromium (Debian: apt-get install chromium)")
    )
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def page(browser):
    context = browser.new_context()
    page = context.new_page()
    page.complaints = []
    page.on("console", lambda said: page.complaints.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    page.devtools = devtools
    page.authenticator = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": VIRTUAL})["authenticatorId"]
    return page


def test_the_first_operator_joins_signs_out_and_in_and_adds_a_passkey(page, tmp_path):
    with served(tmp_path) as (region, base):
        token = Persons(region.administered).bootstrap(operator("root"), "ana@example.org", "Ana", again=False)
        page.goto(f"{base}/console/join/{token}")
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("button", name="Make a passkey").click()
        page.wait_for_url(f"{base}/console")
        page.goto(f"{base}/console/account")
        assert page.get_by_role("heading", name="My account").is_visible()
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/console/sign-in")
        page.goto(f"{base}/console/account")
        page.wait_for_url("**/console/sign-in?next=**")
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.wait_for_url(f"{base}/console/account")
        kept = page.devtools.send("WebAuthn.getCredentials", {"authenticatorId": page.authenticator})["credentials"]
        assert [(one["rpId"], one["isResidentCredential"]) for one in kept] == [("localhost", True)]
        page.devtools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": page.authenticator})
        page.devtools.send("WebAuthn.addVirtualAuthenticator", {"options": VIRTUAL})
        page.get_by_label("Name of the passkey").fill("my telephone")
        page.get_by_role("button", name="Add a passkey").click()
        page.get_by_text("my telephone").first.wait_for()
        assert [one for one in page.complaints if "404" not in one] == []


def test_a_passkey_whose_owner_is_not_verified_lets_nobody_in(page, tmp_path):
    with served(tmp_path) as (region, base):
        token = Persons(region.administered).bootstrap(operator("root"), "ana@example.org", "Ana", again=False)
        page.goto(f"{base}/console/join/{token}")
        page.get_by_role("button", name="Go on").click()
        page.devtools.send("WebAuthn.setUserVerified", {"authenticatorId": page.authenticator, "isUserVerified": False})
        page.get_by_role("button", name="Make a passkey").click()
        page.get_by_text("The passkey was not accepted. Try again.").wait_for(timeout=70_000)
        page.goto(f"{base}/console/account")
        page.wait_for_url("**/console/sign-in?next=**")


def test_without_scripts_the_pages_offer_the_password_and_no_dead_button(browser, tmp_path):
    with served(tmp_path) as (region, base):
        token = Persons(region.administered).bootstrap(operator("root"), "ana@example.org", "Ana", again=False)
        page = browser.new_context(java_script_enabled=False).new_page()
        page.goto(f"{base}/console/join/{token}")
        page.get_by_role("button", name="Go on").click()
        assert not page.get_by_role("button", name="Make a passkey").is_visible()
        assert page.get_by_role("button", name="Set up").is_visible()
        assert page.locator("figure.qr svg").is_visible()
        page.goto(f"{base}/console/sign-in")
        assert not page.get_by_role("button", name="Sign in with a passkey").is_visible()
        assert page.get_by_label("Password").is_visible()
