"""The console without JavaScript: people sign in, write an agreement, register a client and upload a file."""

from __future__ import annotations

import re

import pyotp
import pytest

from tests.browser.console.served import served
from tests.support.people.districts import zipped
from tests.support.people.joining import OPERATOR, PASSWORD, persons

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with served(tmp_path_factory.mktemp("noscript")) as site:
        yield site


@pytest.fixture
def page(site):
    with site.entered("district-admin", "en", 1280, scripts=False) as context:
        yield context.new_page()


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def test_somebody_joins_and_signs_in_with_a_password_and_a_code(site):
    token = persons(site.region).invite(OPERATOR, "maple", "noa@maple.org", "district-admin", "Noa")
    context = site.chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.address}/console/join/{token}")
    press(page, "Go on")
    secret = re.search(r"<code>([A-Z2-7]{32})</code>", page.content())[1]
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=code]", code(site, secret))
    press(page, "Set up")
    page.get_by_role("link", name="I have kept them").click()
    assert page.locator("h1").inner_text() == "Inbox"
    press(page, "Sign out")
    site.region.clock.move(60)
    page.goto(f"{site.address}/console/sign-in")
    page.fill("[name=mail]", "noa@maple.org")
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=code]", code(site, secret))
    press(page, "Sign in")
    assert page.locator("h1").inner_text() == "Inbox"
    context.close()


def test_an_agreement_is_edited(site, page):
    page.goto(f"{site.address}/console/agreements/conformance-maple/2")
    page.get_by_role("link", name="Write", exact=True).click()
    page.fill("[name=purpose]", "tutoring")
    press(page, "Save")
    page.goto(f"{site.address}/console/agreements/conformance-maple/2")
    assert "tutoring" in page.locator(".facts").first.inner_text()


def test_an_agreement_about_transfers_is_written_without_a_word_of_yaml(site, page):
    page.goto(f"{site.address}/console/agreements/cedar-maple/1")
    page.get_by_role("link", name="Write", exact=True).click()
    page.fill("[name=begin]", "2026-09-01")
    page.fill("[name=end]", "2027-08-31")
    press(page, "Save")
    page.get_by_role("link", name="Transfer of records", exact=True).click()
    page.get_by_label("Information", exact=True).check()
    page.get_by_label("no restriction lies on the student").uncheck()
    page.fill("[name=receiverKeys]", "r" * 43)
    page.fill("[name=senderKeys]", "s" * 43)
    press(page, "Save")
    assert "No rule releases anything without" in page.locator("[role=alert]").inner_text()
    page.get_by_label("no restriction lies on the student").check()
    page.get_by_label("A second person confirms each release").check()
    press(page, "Save")
    page.get_by_role("link", name="Check", exact=True).click()
    assert "There is no mistake." in page.locator("main").inner_text()


def test_a_client_is_registered(site, page):
    page.goto(f"{site.address}/console/clients/register")
    page.fill("[name=name]", "no-script")
    page.select_option("[name=org]", "conformance")
    page.locator("[name=scopes]").first.check()
    press(page, "Register")
    assert page.locator("h1").inner_text() == "no-script"


def test_a_file_is_uploaded(site, page, tmp_path):
    roster = tmp_path / "roster.zip"
    roster.write_bytes(zipped(tmp_path / "made"))
    with site.entered("region-operator", "en", 1280, scripts=False) as context:
        other = context.new_page()
        other.goto(f"{site.address}/console/districts/connect")
        other.fill("[name=name]", "spruce")
        other.select_option("[name=adapter]", "oneroster_csv")
        press(other, "Next")
        other.select_option("[name=set_source]", "uploaded:")
        press(other, "Write it down")
    site.region.person("sue", ("spruce", "district-admin"))
    with site.entered_as("sue", "en", 1280, scripts=False) as context:
        own = context.new_page()
        own.goto(f"{site.address}/console/districts/spruce/files")
        own.set_input_files("input[type=file]", str(roster))
        press(own, "Upload")
        assert "The file is good." in own.locator("main").inner_text()


def code(site, secret):
    return pyotp.TOTP(secret).at(int(site.region.clock().timestamp()))
