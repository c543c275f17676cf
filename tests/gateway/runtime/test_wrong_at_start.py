"""A gateway starts over a wrong agreement: that one fails closed, the rest serve, and the operator is told."""

from __future__ import annotations

import io
import logging

import pytest
import structlog

from gateway import telemetry
from gateway.demo.data import write_oneroster_12
from tests.support.regions import EVERYTHING, TUTORING, Site, agreement, small_district
from tests.support.reloading import reloadable

NARROWED = agreement("maple", TUTORING, client="tutor", purpose="tutoring", version=2)
BROKEN = NARROWED.replace("elements:", "elements")
WIDE = agreement("maple", EVERYTHING, client="tutor", purpose="tutoring")


@pytest.fixture(scope="module")
def sites(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    write_oneroster_12(small_district(10), folder / "maple.zip")
    return {"maple": Site("oneroster_csv", {"source": str(folder / "maple.zip")})}


@pytest.fixture
def lines():
    """All that is logged during a test."""
    stream = io.StringIO()
    before = logging.root.handlers[:], logging.root.level
    telemetry.configure(stream)
    yield stream.getvalue
    logging.root.handlers[:], logging.root.level = before
    structlog.reset_defaults()


def students(region, client):
    return region.consumer(client).roster("students").status_code


def test_a_broken_narrowing_revives_nothing_and_the_rest_serve(tmp_path, sites, lines):
    agreements = {"all": agreement("maple"), "wide": WIDE, "narrow": BROKEN}
    with reloadable(tmp_path, sites, agreements) as region:
        assert (students(region, "conformance"), students(region, "tutor")) == (200, 403)
        status = list(region.running.status())
        assert status[0].startswith(f"wrong: {tmp_path}/agreements/narrow.yaml:10:")
        assert status[1] == "withheld: tutor-maple@1 of maple (tutor)"
        assert b"crossing_agreement_mistakes 1.0" in telemetry.exposition()
        told = [line for line in lines().splitlines() if "agreement withheld" in line]
        assert len(told) == 1
        assert '"place":"narrow.yaml:10:' in told[0]
        region.write("narrow", NARROWED)
        assert region.reload() == ("agreement tutor-maple@1: added", "agreement tutor-maple@2: added")
        assert students(region, "tutor") == 200
        assert "birthDate" not in region.consumer("tutor").roster("students").text
        assert b"crossing_agreement_mistakes 0.0" in telemetry.exposition()


def test_where_a_wrong_one_does_not_say_whom_it_is_about_nothing_is_served_and_that_is_said_first(tmp_path, sites):
    with reloadable(tmp_path, sites, {"all": agreement("maple"), "cut": NARROWED.partition(", kind")[0]}) as region:
        assert students(region, "conformance") == 403
        assert next(iter(region.running.status())).startswith(f"NO AGREEMENT of {tmp_path}/agreements is served")


def test_a_mistake_that_was_there_at_the_start_is_one_at_a_reload(tmp_path, sites):
    with reloadable(tmp_path, sites, {"all": agreement("maple"), "wide": WIDE, "narrow": BROKEN}) as region:
        assert not region.running.reload().ok
        assert (students(region, "conformance"), students(region, "tutor")) == (200, 403)


FAILING = """\
tests:
  - name: nobody's birth date leaves
    student: {enrollment: active}
    expect: {visible: true, student.birthDate: deny}
"""


def test_an_agreement_whose_own_test_fails_releases_nothing_and_the_rest_serve(tmp_path, sites):
    agreements = {"all": agreement("maple"), "wide": WIDE + FAILING}
    with reloadable(tmp_path, sites, agreements) as region:
        assert (students(region, "conformance"), students(region, "tutor")) == (200, 403)
        (wrong, *_) = region.running.status()
        assert wrong.startswith(f"wrong: {tmp_path}/agreements/wide.yaml:")
        assert "fails: student.birthDate is allow, and deny is expected" in wrong
        region.write("wide", WIDE + FAILING.replace("deny", "allow"))
        region.reload()
        assert students(region, "tutor") == 200
        region.write("wide", WIDE + FAILING)
        assert not region.running.reload().ok
        assert students(region, "tutor") == 200
