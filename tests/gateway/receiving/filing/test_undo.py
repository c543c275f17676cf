"""Undo deletes what was written, and nothing else."""

from __future__ import annotations

import copy

from tests.gateway.receiving.houses import (
    FIR_ORG,
    TRANSFER,
    code,
    file,
    run,
)


def test_undo_deletes_what_was_written_and_nothing_else(fir):
    before = fir.contents()
    run(fir)
    with fir.agent() as agent:
        done = agent.undo(TRANSFER)
    assert {one.outcome for one in done} == {"deleted"}
    assert len(done) == 8
    assert fir.contents() == before
    assert run(fir) == []
    assert fir.contents() == before


def test_what_was_undone_can_be_filed_again(fir):
    run(fir)
    after = fir.contents()
    with fir.agent() as agent:
        agent.undo(TRANSFER)
        agent.resume(TRANSFER)
        agent.file(TRANSFER)
    assert fir.contents() == after
    with fir.agent() as agent:
        assert len(agent.undo(TRANSFER)) == 8


def test_what_somebody_changed_since_stays(fir):
    run(fir)
    row = next(iter(fir.ods.state.rows["StudentHealth"].values()))
    fir.ods.state.change(row, {**row.document, "asOfDate": "2026-10-01"})
    with fir.agent() as agent:
        done = {one.resource: one for one in agent.undo(TRANSFER)}
    assert done["studentHealths"].outcome == "stays"
    assert fir.documents("StudentHealth")[0]["asOfDate"] == "2026-10-01"


def test_what_others_have_come_to_need_stays_and_is_told(fir):
    run(fir)
    row = next(row for row in fir.ods.state.rows["Course"].values() if row.document["courseCode"] == "maple.ART")
    other = copy.deepcopy(fir.documents("CourseTranscript")[2])
    other["courseAttemptResultDescriptor"] = code("CourseAttemptResult", "Pass")
    other["courseReference"] = {"courseCode": "maple.ART", "educationOrganizationId": FIR_ORG}
    fir.ods.load([("courseTranscripts", other)])
    with fir.agent() as agent:
        stays = [one for one in agent.undo(TRANSFER) if one.outcome == "stays"]
    assert row.id in {one.id for one in stays}
    assert all(one.why == "The district's system has records that depend on this one." for one in stays)


def test_a_field_that_was_taken_stays_and_is_told(fir):
    file(fir, takes=["students.birthCity"])
    with fir.agent() as agent:
        done = agent.undo(TRANSFER)
    assert [one.outcome for one in done if one.resource == "students"] == ["stays"]


def test_after_thirty_days_nothing_is_deleted_and_all_is_forgotten(fir):
    run(fir)
    before = fir.everything()
    fir.later(days=31)
    with fir.agent() as agent:
        assert {one.outcome for one in agent.undo(TRANSFER)} == {"stays"}
    assert fir.everything() == before
    fir.gateway.packages = {}
    assert run(fir) == [f"{TRANSFER}: forgotten, after its time"]
    assert list((fir.folder / "state" / "journals").iterdir()) == []
    assert list((fir.folder / "state" / "packages").iterdir()) == []
