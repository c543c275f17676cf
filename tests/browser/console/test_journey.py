"""The whole way of a new region in a real browser, from the first link to a client that is shut out."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
import requests

from tests.browser.console.visitor import served_gateway
from tests.support.people.districts import zipped

pytestmark = pytest.mark.browser

SETTINGS = 'approvals = "required"\n'
TODAY = datetime.now(UTC).date()
FIRST, LAST = str(TODAY - timedelta(days=1)), str(TODAY + timedelta(days=200))
LINK = r"http://localhost:\d+/console/join/\S+"
ROSTER = "https://purl.imsglobal.org/spec/or/v1p2/scope/roster.readonly"
MAX_MINUTES = 15
SECONDS_OF_A_CLICK = 10
"""What somebody takes who reads the page before the click, and fills in a form in between."""


def test_a_new_region_from_the_first_link_to_a_client_that_is_shut_out(tmp_path, capsys):
    roster = tmp_path / "roster.zip"
    roster.write_bytes(zipped(tmp_path / "made"))
    with served_gateway(tmp_path / "region", SETTINGS) as served:
        dana = district_connected(served, roster)
        agreement_in_force(served, dana)
        link = client_registered(served, dana)
        secret = secret_fetched(served, link)
        token = rows_seen(served, secret)
        client_suspended(served, dana)
        assert seconds_to_refusal(served, token) < 1
        secret_gone(served, link)
    with capsys.disabled():
        print(served.parts)
    assert [one for each in served.visitors for one in each.complaints if "410" not in one] == []
    assert served.parts.clicks * SECONDS_OF_A_CLICK + served.parts.seconds < MAX_MINUTES * 60


def district_connected(served, roster):
    """Come in as the operator, and let the district's administrator in, who connects the district."""
    part = served.parts.part
    with part("the operator follows the bootstrap link and makes a passkey"):
        olga = served.visitor()
        olga.join(served.crossing("admins", "bootstrap", "--mail", "olga@region.org").strip(), "Olga")
        assert olga.heading() == "Inbox"
    with part("the operator writes how the district is connected"):
        olga.go("Districts")
        olga.press("Connect a district")
        olga.fill(name="maple", adapter="oneroster_csv")
        olga.press("Next")
        olga.fill(set_source="uploaded:")
        olga.press("Write it down")
    with part("the operator invites the district's administrator, who joins"):
        dana = joined(served, olga, "maple", "dana@maple.org", "district-admin")
    with part("the administrator uploads the files and connects the district"):
        dana.go("Districts")
        dana.press("maple")
        dana.press("Try and connect it")
        dana.page.locator("input[type=file]").set_input_files(roster)
        dana.press("Upload it and connect the district")
        dana.sees("fresh", "student")
    return dana


def agreement_in_force(served, dana):
    """Let people of the vendor and whoever signs in, write an agreement by the form, sign it for both, publish it."""
    part = served.parts.part
    with part("the administrator adds the vendor, invites its contact and whoever signs for the district"):
        dana.go("People")
        dana.press("Organisations")
        dana.fill(name="reading-partners", title="Reading Partners", kind="vendor")
        dana.press("Add")
        vera = joined(served, dana, "reading-partners", "vera@partners.com", "vendor-contact")
        paul = joined(served, dana, "maple", "paul@maple.org", "approver")
    with part("the vendor's contact invites whoever signs for the vendor"):
        vic = joined(served, vera, "reading-partners", "vic@partners.com", "approver")
    with part("the administrator writes the agreement"):
        dana.go("Agreements")
        dana.press("Begin an agreement")
        dana.fill(
            district="maple", recipient="reading-partners", kind="vendor", purpose="tutoring", template="tutoring"
        )
        dana.fill(begin=FIRST, end=LAST, interest="Plan weekly reading support.", clients="reading-prod")
        dana.press("Begin")
        dana.press("Ask both parties to sign")
    with part("both parties sign"):
        for signer in (paul, vic):
            signer.go("Inbox")
            signer.press("A version of an agreement waits for an approval")
            signer.press("Read and sign")
            signer.press("Sign")
            signer.sees("You have signed.")
    with part("the administrator publishes it"):
        dana.go("Agreements")
        dana.press("reading-partners-maple@1")
        dana.press("Publish")
        dana.press("Publish")
        dana.sees("in force")


def client_registered(served, dana):
    """Register a client; return the one-time link to its secret."""
    with served.parts.part("the administrator registers a client and makes a one-time link"):
        dana.go("Clients")
        dana.press("Register a client")
        dana.fill(name="reading-prod", org="reading-partners")
        dana.tick(ROSTER)
        dana.press("Register")
        dana.press("Make a one-time link")
        dana.press("Make the link")
        return dana.shown_once(r"http://localhost:\d+/once/\S+")


def secret_fetched(served, link):
    """Follow the one-time link as somebody who is not signed in; return the secret that is shown."""
    with served.parts.part("the vendor follows the link"):
        vendor = served.visitor()
        vendor.page.goto(link)
        vendor.press("Make the secret and show it")
        return vendor.page.locator("dd code").nth(1).inner_text()


def secret_gone(served, link):
    vendor = served.visitor()
    vendor.page.goto(link)
    vendor.sees("This link gives nothing")


def rows_seen(served, secret):
    """Ask for a token, and for the first rows, as `curl` would; return the token."""
    with served.parts.part("the first rows"):
        answer = requests.post(
            f"{served.base}/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=("reading-prod", secret),
            timeout=10,
        )
        token = answer.json()["access_token"]
        users = rows(served, token).json()["users"]
        assert [len(one["familyName"]) for one in users] == [1, 1]
        assert all(one["givenName"] for one in users)
    return token


def client_suspended(served, dana):
    with served.parts.part("the administrator suspends the client"):
        dana.go("Clients")
        dana.press("reading-prod")
        dana.press("Suspend")
        dana.fill(reason="a laptop was lost")
        dana.press("Suspend")
        assert dana.heading() == "reading-prod"


def joined(served, host, org, mail, role):
    """Invite somebody in the browser of *host*, and let it join."""
    if not host.page.url.endswith(f"/people?org={org}"):
        host.go("People")
    if host.page.locator("main [name=org]").count():
        host.fill(org=org)
        host.press("Show")
    host.press("Invite somebody")
    host.fill(mail=mail, role=role)
    host.press("Make the link")
    guest = served.visitor()
    guest.join(host.shown_once(LINK), mail.partition("@")[0].title())
    return guest


def seconds_to_refusal(served, token):
    """Ask until the client is refused; return how long that took."""
    begun = time.monotonic()
    while (answer := rows(served, token)).status_code == 200 and time.monotonic() < begun + 10:
        time.sleep(0.05)
    assert answer.status_code == 401, answer.text
    return time.monotonic() - begun


def rows(served, token):
    students = f"{served.base}/ims/oneroster/rostering/v1p2/students?limit=2"
    return requests.get(students, headers={"Authorization": f"Bearer {token}"}, timeout=10)
