"""A real browser shows the documents, under the policy that the pages are sent with."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading

import pytest
from werkzeug.serving import make_server

from gateway.web.metadata.oneroster import SECTIONS
from tests.support.needs import missing
from tests.support.regions import agreement, running, small_sites

pytestmark = pytest.mark.browser
REFUSED = re.compile(r"Content Security Policy|Refused to|Uncaught", re.IGNORECASE)


@pytest.fixture(scope="module")
def chromium():
    found = shutil.which("chromium") or shutil.which("google-chrome")
    return found or missing("chromium (on Debian: apt-get install chromium)")


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A gateway over two small districts, on a socket."""
    folder = tmp_path_factory.mktemp("shown")
    sites = small_sites(folder / "data")
    with running(folder / "region", sites, [agreement(name) for name in sites]) as region:
        server = make_server("127.0.0.1", 0, region.app, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def visit(chromium, address, tmp_path):
    """What a page has become once its scripts have run, and what the browser complained of."""

    def ask(path):
        command = [
            chromium, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
            f"--user-data-dir={tmp_path}", "--virtual-time-budget=20000", "--dump-dom", address + path,
        ]  # fmt: skip
        ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert ran.returncode == 0, ran.stderr[-2000:]
        return ran.stdout, [line for line in ran.stderr.splitlines() if REFUSED.search(line)]

    return ask


@pytest.mark.parametrize("district", ["", "/maple"])
def test_the_index_is_shown(visit, district):
    page, complaints = visit(f"{district}/docs")
    assert page.count("<section>") == len(SECTIONS) + (not district)  # the region has one of the administration API
    assert complaints == []


@pytest.mark.parametrize(
    ("section", "tag", "operation"),
    [
        ("oneroster-1.2-rostering", "classes", "/schools/{schoolSourcedId}/classes"),
        ("oneroster-1.2-resources", "resources", "/resources/{sourcedId}"),
        ("oneroster-1.1", "students", "/students/{id}"),
        ("ed-fi-resources", "studentSectionAssociations", "/ed-fi/studentSectionAssociations/{id}"),
    ],
)
def test_a_document_opens_closed_and_shows_the_operations_of_a_tag_that_is_opened(visit, section, tag, operation):
    page, complaints = visit(f"/maple/docs/{section}")
    assert complaints == []
    assert "operation-filter-input" in page
    assert f'data-tag="{tag}"' in page
    assert 'data-is-open="true"' not in page
    assert re.findall(r'data-path="([^"]+)"', page) == []
    assert 'class="btn authorize' in page
    assert "cannot be loaded" not in page
    opened, complaints = visit(f"/maple/docs/{section}#/{tag}")
    assert complaints == []
    assert operation in re.findall(r'data-path="([^"]+)"', opened)
