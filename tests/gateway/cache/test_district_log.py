"""What is counted of a district has a kind from a closed list and a place, and repeats no word of its source."""

from __future__ import annotations

import ast
import io
import json
import re
from pathlib import Path

import pytest
import structlog

from adapters.contract import Aside
from adapters.notes import REASONS
from gateway import telemetry
from gateway.cache import district_log
from gateway.cache.completeness import Completeness, References, SetAsideRows, told_lines
from gateway.failure_reasons import plain_place, reason
from standards import errors
from standards.losses import Loss

ADAPTERS = Path(__file__).parents[3] / "adapters"
CHILD = "Zaphodia"


def notes():
    """Every text that an adapter of ours notes, with a word of a source wherever one may stand."""
    for path in ADAPTERS.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if called.endswith("note") and node.args and isinstance(node.args[0], ast.JoinedStr | ast.Constant):
                parts = getattr(node.args[0], "values", [node.args[0]])
                yield "".join(str(one.value) if isinstance(one, ast.Constant) else CHILD for one in parts)


@pytest.mark.parametrize("note", sorted(set(notes())))
def test_every_note_of_an_adapter_has_a_kind_and_tells_no_word_of_its_source(note):
    kind, place = district_log.classify(note)
    assert kind != district_log.OTHER
    assert CHILD not in kind + place


@pytest.mark.parametrize("note", [CHILD, f"{CHILD}: {CHILD}", f"users.csv: {CHILD}", f"a: b: {CHILD}", "", ": "])
def test_a_note_of_whoever_it_is_tells_no_word_of_its_source(note):
    assert CHILD not in "".join(district_log.classify(note))


def test_what_a_load_dropped_is_counted_by_kind_and_file():
    counts = {"users.csv: unknown column a": 1, "users.csv: unknown column b": 1, "orgs.csv: deleted row": 7}
    district_log.tell_dropped("elm", counts, {"student.shoeSize": 3}, quiet=True)
    text = telemetry.exposition().decode()
    for kind, place, times in (
        ("unknown column", "users.csv", 2), ("row left out", "orgs.csv", 7), ("unknown field", "student", 3),
    ):  # fmt: skip
        assert f'crossing_district_dropped_total{{district="elm",kind="{kind}",place="{place}"}} {times}.0' in text


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("users.csv:2:4", "users.csv:2:4"),
        ("Students-A.xml:30:1", "Students-A.xml:30:1"),
        ("users[3].roles[0].org", "users[3].roles[0].org"),
        ("students", "students"),
        ("edfi.restraintEvents", "edfi.restraintEvents"),
        (f"{CHILD}:2:4", "?:2:4"),
        (f"users[1].metadata.{CHILD}", "users[1].metadata.?"),
        (f"users.csv:2:{CHILD}", "users.csv:2:?"),
        (f"users.{CHILD} Lee.csv:2", "users.?.?:2"),
        ("x" * 500, "?"),
        ("٣", "?"),
    ],
)
def test_of_a_place_only_numbers_files_and_words_of_the_standards_are_told(place, told):
    assert plain_place(place) == told


def test_each_row_that_is_set_aside_is_logged_with_its_place_and_a_fixed_reason_and_no_word_of_its_source():
    rows = (
        Aside("placement", "enrollments.csv:812:9", "is not a date (YYYY-MM-DD)", (CHILD,), "beginDate"),
        Aside(CHILD, f"{CHILD}[3].{CHILD}", f"{CHILD} is odd", (CHILD,), CHILD),
    )
    lost = (References("users.agentSourcedIds", 3, 90), References(f"{CHILD}.{CHILD}", 1, 2))
    found = Completeness((SetAsideRows("placement", 900, 1, ((f"{CHILD} is odd", 1),)),), lost, rows)
    out = io.StringIO()
    telemetry.configure(out)
    try:
        district_log.tell_lacking("elm", found)
        error = errors.Incomplete([Loss(CHILD, 3, 10, "rows are set aside")], [(f"{CHILD}:3", f"{CHILD} is odd")])
        district_log.tell_failure("load failed", "elm", error)
    finally:
        structlog.reset_defaults()
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert CHILD not in out.getvalue() + "".join(told_lines(found))
    first = {name: lines[0][name] for name in ("event", "district", "entity", "place", "kind")}
    assert first == {
        "event": "row set aside", "district": "elm", "entity": "placement", "place": "enrollments.csv:812:9",
        "kind": "is not a date",
    }  # fmt: skip
    assert [line["event"] for line in lines[1:]] == [
        "row set aside", "rows set aside", "references lead nowhere", "references lead nowhere", "load failed",
        "row refused",
    ]  # fmt: skip
    assert lines[3]["count"] == 3


@pytest.mark.parametrize("told", sorted(REASONS))
def test_every_reason_for_which_a_row_is_set_aside_is_logged(told):
    out = io.StringIO()
    telemetry.configure(out)
    try:
        rows = (Aside("student", "users.csv:3:4", told, ("s1",), "givenName"),)
        district_log.tell_lacking("elm", Completeness((), (), rows))
    finally:
        structlog.reset_defaults()
    (line,) = map(json.loads, out.getvalue().splitlines())
    assert line["kind"] == re.split(r" ?[(;,]| of \{|-8", told)[0]


def test_a_loss_is_told_by_entity_and_count():
    why = reason("maple", errors.LossRefused([Loss("student", 3, 10), Loss(CHILD, 1, 2)]))
    assert str(why) == (
        "districts.maple: more rows would be dropped than may be without approval: 3 of 10 rows of student, 1 of 2 rows of ?"
    )
