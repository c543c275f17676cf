"""A monitor learns whether the gateway lives and is ready, and with a token all its numbers; nobody learns of pupils."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path

import pytest

from gateway.config.settings import read
from gateway.readiness import BELIEVED_SECONDS, Readiness
from standards.errors import StoreUnavailable
from tests.support.failing_adapter import CHILD, planned
from tests.support.regions import ROSTER, Site, agreement, running

TOKEN = "a token for monitors of the tests"
SETTINGS = '[metrics]\ntoken = "file:metrics.token"\n'
DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture
def region(tmp_path):
    folder = tmp_path / "r"
    folder.mkdir()
    (folder / "metrics.token").write_text(f"{TOKEN}\n", "ascii")
    with planned("maple") as plan, planned("birch") as broken:
        broken.place, broken.error = "read", lambda: ValueError(CHILD)
        sites = {name: Site("failing", {"plan": name}) for name in ("maple", "birch")}
        with running(folder, sites, [agreement(name) for name in sites], SETTINGS) as one:
            one.plan = plan
            one.gateway.warm()
            yield one


def numbers(region, token=TOKEN):
    return region.app.test_client().get("/metrics", headers={"Authorization": f"Bearer {token}"})


def test_numbers_are_for_whoever_has_their_token(region):
    text = numbers(region).text
    assert 'crossing_district_state{district="maple",state="fresh"} 1.0' in text
    assert 'crossing_district_state{district="birch",state="failed"} 1.0' in text
    assert 'crossing_district_rows{district="maple",entity="student"} 3.0' in text
    assert 'crossing_district_failures_total{district="birch",entity="-",kind="source-broken",place="-"}' in text
    assert CHILD not in text


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer é", TOKEN])
def test_without_the_token_there_are_no_numbers(region, header):
    answer = region.app.test_client().get("/metrics", headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert "crossing_" not in answer.text
    assert "maple" not in answer.text


def test_a_consumers_token_is_none_of_a_monitor(region):
    assert numbers(region, region.consumer().token).status_code == 401


def test_without_a_setting_there_is_no_such_address(tmp_path):
    with planned("maple"), running(tmp_path / "r", {"maple": Site("failing", {"plan": "maple"})}, []) as region:
        assert numbers(region).status_code == 404


@pytest.mark.parametrize(
    ("token", "wrong"), [("short", "at least 32"), (None, "cannot be read"), ("é" * 40, "at least 32")]
)
def test_a_token_that_could_be_guessed_is_refused(tmp_path, token, wrong):
    if token is not None:
        (tmp_path / "metrics.token").write_text(token, "utf-8")
    (tmp_path / "gateway.toml").write_text(SETTINGS, "utf-8")
    _, (mistake, *_) = read(tmp_path / "gateway.toml")
    assert wrong in str(mistake)
    assert ":2:" in str(mistake)
    assert "é" not in str(mistake)


def test_every_number_is_told_in_the_documentation(region):
    region.consumer().ask(f"/maple{ROSTER}orgs")
    families = re.findall(r"^# TYPE (crossing_\w+) ", numbers(region).text, re.MULTILINE)
    page = (DOCS / "operations.md").read_text("utf-8")
    assert len(families) > 10
    assert [one for one in families if f"`{one}`" not in page and not one.endswith("_created")] == []


def test_what_districts_do_does_not_matter_to_readiness(region):
    answer = region.app.test_client().get("/ready")
    assert (answer.status_code, answer.json) == (200, {"status": "ready"})
    health = region.app.test_client().get("/health")
    assert (health.status_code, health.json) == (200, {"status": "ok"})


def fail():
    raise StoreUnavailable("the address of the registry")


@pytest.mark.parametrize("part", ["registry", "memory", "record"])
def test_a_part_that_fails_is_not_ready_and_which_is_not_said(region, part):
    parts = region.gateway.readiness._parts
    kept, parts[part] = parts[part], fail
    answer = region.app.test_client().get("/ready")
    assert (answer.status_code, answer.json) == (503, {"status": "not ready"})
    assert f'crossing_part_ready{{part="{part}"}} 0.0' in numbers(region).text
    assert region.app.test_client().get("/health").status_code == 200
    parts[part] = kept
    assert region.app.test_client().get("/ready").status_code == 200


def test_a_record_that_cannot_be_written_is_not_ready_until_it_can(region, tmp_path):
    folder = tmp_path / "r" / "state" / "audit"
    region.gateway.ending()  # acts are written by now
    region.gateway.record._refusing = True
    folder.rename(folder.with_name("away"))
    folder.write_text("in the way", "ascii")
    assert region.app.test_client().get("/ready").status_code == 503
    folder.unlink()
    folder.with_name("away").rename(folder)
    assert region.app.test_client().get("/ready").status_code == 200


def test_a_part_that_hangs_is_not_ready_and_nobody_waits_for_it():
    moment, ended = [0.0], threading.Event()
    asked = {"registry": 0}

    def hang():
        asked["registry"] += 1
        if asked["registry"] > 1:
            ended.wait(30)

    watch = Readiness({"registry": hang, "memory": lambda: None}, lambda: moment[0])
    watch.start()
    end = time.monotonic() + 10
    while not (watch.ready() and asked["registry"] > 1) and time.monotonic() < end:
        time.sleep(0.01)
    assert watch.ready()
    moment[0] += BELIEVED_SECONDS + 1
    begun = time.monotonic()
    assert not watch.ready()
    assert time.monotonic() - begun < 1
    ended.set()
    watch.stop()
