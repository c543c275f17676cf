"""Systems that fail, refuse and change: all of it is told, and the next run goes on."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest

from adapters.simulators.wire import EdFiReply
from gateway.admin_api.frame import problems
from gateway.receiving import gateway_client
from gateway.receiving.errors import (
    GatewayUnreachable,
)
from gateway.receiving.filing.writing import FilingOutcome
from gateway.transfers.package.assembly import assemble
from gateway.transfers.package.contents.record import RecordContents
from gateway.transfers.package.sections import on_track
from standards.errors import SourceError
from tests.gateway.receiving import fake_gateway
from tests.gateway.receiving.houses import (
    TRANSFER,
    file,
    header,
    house,
    mover,
    outcomes,
    own_documents,
    packed,
    run,
    sealed,
)
from tests.gateway.transfers.package.worlds import plan


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_system_that_fails_midway_is_told_and_the_next_run_goes_on(fir, after):
    fir.ods.faults.add("unavailable", "coursetranscripts", after=4 + after, times=3)
    with pytest.raises(SourceError):
        file(fir)
    assert fir.gateway.posts == []
    fir.ods.faults.clear()
    assert run(fir)[0].endswith("acknowledged")
    assert len(fir.documents("CourseTranscript")) == 3


def test_an_answer_that_never_came_is_no_second_record(fir, monkeypatch):
    """The system writes, and the connection breaks before it says so."""
    answer, broken = fir.ods.answer, []

    def breaking(method, url, headers, body):
        reply = answer(method, url, headers, body)
        if method == "POST" and url.endswith("/courses") and not broken:
            broken.append(url)
            raise BrokenPipeError
        return reply

    monkeypatch.setattr(fir.ods, "answer", breaking)
    with pytest.raises(SourceError):
        file(fir)
    report = file(fir)
    assert outcomes(report, "courses") == [FilingOutcome.WRITTEN] * 3
    assert len(fir.documents("Course")) == 4
    with fir.agent() as agent:
        agent.undo(TRANSFER)
    assert len(fir.documents("Course")) == 1


def test_a_reference_that_the_system_does_not_know_is_told_and_the_rest_is_written(tmp_path, quick_pages):
    documents = [one for one in own_documents() if one[0] != "schoolYearTypes"]
    with house(tmp_path / "fir", documents=documents) as fir:
        report = file(fir)
        assert outcomes(report, "studentAcademicRecords") == [FilingOutcome.REFUSED]
        assert outcomes(report, "courseTranscripts") == [FilingOutcome.REFUSED] * 3
        assert outcomes(report, "studentHealths") == [FilingOutcome.WRITTEN]
        assert report.sections["transcript"] == "document"
        whys = {one.why for one in report.filed if one.outcome is FilingOutcome.REFUSED}
        assert whys == {"A referenced item does not exist."}


def test_figures_that_the_system_changes_make_the_package_wanted_again(fir, monkeypatch):
    from adapters.simulators.edfi import writing

    taken = writing.taken

    def rounded(resource, given):
        found = taken(resource, given)
        return {**found, "earnedCredits": 1} if resource.name == "CourseTranscript" else found

    monkeypatch.setattr(writing, "taken", rounded)
    assert run(fir)[0].endswith("wanted again (mismatch)")
    assert [body["resend"] for body in fir.gateway.told("/acknowledgment")] == ["mismatch"]
    assert fir.gateway.told("/filed") == []
    assert run(fir) == []


def test_totals_that_the_files_do_not_hold_make_the_package_wanted_again(fir):
    fir.gateway.packages = {(TRANSFER, 1): sealed(packed(check={"creditsEarned": "9.00"}))}
    before = fir.everything()
    assert run(fir)[0].endswith("nothing to file; wanted again (mismatch)")
    assert fir.everything() == before
    assert fir.writes() == []


def test_counts_that_the_files_do_not_hold_make_the_package_wanted_again_and_nothing_is_written(fir):
    made = packed()
    counted = orjson.loads(made.files[0].content.replace(b'"records":3', b'"records":4'))
    first = replace(made.files[0], content=orjson.dumps(counted))
    fir.gateway.packages = {(TRANSFER, 1): sealed(replace(made, manifest=counted, files=(first, *made.files[1:])))}
    assert run(fir) == [f"{TRANSFER}: version 1: nothing to file; wanted again (incomplete)"]
    assert fir.writes() == []
    assert [body["resend"] for body in fir.gateway.told("/acknowledgment")] == ["incomplete"]


def test_a_record_of_no_section_is_acknowledged_and_done_with(fir):
    fir.gateway.packages = {(TRANSFER, 1): sealed(without_sections())}
    assert run(fir) == [f"{TRANSFER}: version 1: nothing to file; acknowledged"]
    assert run(fir) == []
    assert fir.writes() == []
    assert fir.gateway.told("/filed") == []


def without_sections():
    """A package in which every section is withheld."""
    contents = RecordContents("M-7", {name: tuple(some) for name, some in mover().items()})
    return assemble(header(), plan(withheld=[one.name for one in on_track("full")]), contents)


def test_a_gateway_that_fails_at_the_acknowledgment_is_told_later(fir):
    with fir.agent() as agent:
        agent.fetch(TRANSFER)
        fir.gateway.breaks = [fake_gateway.unavailable] * 9
        with pytest.raises(GatewayUnreachable):
            agent.file(TRANSFER)
    fir.gateway.breaks = []
    writes = len(fir.writes())
    assert run(fir)[0].endswith("acknowledged")
    assert len(fir.writes()) == writes
    assert len(fir.gateway.told("/acknowledgment")) == 1


def test_what_the_system_hides_is_not_written_over(fir):
    """An ODS replaces what a POST finds: with a client that may write and not read, unseen."""
    fir.ods.faults.add("forbidden", "studenthealths", times=1)
    report = file(fir)
    assert outcomes(report, "studentHealths") == [FilingOutcome.DOCUMENT]
    assert fir.running.asked("studentHealths", "POST") == []


def test_what_the_client_may_not_write_is_told_and_the_rest_is_written(fir, monkeypatch):
    answer = fir.ods.answer

    def forbidding(method, url, headers, body):
        if method == "POST" and url.endswith("/studentHealths"):
            return EdFiReply(403, {"type": "urn:ed-fi:api:security:authorization:access-denied:action"})
        return answer(method, url, headers, body)

    monkeypatch.setattr(fir.ods, "answer", forbidding)
    [line] = run(fir)
    assert "1 refused" in line
    assert line.endswith("acknowledged")
    assert len(fir.documents("CourseTranscript")) == 3
    assert run(fir) == []  # until a person has mended it
    monkeypatch.setattr(fir.ods, "answer", answer)
    assert outcomes(file(fir), "studentHealths") == [FilingOutcome.WRITTEN]


def test_a_record_that_waits_for_an_answer_costs_nothing_until_there_is_one(tmp_path, quick_pages):
    with house(tmp_path / "fir", courses="ask") as fir:
        assert "3 waiting" in run(fir)[0]
        fir.running.log.clear()
        assert run(fir) == []
        assert fir.running.log == []
        with fir.agent() as agent:
            for one in agent.questions():
                agent.answer(one.id, "new")
        assert "waiting" not in run(fir)[0]


@pytest.mark.parametrize("code", ["idempotency-key-in-use", "multi-user-conflict"])
def test_a_refusal_that_passes_is_no_answer_and_is_told_again(fir, monkeypatch, code):
    post = fake_gateway.TransfersHandler.post
    monkeypatch.setattr(fake_gateway.TransfersHandler, "post", lambda handler, *_: handler.problem(409, code))
    with pytest.raises(GatewayUnreachable, match=rf"409 \({code}\) to acknowledgment. Try again later."):
        run(fir)
    monkeypatch.setattr(fake_gateway.TransfersHandler, "post", post)
    assert run(fir)[0].endswith("acknowledged")
    assert len(fir.gateway.told("acknowledgment")) == 1


def test_the_types_of_problems_begin_as_the_gateway_writes_them():
    assert gateway_client.PROBLEM == problems.TYPE
