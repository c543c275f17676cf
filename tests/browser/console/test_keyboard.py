"""The console by the keyboard alone, on paper, in the dark and with forced colours."""

from __future__ import annotations

import pytest

from tests.browser.console.served import served

pytestmark = pytest.mark.browser
MAIN_PAGES = (
    "/console", "/console/clients", "/console/clients/register", "/console/agreements",
    "/console/agreements/conformance-maple/2", "/console/people", "/console/people/invite?org=maple",
    "/console/settings", "/console/account",
)  # fmt: skip
MAX_STOPS = 150
REACHABLE = """() => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
  .filter(one => !one.disabled && one.getClientRects().length && !(one.type === 'radio' && !one.checked)).length"""
FOCUSED = """() => { const one = document.activeElement, style = getComputedStyle(one);
  if (one === document.body) return null;
  one.dataset.reached = 'yes';
  return {tag: one.tagName, text: one.textContent.trim().slice(0, 40), main: !!one.closest('main'), nav: !!one.closest('.places'),
    skip: one.matches('.skip'), box: one.getBoundingClientRect().width,
    seen: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2}; }"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with served(tmp_path_factory.mktemp("keyboard")) as site:
        yield site


@pytest.fixture(scope="module")
def page(site):
    with site.entered("district-admin", "en", 1280) as context:
        yield context.new_page()


def stops(page):
    """Press Tab until the focus leaves the page; return what had it."""
    found = []
    for _ in range(MAX_STOPS):
        page.keyboard.press("Tab")
        one = page.evaluate(FOCUSED)
        if one is None or (found and one["skip"]):
            return found
        found.append(one)
    return found


@pytest.mark.parametrize("path", MAIN_PAGES)
def test_tab_reaches_everything_in_order_and_shows_where_it_is(site, page, path):
    page.goto(site.address + path)
    wanted = page.evaluate(REACHABLE)
    found = stops(page)
    assert len(found) < MAX_STOPS, "the focus is caught"
    assert found[0]["skip"]
    assert [one for one in found if not one["seen"]] == []
    places = [number for number, one in enumerate(found) if one["nav"]]
    inner = [number for number, one in enumerate(found) if one["main"]]
    assert max(places) < min(inner)
    assert page.evaluate("document.querySelectorAll('[data-reached]').length") >= wanted


def test_the_skip_link_leads_past_the_navigation(site, page):
    page.goto(f"{site.address}/console/clients")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED)["main"]


def test_a_form_is_filled_in_and_sent_by_the_keyboard_alone(site, page):
    page.goto(f"{site.address}/console/people/invite?org=maple")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    while page.evaluate("document.activeElement.name") != "mail":
        page.keyboard.press("Tab")
    page.keyboard.type("by-keyboard@maple.org")
    while page.evaluate("document.activeElement.tagName") != "BUTTON":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('A one-time link')")


def test_what_is_wrong_has_the_focus_and_leads_to_its_field(site, page):
    page.goto(f"{site.address}/console/clients/register")
    page.locator("main .btn-primary").press("Enter")
    page.wait_for_selector(".wrong")
    assert page.title().startswith("Error: ")
    page.locator(".wrong a").first.press("Enter")
    assert page.evaluate("document.activeElement.matches('[aria-invalid]')")


def test_an_agreement_on_paper_is_the_agreement_alone(site, page):
    page.goto(f"{site.address}/console/agreements/conformance-maple/1")
    page.emulate_media(media="print")
    for gone in (".top", ".places", ".bottom", "main form"):
        assert not page.locator(gone).first.is_visible()
    assert page.locator("h1").is_visible()
    page.emulate_media(media="screen")


@pytest.mark.parametrize("colours", [{"color_scheme": "dark"}, {"forced_colors": "active"}])
def test_pages_can_be_read_in_other_colours(site, page, colours):
    page.goto(f"{site.address}/console/clients")
    page.emulate_media(**colours)
    shown = page.evaluate(
        "() => [document.body, ...document.querySelectorAll('main h1, main td, main a, .places a')].map(one => {"
        "const style = getComputedStyle(one); let under = one, back; do { back = getComputedStyle(under).backgroundColor;"
        " under = under.parentElement } while (under && back.endsWith(', 0)')); return [style.color, back] })"
    )
    assert [pair for pair in shown if pair[0] == pair[1]] == []
    page.emulate_media(color_scheme="light", forced_colors="none")
