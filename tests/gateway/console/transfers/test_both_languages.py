"""Every page of transfers in English and in Spanish: nothing is left in English but names and data."""

from __future__ import annotations

import re

import pytest

from gateway.console.app import create_console
from tests.gateway.console.languages.test_both_languages import left_in_english
from tests.gateway.console.transfers.moving import NOBODY, PEOPLE, moving
from tests.support.people.crawling import Crawl, speak

START = "/console/transfers"
PAPER = re.compile(r"letter\?in=|^/console(?!/transfers)")
"""A letter in the language that is chosen for it, and pages that other tests read."""

NAMES = re.compile(r"\b(Abel|Rosa|Ana|Rita|Pia|Dana|Aldo|Olga|Vera)$|English|Español")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with moving(tmp_path_factory.mktemp("languages"), release=False, notify="letter") as found:
        ana = found.browser("ana")
        transfers = [
            found.asked(3),
            found.asked(5, given="Zora", standing="intent"),
            found.asked(0, **NOBODY),
            found.asked(7),
        ]
        for one in transfers:
            found.work(one)
        found.release(ana, transfers[3], by_person=["identity", "schedule"])
        found.work(transfers[3])
        found.deliver(transfers[3])
        found.transfers = transfers
        yield found


def test_every_page_that_a_link_leads_to_is_wholly_in_spanish(world):
    routes = create_console(world.region.administered).url_map.bind("crossing.example.org")
    found, left = Crawl(routes, alike=3), []
    for name in PEOPLE:
        browser = world.browser(name)
        for where, text in found.addresses(speak(browser, "es"), START):
            english = speak(browser, "en").get(where).get_data(as_text=True)
            left += [one for one in left_in_english(where, english, text) if not PAPER.search(where)]
            speak(browser, "es")
    assert [one for one in left if not NAMES.search(one)] == []


def test_every_answer_to_a_form_is_wholly_in_spanish(world):
    waits, near = world.transfers[:2]
    asked = (
        ("rosa", "cedar/ask", {"given": "Mara", "sender": "maple", "standing": "enrollment"}),
        ("rosa", "cedar/ask", world.stated(3)),
        ("rosa", "cedar/ask", NOBODY | {"standing": "enrollment", "sender": "maple"}),
        ("rosa", "cedar/ask", {"find": "y", "given": "Mara"}),
        ("ana", f"maple/inbox/{waits}/preview", {"seen": "1"}),
        ("ana", f"maple/inbox/{waits}/preview", {"seen": "1", "by_person": ["identity", "attendance"]}),
        ("ana", f"maple/inbox/{waits}/hold", {"seen": "1", "reason": "fee", "sections": ["identity"]}),
        ("ana", f"maple/inbox/{waits}/documents", {"seen": "1"}),
        ("ana", f"maple/inbox/{waits}/note", {"seen": "1", "text": "x" * 2001}),
        ("ana", f"maple/inbox/{near}/choose", {"seen": "1", "handle": "none"}),
        ("dana", "maple/keys", {"jwk": "no key"}),
        ("dana", "maple/keys", {"jwk": '{"kty": "EC"}'}),
    )  # fmt: skip
    left = []
    for name, path, sent in asked:
        pages = []
        for language in ("en", "es"):
            browser = speak(world.browser(name), language)
            browser.get(f"{START}/{path}" if "choose" not in path else f"{START}/maple/inbox/{near}")
            answer = browser.post(f"{START}/{path}", sent | {"key": f"{path} {language}"})
            if answer.status_code in {302, 303}:
                answer = browser.get(answer.headers["Location"])
            pages.append(answer.get_data(as_text=True))
        left += left_in_english(f"{path} {sent}"[:80], *pages)
    assert [one for one in left if not NAMES.search(one)] == []
