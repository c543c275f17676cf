"""A consumer learns of an error what it is, and nothing that a source, an adapter or an operator's file has said."""

from __future__ import annotations

import zipfile
from datetime import date

import pytest

from gateway.demo.data import generate, write_oneroster_12
from gateway.web.responses import WAITS_SECONDS
from standards import errors
from standards.losses import Loss
from tests.support.failing_adapter import CHILD, planned
from tests.support.regions import EDFI, ROSTER, Site, agreement, running

PLACE = "users.csv:45:4"
SAID = f"{CHILD}: would drop 9173 of 99991 rows"
OLDER = "/ims/oneroster/v1p1/"
ADDRESSES = (f"{ROSTER}orgs", f"{OLDER}orgs", f"{EDFI}schools", "/ims/oneroster/bulk/v1p2/csv",
             "/changeQueries/v1/availableChangeVersions", f"{EDFI}students/deletes")  # fmt: skip


def kinds(kind=errors.GatewayError):
    yield kind
    for one in kind.__subclasses__():
        if one.__module__ == errors.__name__:
            yield from kinds(one)


OURS = [kind for kind in kinds() if not issubclass(kind, errors.CallerError)]


def made(kind):
    """An error of a class, with all that it can say."""
    error = kind.__new__(kind, SAID)
    errors.GatewayError.__init__(error, SAID)
    vars(error).update(
        place=PLACE, retry_after=47113, losses=(Loss("student", 9173, 99991),), file=SAID, line=4, column=5
    )
    return error


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    with planned("maple") as plan:
        folder = tmp_path_factory.mktemp("texts")
        sites = {"maple": Site("failing", {"plan": "maple"})}
        settings = '[tokens]\nlife = "1d"\n'
        operations = "[read, search, changes, bulk]"
        with running(folder, sites, [agreement("maple", operations=operations)], settings) as one:
            one.plan = plan
            yield one


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.__name__)
def test_no_error_but_the_callers_own_is_told_in_its_own_words(region, kind, monkeypatch):
    consumer, told = region.consumer(), made(kind)

    def refuse(*_given, **_more):
        raise told

    for name in ("cached_snapshot", "snapshot", "newest"):
        monkeypatch.setattr(region.gateway.districts["maple"], name, refuse)
    for address in ADDRESSES:
        answer = consumer.ask(address, headers={"correlation-id": "asked by a test"})
        sent = f"{answer.text}{answer.headers}"
        assert answer.status_code >= 500, address
        assert [word for word in (CHILD, "9173", "99991", "users.csv", "student ") if word in sent] == [], address
        assert answer.headers["correlation-id"] == "asked by a test"
        if isinstance(told, errors.SourceUnavailable):
            assert int(answer.headers["Retry-After"]) in WAITS_SECONDS
        elif not issubclass(kind, errors.Overloaded):  # whose wait is the gateway's own
            assert "Retry-After" not in answer.headers


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.__name__)
def test_every_such_error_has_a_text_of_its_own_or_of_its_kind(kind):
    assert made(kind).outward == kind.told
    assert kind.told.endswith(".")


@pytest.mark.parametrize("address", ADDRESSES[:3])
@pytest.mark.parametrize("sent", [{}, {"correlation-id": "0123456789abcdef"}, {"correlation-id": "Ann Lee"}])
def test_every_error_bears_an_id_by_which_the_operator_finds_it(region, address, sent):
    answer = region.consumer().ask(f"{address}/{'0' * 32}", headers=sent)
    assert answer.status_code == 404
    found = answer.headers["correlation-id"]
    assert found == (sent.get("correlation-id") or found)
    assert len(found) > 6
    if address == ADDRESSES[2]:
        assert answer.json["correlationId"] == found


SCHOOLS = (("organization.id", "allow"), ("organization.name", "allow"), ("organization.kind", "allow"))


@pytest.mark.parametrize(("spoilt", "status"), [("half", 503), ("row", 200), ("every row", 502)])
def test_districts_that_differ_in_what_may_not_be_seen_answer_alike_when_they_break(tmp_path, spoilt, status):
    """Two districts with the same schools, of 40 and of 90 students; both lose half, or rows that are set aside."""
    told = []
    for size in (40, 90):
        place, sent = tmp_path / f"d{size}", {"correlation-id": "asked"}
        place.mkdir()
        write_oneroster_12(
            generate("maple", seed=7, students=size, school_year=2027, today=date(2026, 11, 2)), place / "maple.zip"
        )
        with running(
            tmp_path / f"r{size}", {"maple": Site("oneroster_csv", {"source": str(place / "maple.zip")}, "1m")},
            [agreement("maple", SCHOOLS)],
        ) as region:  # fmt: skip
            consumer = region.consumer()
            assert consumer.roster("orgs").status_code == 200
            spoil(place / "maple.zip", spoilt)
            region.clock.move(61)
            for address in (f"{ROSTER}orgs", f"{OLDER}orgs", f"{EDFI}schools"):
                answer = consumer.ask(address, headers=sent)
                told.append((answer.status_code, dict(answer.headers), answer.text))
    assert told[:3] == told[3:]
    assert {found for found, *_ in told} == {status}


def spoil(package, how):
    """Take half of the enrolments out of the files, or write a wrong word into one or all of them."""
    with zipfile.ZipFile(package) as files:
        content = {name: files.read(name) for name in files.namelist()}
    lines = content["enrollments.csv"].splitlines(keepends=True)
    if how == "half":
        lines = lines[: len(lines) // 2]
    else:
        wrong = lines[-1:] if how == "row" else lines[1:]
        lines[-len(wrong) :] = [line.replace(b",", b",never,", 1) for line in wrong]
    content["enrollments.csv"] = b"".join(lines)
    with zipfile.ZipFile(package, "w") as files:
        for name, data in content.items():
            files.writestr(name, data)


def test_the_line_of_a_request_tells_who_asked_what_by_which_address_and_why_not(region, log):
    consumer, made_up = region.consumer(), {"correlation-id": "4bf92f35-77b3-4da6-a3ce-929d0e0e4736"}
    consumer.ask(f"{ROSTER}users", headers=made_up, fields=CHILD)
    consumer.ask(f"/maple{EDFI}students/{CHILD}", headers={"correlation-id": CHILD})
    consumer.web.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=(CHILD, CHILD))
    consumer.web.post("/oauth/token", data={"grant_type": CHILD}, auth=(consumer.name, consumer.secret))
    consumer.ask(f"/{CHILD}/{CHILD}")
    lines = [line for line in log() if line["event"] == "request"][-5:]
    known = [tuple(line.get(name) for name in ("client", "code", "route", "status")) for line in lines]
    assert known[0] == ("conformance", "unknown-name", "/ims/oneroster/rostering/v1p2/<rest>", 400)
    assert known[1] == ("conformance", "invalid-value", "/<district>/data/v3/<schema>/<name>/<identifier>", 400)
    assert known[2] == (None, "invalid_client", "/oauth/token", 401)
    assert known[3][1:] == ("unsupported_grant_type", "/oauth/token", 400)
    assert known[4] == (None, "not-found", "-", 404)
    assert lines[0]["correlation"] == made_up["correlation-id"]
    assert all(line["trace"] for line in lines)
    assert CHILD not in str(lines)
