"""What is in the district's own system is not overwritten, but for the fields that the registrar names."""

from __future__ import annotations

import pytest

from gateway.receiving.errors import (
    UnknownChoice,
)
from gateway.receiving.filing.writing import FilingOutcome
from tests.gateway.receiving.houses import (
    HERE,
    TRANSFER,
    file,
    outcomes,
    run,
)


def test_what_is_there_is_not_overwritten(fir):
    before = fir.documents("Student")
    report = file(fir)
    assert outcomes(report, "students") == [FilingOutcome.KEPT]
    assert fir.documents("Student") == before


def test_a_field_is_taken_where_the_registrar_names_it(fir):
    report = file(fir, takes=["students.birthCity"])
    assert outcomes(report, "students") == [FilingOutcome.TAKEN]
    [student] = [one for one in fir.documents("Student") if one["studentUniqueId"] == HERE]
    assert student["birthCity"] == "Auburn"
    assert "middleName" not in student
    [sent] = [one for one in fir.writes() if one.method == "PUT"]
    assert sent.headers["If-Match"]


@pytest.mark.parametrize("field", ["students.firstName", "birthCity", "students[2].birthCity", "students.noSuch"])
def test_a_field_that_does_not_differ_is_refused(fir, field):
    before = fir.everything()
    with pytest.raises(UnknownChoice):
        file(fir, takes=[field])
    assert fir.everything() == before


def test_a_change_meanwhile_is_told(fir, monkeypatch):
    from gateway.receiving.filing.own_system import OwnSystem

    read = OwnSystem.read

    def changed_meanwhile(system, resource, identifier):
        found = read(system, resource, identifier)
        if resource == "students":
            row = fir.ods.state.rows["Student"][identifier]
            fir.ods.state.change(row, {**row.document, "birthCity": "Renton"})
        return found

    monkeypatch.setattr(OwnSystem, "read", changed_meanwhile)
    report = file(fir, takes=["students.birthCity"])
    [student] = [one for one in report.filed if one.planned.resource == "students"]
    assert student.outcome is FilingOutcome.REFUSED
    assert student.why


def test_a_section_that_is_not_wanted_is_not_written_and_the_sender_is_told(fir):
    with fir.agent() as agent:
        agent.fetch(TRANSFER)
        agent.decline(TRANSFER, ["transcript"])
    assert run(fir)[0].endswith("acknowledged")
    assert fir.documents("CourseTranscript") == []
    assert fir.documents("StudentHealth") != []
    filed = {path.split("/")[-2]: body["how"] for path, body in fir.gateway.posts if path.endswith("/filed")}
    assert (filed["transcript"], filed["health"]) == ("not-wanted", "written")
    assert fir.gateway.told("/acknowledgment")[0]["echo"]["check"] == {"creditsEarned": "1.00", "gpa": "3.12"}


def test_a_section_alone_is_filed_where_it_is_named(fir):
    report = file(fir, "health")
    assert {one.planned.resource for one in report.filed} == {"studentHealths"}
    assert fir.documents("CourseTranscript") == []
    assert report.sections == {"health": "written"}
    with pytest.raises(UnknownChoice):
        file(fir, "wealth")
