"""A record moves, in the browser: one district's registrar asks, the other's approver decides, and the first files it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

from gateway.console.app import create_console
from tests.browser.console.served import shown
from tests.browser.console.walk import AXE, COLOURS_SEEN, LAYOUT, NARROW, WIDE, keep
from tests.gateway.console.transfers.moving import NOBODY, PEOPLE, moving

pytestmark = pytest.mark.browser
LEAVES = (
    "Name, birth date, languages",
    "Schools attended",
    "Classes and grades in progress",
    "Parents, contacts and addresses",
)

LOOKED = set()
"""The paths that were looked at."""

PAPERS = {"transfers.letter", "transfers.parents_copy", "transfers.preview", "transfers.document"}
"""Documents, and what is shown after a form alone: the preview is looked at where it is made."""

ELSEWHERE = {"transfers.ask_elsewhere", "transfers.pass_on"}
"""Forms of a choice, as others that are looked at, which lead back where there is no third district."""

ONE = (
    ("rita", "maple/inbox/{waits}"), ("ana", "maple/inbox/{waits}/release"), ("ana", "maple/inbox/{waits}/hold"),
    ("ana", "maple/inbox/{waits}/refuse"), ("ana", "maple/inbox/{waits}/withdraw"), ("ana", "maple/inbox/{waits}/attachments"), ("rita", "maple/inbox/{nobody}"),
    ("rita", "maple/inbox/{nobody}/end"), ("ruth", "cedar/sent/{waits}"),
    ("ruth", "cedar/sent/{waits}/withdraw"), ("ruth", "cedar/keys"),
    ("ruth", "cedar/keys/{kid}/revoke"), ("ruth", "cedar/ask"),
)  # fmt: skip
"""The pages of one request or one key, and who opens each."""

TOLD = "The record is asked for. You are told here when it has come."


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with moving(tmp_path_factory.mktemp("moves"), release=False, notify="letter") as found:
        for name, role in PEOPLE.items():
            found.region.person(name, role)
        with shown(found.region) as site:
            found.site = site
            yield found


@pytest.fixture
def enter(world):
    """Let somebody open a browser; each ends with the test."""
    opened = []

    def open_for(name, language="en", scripts=True):
        entered = world.site.entered_as(name, language, WIDE, scripts=scripts)
        opened.append(entered)
        page = entered.__enter__().new_page()
        page.goto(f"{world.site.address}/console/transfers")
        return page

    yield open_for
    for one in opened:
        one.__exit__(None, None, None)


def press(page, words):
    """Press the one button or link of these words, and wait for what follows."""
    main = page.locator("main")
    found = main.get_by_role("button", name=words, exact=True).or_(main.get_by_role("link", name=words, exact=True))
    found.first.click()
    page.wait_for_load_state()


def says(page):
    return page.locator("main").inner_text()


def look(page, name):
    """Look at a page wide and narrow: it has no barrier, fits, and is kept as a picture where somebody wants that."""
    LOOKED.add(urlsplit(page.url).path)
    options = AXE if page.locator("html").get_attribute("lang") == "en" else AXE | COLOURS_SEEN
    wrong = [f"{one['id']}: {one['help']}" for one in Axe().run(page, options=options).response["violations"]]
    for width in (NARROW, WIDE):
        page.set_viewport_size({"width": width, "height": 800})
        keep(page, f"{name}-{width}")
        wrong += [f"at {width}: {one}" for one in page.evaluate(LAYOUT, width)]
    assert wrong == [], "\n".join([page.url, *wrong])


def state(world, transfer):
    return world.ledger.find(transfer).state.value


def asks(world, rosa):
    """Let Rosa ask for a child under another given name, found among her own students; return the request's id."""
    child = world.child(5)
    look(rosa, "home")
    press(rosa, "Ask for a record")
    rosa.fill("[name=family]", child.family)
    rosa.fill("[name=birth_date]", child.birth_date)
    press(rosa, "Look the student up in our own system")
    look(rosa, "ask-found")
    rosa.locator(".hits button").first.click()
    rosa.wait_for_load_state()
    assert rosa.input_value("[name=state_id]") == child.state_id
    rosa.fill("[name=given]", "Zora")
    rosa.select_option("[name=sender]", "maple")
    rosa.get_by_label("The family has signed that the student will enroll").check()
    press(rosa, "Ask for the record")
    look(rosa, "asked")
    assert "There is nothing for you to do" in says(rosa)
    return rosa.url.rpartition("/")[2]


def chooses(world, ana, transfer):
    """Let Ana say which student is meant."""
    ana.goto(f"{world.site.address}/console/transfers/maple/inbox")
    look(ana, "incoming")
    press(ana, f"{transfer[:4]}-{transfer[4:8]}")
    look(ana, "who-is-meant")
    assert "Given name: differs" in " ".join(says(ana).split())
    ana.locator("main input[type=radio]").first.check()
    press(ana, "This student is meant")


def releases(world, ana, transfer):
    """Let Ana look at what would leave, and release it."""
    ana.reload()
    look(ana, "waits")
    press(ana, "Decide what leaves")
    look(ana, "release")
    for words in LEAVES:
        ana.get_by_label(words).check()
    press(ana, "Look at what would leave")
    look(ana, "preview")
    assert "Nothing has left yet" in says(ana)
    assert state(world, transfer) == "waiting"
    press(ana, "Release exactly this")
    look(ana, "released")


def files(rosa):
    """Let Rosa say what became of each section."""
    rosa.reload()
    assert "The record has come" in says(rosa)
    look(rosa, "delivered")
    press(rosa, "File it")
    look(rosa, "sections")
    for words in ("written into your system", "filed as a document", "not wanted", "written into your system"):
        rosa.locator("main button", has_text=words).first.click()
        rosa.wait_for_load_state()
    look(rosa, "filed")
    assert "All of it is filed." in says(rosa)


def test_a_record_is_asked_for_released_and_filed_by_two_people(world, enter):
    rosa, ana = enter("rosa"), enter("ana")
    transfer = asks(world, rosa)
    before = says(rosa).replace(TOLD, "").split()
    assert world.work(transfer) == "near"
    chooses(world, ana, transfer)
    assert world.work(transfer) == "waiting"
    releases(world, ana, transfer)
    assert world.work(transfer) == "packed"
    rosa.reload()
    assert says(rosa).split() == before
    assert world.deliver(transfer) == "delivered"
    assert world.accept(transfer) == "acknowledged"
    files(rosa)
    assert state(world, transfer) == "filed"


def test_the_pages_work_without_scripts_and_in_spanish(world, enter):
    transfer = world.asked(9)
    world.work(transfer)
    ana = enter("ana", "es", scripts=False)
    ana.goto(f"{world.site.address}/console/transfers/maple/inbox/{transfer}")
    assert ana.locator("html").get_attribute("lang") == "es"
    press(ana, "Decidir qué sale")
    ana.get_by_label("Nombre, fecha de nacimiento, idiomas").check()
    press(ana, "Ver lo que saldría")
    press(ana, "Liberar exactamente esto")
    assert "Está liberado" in says(ana)
    assert state(world, transfer) == "approved"


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("rosa", "cedar/sent"), ("rosa", "cedar/received"), ("rita", "maple/letters"), ("dana", "maple/keys?of=cedar"),
        ("aldo", "maple/reports"), ("olga", ""), ("olga", "maple/inbox"), ("rita", "maple/inbox?light=red"),
    ],
)  # fmt: skip
def test_no_other_page_has_a_barrier(world, enter, who, path, language):
    page = enter(who, language)
    page.goto(f"{world.site.address}/console/transfers/{path}".rstrip("/"))
    look(page, f"{who}-{re.sub('[^a-z]+', '-', path)}-{language}")


@pytest.fixture(scope="module")
def requests(world):
    """A request that waits for a decision, and one for a student whom nobody knows."""
    found = {"waits": world.asked(11), "nobody": world.asked(0, **NOBODY)}
    for one in found.values():
        world.work(one)
    world.region.person("ruth", ("cedar", "registrar"), ("cedar", "district-admin"))
    return found | {"kid": world.worker.desk.district_keys.of("cedar")[0].kid}


@pytest.mark.parametrize(("who", "path"), ONE)
def test_no_page_of_one_request_has_a_barrier(world, enter, requests, who, path):
    page = enter(who)
    answer = page.goto(f"{world.site.address}/console/transfers/{path.format(**requests)}")
    assert answer.status == 200
    look(page, f"{who}-{re.sub('[^a-z]+', '-', path)}")


def test_every_page_of_transfers_was_looked_at(world, enter, requests):
    transfer = world.asked(13)
    world.work(transfer)
    ana = enter("ana")
    ana.goto(f"{world.site.address}/console/transfers/maple/inbox/{transfer}/release")
    ana.get_by_label("Schools attended").check()
    press(ana, "Look at what would leave")
    press(ana, "Release exactly this")
    world.work(transfer)
    world.deliver(transfer)
    ruth = enter("ruth")
    for path in ("", "/resend"):
        ruth.goto(f"{world.site.address}/console/transfers/cedar/received/{transfer}{path}")
        look(ruth, f"received{path.replace('/', '-')}")
    routes = create_console(world.region.administered).url_map
    seen = {routes.bind("localhost").match(one, "GET")[0] for one in LOOKED if not one.endswith("/preview")}
    pages = {
        one.endpoint for one in routes.iter_rules() if "GET" in one.methods and one.endpoint.startswith("transfers.")
    }
    assert pages - seen - PAPERS - ELSEWHERE == set()


def test_a_letter_and_a_list_are_printed_without_what_is_for_the_screen(world, enter):
    page = enter("ana")
    page.goto(f"{world.site.address}/console/transfers/maple/inbox")
    page.emulate_media(media="print")
    for gone in (".top", ".places", ".bottom", ".tabs", ".filters"):
        assert not page.locator(gone).first.is_visible()
    assert page.locator("h1").is_visible()
