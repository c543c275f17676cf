"""Whatever is handed to the log, only listed names and plain words come out."""

from __future__ import annotations

import logging
import re

import pytest
import structlog
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from gateway import telemetry

CANARY = "Zyx Canary-Ümlaut"


def _answer(district: str, name: str):
    if name.isdigit():
        return "", int(name)
    telemetry.about(district=district)
    telemetry.about(view=name)
    return ""


@pytest.fixture
def web():
    app = Flask("telemetry")
    app.before_request(telemetry.begin)
    app.after_request(telemetry.observe)
    app.add_url_rule("/<district>/data/<name>", "edfi.many", _answer)
    app.add_url_rule("/data/<name>", "edfi.one", lambda name: telemetry.trace(None))
    return app.test_client()


def numbers() -> str:
    return telemetry.exposition().decode()


def dropped() -> float:
    return float(re.search(r"^crossing_log_values_dropped_total (\S+)", numbers(), re.MULTILINE)[1])


def test_a_log_line_is_json_with_time_and_level(log):
    structlog.get_logger().info("hold loaded", district="maple", rows=12, milliseconds=3.5)
    (line,) = log()
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "hold loaded", "level": "info", "district": "maple", "rows": 12, "milliseconds": 3.5}


def test_a_value_under_an_unlisted_name_is_dropped_and_counted(log):
    before = dropped()
    structlog.get_logger().info("hold loaded", family_name=CANARY, rows=1)
    assert "Canary" not in str(log())
    assert dropped() == before + 1


@given(
    st.dictionaries(
        st.sampled_from(sorted(telemetry.KEYS)), st.just(CANARY) | st.lists(st.just(CANARY)) | st.just({"a": CANARY})
    )
)
def test_a_listed_name_does_not_let_free_text_through(line):
    assert "Canary" not in str(telemetry.keep_listed(None, "info", dict(line)))


def test_what_other_libraries_say_is_not_repeated(log):
    logging.getLogger("urllib3.connectionpool").warning("GET /students/%s failed", CANARY)
    (line,) = log()
    assert line["event"] == "library message"
    assert line["logger"] == "urllib3.connectionpool"
    assert "Canary" not in str(line)


def test_a_fault_is_named_by_kind_and_place_only(log):
    try:
        int(CANARY)
    except ValueError as error:
        telemetry.fault(error)
    (line,) = log()
    assert line["error"] == "ValueError"
    assert line["place"].startswith("test_telemetry:")
    assert "Canary" not in str(line)
    assert 'crossing_faults_total{error="ValueError"}' in numbers()


def test_a_request_is_counted_and_logged_by_view_status_and_district(log, web):
    web.get("/maple/data/students?filter=familyName%3D'Canary'")
    (line,) = log()
    assert (line["view"], line["status"], line["district"], line["method"]) == ("students", 200, "maple", "GET")
    assert line["milliseconds"] >= 0
    assert "Canary" not in str(line)
    assert 'crossing_requests_total{district="maple",status="200",view="students"} ' in numbers()


@pytest.mark.parametrize(
    "path", ["/Canary/data/404", "/Canary/data/401", "/Canary/data/503", "/Canary", "/Canary/Canary/Canary/Canary"]
)
def test_an_address_somebody_made_up_is_in_no_log_and_no_number(log, web, path):
    web.get(path)
    web.options(path)
    assert "Canary" not in str(log())
    assert "Canary" not in numbers()


def test_a_valid_traceparent_is_taken_over():
    name = "4bf92f3577b34da6a3ce929d0e0e4736"
    assert telemetry.trace(f"00-{name}-00f067aa0ba902b7-01") == name
    assert telemetry.trace(f"01-{name}-00f067aa0ba902b7-01-more") == name


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" + "-x" * 500,
    ],
)
def test_any_other_traceparent_begins_a_new_trace(header):
    first, second = telemetry.trace(header), telemetry.trace(header)
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert first != second


def test_one_request_has_one_trace(log, web):
    answer = web.get("/data/students")
    assert log()[0]["trace"] == answer.text
