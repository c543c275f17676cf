"""Every page of the console, as every role, in both languages, wide and narrow: whole, quiet, and without a barrier."""

from __future__ import annotations

import pytest

from gateway.console.app import create_console
from gateway.translations.catalogues import LANGUAGES
from policies.roles import roles
from tests.browser.console.served import LANGUAGE, served
from tests.browser.console.walk import NO_PAGES, WIDE, Seen, Walk

pytestmark = pytest.mark.browser
FIRST = ("district-admin", "privacy-officer", "region-operator")
NOBODY = "nobody"
WHO = (*FIRST, NOBODY, *(one for one in sorted(roles()) if one not in FIRST))
ASKED = (
    "/console/desk/recipient?name=conformance",
    "/console/desk/element?path=student.name.given",
    "/console/desk/exposure?client=conformance",
    "/console/agreements/conformance-maple/diff?before=1&after=1",
    "/console/agreements/conformance-maple/2/publish",
    "/console/agreements/in-review/1/refuse",
    "/console/agreements/half-signed/1/take-back?party=maple",
    "/console/vendor/extension?org=conformance&agreement=conformance-maple",
)
"""Pages that answer a question, which no link asks, and those of a second and third agreement."""

TRANSFERS = "transfers."
"""The pages of records that move, which this region has none of: `test_transfers` looks at each of them."""

ELSEWHERE = {"agreements.withdraw", "clients.resume", "assignments.entry", "assignments.end"}
"""Forms of a reason, as others that are looked at, of what this region does not have: a version that people published,
a client that was shut out, an entry of a district whose agreement asks for assignments."""


class Walked:
    """What was wrong, of each role and language: each is walked once, by whichever test asks first."""

    def __init__(self, site):
        self.site, self.seen, self.faults = site, Seen(), {}
        self.console = create_console(site.region.administered)

    def of(self, role, language):
        """Return what is wrong with the pages of a role."""
        if (role, language) not in self.faults:
            self.faults[role, language] = self.now(role, language)
        return self.faults[role, language]

    def now(self, role, language):
        if role == NOBODY:
            return self.strangers(self.site, language)
        with self.site.entered(role, language, WIDE) as context:
            return self.walk(self.site, context.new_page(), language, role, self.begin())

    def walk(self, site, page, language, name, begin):
        walk = Walk(self.console, page, site.address, language, f"{name}-{language}", self.seen)
        return walk.take(begin)

    def begin(self):
        plain = (rule for rule in self.console.url_map.iter_rules() if "GET" in rule.methods and not rule.arguments)
        return ["/console", *sorted(rule.rule for rule in plain if rule.endpoint not in NO_PAGES), *ASKED]

    def strangers(self, site, language):
        """Walk over the pages before one has signed in; a link for a new person is followed."""
        context = site.chromium.new_context(viewport={"width": WIDE, "height": 800})
        page, (join, secret) = context.new_page(), site.links
        page.goto(f"{site.address}/entrance-of-tests?{LANGUAGE}={language}")
        begin = ["/console/sign-in", f"/console/join/{join}", f"/once/{secret}"]
        found = self.walk(site, page, language, NOBODY, begin)
        page.goto(f"{site.address}/console/join/{join}")
        page.locator("main .btn-primary").click()
        found += self.walk(site, page, language, NOBODY, ["/console/join"])
        context.close()
        return found


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    with served(tmp_path_factory.mktemp("everypage")) as site:
        yield Walked(site)


@pytest.mark.parametrize("role", WHO)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_has_a_barrier(walked, role, language):
    assert not walked.of(role, language), "\n".join(walked.of(role, language))


def test_every_page_was_visited_by_somebody(walked, capsys):
    for role in WHO:
        walked.of(role, LANGUAGES[0])
    pages = {rule.endpoint for rule in walked.console.url_map.iter_rules() if "GET" in rule.methods}
    pages -= {one for one in pages if one.startswith(TRANSFERS) and one != "transfers.overview"}
    with capsys.disabled():
        print(f"{walked.seen.pages} pages walked, {walked.seen.looked} looked at")
    assert pages - NO_PAGES - ELSEWHERE - walked.seen.endpoints == set()
