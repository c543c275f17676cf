"""The whole way of a new region in a real browser, from the first link to a client that is shut out."""

from __future__ import annotations

import re
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
            dana.press("Upload a file")
            dana.page.locator("input[type=file]").set_input_files(roster)
            dana.press("Upload")
            dana.press("Connect the district")
            dana.sees("fresh", "student")
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
            dana.fill(district="maple", recipient="reading-partners", kind="vendor", purpose="tutoring", template="tutoring")
            dana.fill(begin=FIRST, end=LAST)
            dana.press("Begin")
            dana.press("Write")
            dana.fill(interest="Plan weekly reading support.", clients="reading-prod")
            dana.press("Save")
            dana.press("reading-partners-maple@1")
            dana.press("Ask both parties to sign")
            print(dana.text())
        with part("both parties sign"):
            for signer in (paul, vic):
                signer.page.goto(f"{served.base}/console")
                print(signer.text())
                signer.go("Agreements")
                signer.press("reading-partners-maple@1")
                signer.press("Read and sign")
                signer.page.get_by_role("radio").check()
                signer.press("Sign")
                print(signer.text())
        with part("the administrator publishes it"):
            dana.go("Agreements")
            dana.press("reading-partners-maple@1")
            dana.press("Publish")
            dana.press("Publish")
            print(dana.text())
        with part("the administrator registers a client and makes a one-time link"):
            dana.go("Clients")
            dana.press("Register a client")
            dana.fill(name="reading-prod", org="reading-partners", kind="vendor")
            dana.tick(ROSTER)
            dana.press("Register")
            print(dana.text())
            dana.press("Make a one-time link")
            dana.press("Make the link")
            print(dana.text())
            link = dana.shown_once(r"http://localhost:\d+/once/\S+")
        with part("the vendor follows the link"):
            vendor = served.visitor()
            vendor.page.goto(link)
            vendor.press("Make the secret and show it")
            secret = vendor.page.locator("dd code").nth(1).inner_text()
        with part("the first rows"):
            token = token_of(served, secret)
            print(rows(served, token).text[:300])
        with part("the administrator suspends the client"):
            dana.go("Clients")
            dana.press("reading-prod")
            dana.press("Suspend")
            dana.fill(reason="a laptop was lost")
            dana.press("Suspend")
            assert dana.heading() == "reading-prod"
        time.sleep(1)
        assert rows(served, token).status_code == 401
    print(served.parts)


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


def token_of(served, secret):
    answer = requests.post(
        f"{served.base}/oauth/token", data={"grant_type": "client_credentials"}, auth=("reading-prod", secret), timeout=10
    )
    return answer.json()["access_token"]


def rows(served, token):
    students = f"{served.base}/ims/oneroster/rostering/v1p2/students?limit=2"
    return requests.get(students, headers={"Authorization": f"Bearer {token}"}, timeout=10)
