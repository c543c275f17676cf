"""The gateway as operators run it, with a nightly file that comes broken and an adapter that says all it knows."""

from __future__ import annotations

import json
import re
import textwrap
import zipfile

import pytest
import requests

from adapters import registry as adapters
from tests.support.regions import ROSTER, Site, served, small_sites, wait_until

CHILD = "Zaphodia"
TOKEN = "a token for monitors of the tests"
SETTINGS = '[metrics]\ntoken = "file:metrics.token"\n'
NOISY = f'''
import atexit, logging, sys, threading, warnings
from adapters.contract import Adapter, Manifest
from marshmallow import Schema

CHILD = "{CHILD}"


def fail():
    raise ValueError(CHILD)


class Dying:
    def __del__(self):
        fail()


class Noisy(Adapter):
    """Says what it should not, wherever it can."""

    name = "noisy"
    Settings = Schema
    manifest = property(lambda self: fail())
    check = stamp = lambda self: fail()
    read = lambda self, *_: fail()

    def __init__(self, district, settings):
        super().__init__(district, settings)
        atexit.register(fail)
        print(CHILD)
        print(CHILD, file=sys.stderr)
        sys.stdout.write(CHILD + "\\n")
        warnings.warn(CHILD)
        logging.getLogger("noisy").error(CHILD)
        loud = logging.getLogger("noisy.loud")
        loud.propagate = False
        logging.getLogger("noisy").exception(CHILD, exc_info=ValueError(CHILD))
        logging.getLogger("noisy").error("%d", CHILD)
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
        Dying()
        self.notes.note(CHILD)
        fail()
'''


@pytest.fixture
def noisy(tmp_path, monkeypatch):
    """An adapter of another distribution, on the path of every process."""
    place = tmp_path / "site-packages"
    about = place / "crossing_noisy-1.0.dist-info"
    about.mkdir(parents=True)
    (place / "crossing_noisy.py").write_text(textwrap.dedent(NOISY), "utf-8")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: crossing-noisy\nVersion: 1.0\n", "utf-8")
    (about / "entry_points.txt").write_text("[crossingguard.adapters]\nnoisy = crossing_noisy:Noisy\n", "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(place))
    monkeypatch.syspath_prepend(place)
    adapters._known.cache_clear()
    yield Site("noisy", {})
    adapters._known.cache_clear()


@pytest.fixture
def maple(tmp_path):
    """A district of files in a folder, which are looked at every second."""
    small_sites(tmp_path / "data")
    with zipfile.ZipFile(tmp_path / "data" / "maple.zip") as files:
        files.extractall(tmp_path / "maple")
    return Site("oneroster_csv", {"source": str(tmp_path / "maple")}, "4s")


def test_a_broken_nightly_file_is_told_and_healed_and_an_adapter_that_says_all_is_not_repeated(tmp_path, maple, noisy):
    folder, orgs = tmp_path / "r", f"/maple{ROSTER}orgs"
    folder.mkdir()
    (folder / "metrics.token").write_text(TOKEN, "ascii")
    with served(folder, {"maple": maple, "noisy": noisy}, SETTINGS) as gateway:

        def lines(event):
            told = [line for line in gateway.log.read_text("utf-8").splitlines() if line.startswith("{")]
            return [line for line in map(json.loads, told) if line["event"] == event]

        def number(start):
            bearer = {"Authorization": f"Bearer {TOKEN}"}
            text = requests.get(f"{gateway.base}/metrics", headers=bearer, timeout=30).text
            assert CHILD not in text
            return [line for line in text.splitlines() if line.startswith(start)]

        assert gateway.get(orgs).status_code == 200
        assert number('crossing_district_state{district="noisy",state="failed"} 1.0')
        assert gateway.get(f"/noisy{ROSTER}orgs").status_code == 502

        users = tmp_path / "maple" / "users.csv"
        whole = users.read_bytes()
        users.write_bytes(whole.replace(b",true,", b",perhaps,"))
        wait_until(lambda: gateway.get(orgs) and lines("refresh failed"))
        (told, *_) = lines("refresh failed")
        assert told["reason"].startswith("districts.maple: users.csv:2:")
        counts = re.findall(r"(\d+) of (\d+) rows are set aside", told["reason"])
        assert counts
        assert [(aside, read) for aside, read in counts if int(aside) > int(read)] == []
        assert number(
            'crossing_district_failures_total{district="maple",entity="-",kind="source-incomplete",place="users.csv"}'
        )
        assert requests.get(f"{gateway.base}/ready", timeout=30).status_code == 200
        wait_until(lambda: gateway.get(orgs).status_code == 502)
        answer = gateway.get(orgs)
        assert "users.csv" not in answer.text
        assert number('crossing_district_state{district="maple",state="failed"} 1.0')
        assert requests.get(f"{gateway.base}/health", timeout=30).status_code == 200

        users.write_bytes(whole)
        wait_until(lambda: lines("district recovered"))  # though nobody asks
        assert gateway.get(orgs).status_code == 200
        assert number('crossing_district_state{district="maple",state="fresh"} 1.0')
        assert lines("text not printed")
        assert lines("library message")
        assert {line["error"] for line in lines("fault")} == {"ValueError"}
        (request, *_) = [line for line in lines("request") if line["status"] == 502]
        assert (request["client"], request["code"]) == ("conformance", "source-broken")
        assert request["route"] == "/<district>/ims/oneroster/rostering/v1p2/<rest>"
    assert CHILD not in gateway.log.read_text("utf-8")
