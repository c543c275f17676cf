"""The receiving agent over real sockets: fetched, verified, filed in an ODS, acknowledged, undone."""

from __future__ import annotations

import copy

import pytest

from gateway.receiving.errors import (
    GatewayUnreachable,
    PackageRefused,
    StateBroken,
    StudentNotFound,
    UnknownChoice,
    WrongStudent,
)
from gateway.receiving.filing.writing import Outcome
from gateway.receiving.running import run_once
from standards.errors import SourceError
from tests.gateway.receiving import fake_gateway
from tests.gateway.receiving.houses import (
    CANARY,
    FIR_ORG,
    HERE,
    ODS,
    TRANSFER,
    code,
    house,
    mover,
    own_documents,
    package,
    packed,
    sealed,
    state_code,
)

LOCAL = code("CourseAttemptResult", "OK", "uri://maple.example")


@pytest.fixture
def fir(tmp_path, quick_pages):
    with house(tmp_path / "fir") as made:
        yield made


def run(made):
    with made.agent() as agent:
        return list(run_once(agent))


def file(made, *only, takes=()):
    with made.agent() as agent:
        agent.fetch(TRANSFER)
        return agent.file(TRANSFER, only, takes)


def outcomes(report, resource):
    return [one.outcome for one in report.filed if one.planned.resource == resource]


def local():
    """The record of the mover with a code of maple's own."""
    found = mover()
    for one in found["courseTranscripts"][:2]:
        one["courseAttemptResultDescriptor"] = LOCAL
    return found


class TestWholePath:
    def test_a_record_that_needs_no_question_is_filed_and_acknowledged(self, fir):
        assert run(fir) == [f"{TRANSFER}: version 1: 8 written, 2 kept, 2 document; acknowledged"]
        echo = fir.gateway.told("/acknowledgment")
        assert echo == [
            {"version": 1, "echo": {"check": {"creditsEarned": "1.00", "gpa": "3.12"}, "sections": echo[0]["echo"]["sections"]}}
        ]  # fmt: skip
        assert echo[0]["echo"]["sections"]["transcript"] == 4
        filed = {path.split("/")[-2]: body["how"] for path, body in fir.gateway.posts if path.endswith("/filed")}
        assert filed["transcript"] == filed["identity"] == filed["health"] == "written"
        assert filed["enrollment"] == filed["restrictions"] == filed["documents"] == "document"

    def test_a_transferred_credit_says_where_it_was_earned_and_names_nothing_of_the_sender(self, fir):
        run(fir)
        found = fir.documents("CourseTranscript")
        assert {one["courseReference"]["courseCode"] for one in found} == {"maple.ALG1", "maple.ENG9", "maple.ART"}
        for one in found:
            assert one["externalEducationOrganizationNameOfInstitution"] == "Maple School District"
            assert one["methodCreditEarnedDescriptor"] == code("MethodCreditEarned", "Transfer credit")
            assert one["studentAcademicRecordReference"]["studentUniqueId"] == HERE
            assert one["studentAcademicRecordReference"]["educationOrganizationId"] == FIR_ORG
            assert "responsibleTeacherStaffReference" not in one
        assert {one["courseTitle"] for one in found} == {"Algebra I", "English 9", "Art"}

    def test_schools_enrollments_and_children_of_the_sender_never_become_the_receivers(self, fir):
        before = {name: fir.documents(name) for name in ("School", "StudentSchoolAssociation", "Student")}
        run(fir)
        assert {name: fir.documents(name) for name in before} == before
        assert "M-7" not in repr(fir.contents())

    def test_a_second_run_changes_nothing(self, fir):
        run(fir)
        before, posts, writes = fir.everything(), list(fir.gateway.posts), len(fir.writes())
        assert run(fir) == []
        report = file(fir)
        assert fir.everything() == before
        assert len(fir.writes()) == writes
        assert fir.gateway.posts == posts
        assert set(outcomes(report, "courseTranscripts")) == {Outcome.WRITTEN}

    def test_what_was_lost_from_the_state_folder_is_not_written_twice(self, fir):
        run(fir)
        before = fir.everything()
        for path in (fir.folder / "state" / "journals").iterdir():
            path.unlink()
        report = file(fir)
        assert fir.everything() == before
        assert set(outcomes(report, "courseTranscripts")) == {Outcome.SAME}

    def test_nothing_of_the_child_is_in_the_clear_in_the_state_folder(self, fir):
        run(fir)
        with fir.agent() as agent:
            agent.know(TRANSFER, HERE)
        kept = [path for path in (fir.folder / "state").rglob("*") if path.is_file()]
        assert len(kept) >= 6
        for path in kept:
            assert path.stat().st_mode & 0o077 == 0
            words = (CANARY, "2010-05-07", "Auburn") + ((HERE,) if path.suffix != ".sealed" else ())
            assert not [word for word in words if word.encode() in path.read_bytes()], path

    def test_two_agents_are_not_at_work_in_one_folder(self, fir):
        with fir.agent(), pytest.raises(StateBroken), fir.agent():
            pass

    def test_a_sent_supplement_is_filed_beside_the_first_version(self, fir):
        run(fir)
        later = mover()
        later["courseTranscripts"].append(
            {
                **later["courseTranscripts"][0],
                "courseReference": {"courseCode": "ART", "educationOrganizationId": 530001},
            }
        )
        fir.gateway.packages = {(TRANSFER, 2): sealed(packed(later, version=2))}
        assert run(fir) == [f"{TRANSFER}: version 2: 9 written, 2 kept, 2 document; acknowledged"]
        assert len(fir.documents("CourseTranscript")) == 4


class TestPackages:
    def test_a_package_is_fetched_on_from_where_it_broke_off(self, fir, monkeypatch):
        monkeypatch.setattr("gateway.receiving.fetching.PIECE_BYTES", 10_000)
        size = len(package())
        # the token, the list, three sets of keys, two pieces; then nothing but errors
        fir.gateway.breaks = [None] * 7 + [fake_gateway.unavailable] * 3
        with fir.agent() as agent, pytest.raises(GatewayUnreachable):
            agent.fetch(TRANSFER)
        [part] = (fir.folder / "state" / "packages").iterdir()
        assert part.stat().st_size == 20_000 < size
        fir.gateway.asked.clear()
        with fir.agent() as agent:
            assert agent.fetch(TRANSFER).version == 1
        ranges = [headers["Range"] for _, path, headers in fir.gateway.asked if path.endswith("/package")]
        assert ranges[0] == "bytes=20000-29999"
        assert all(
            headers["Accept-Encoding"] == "identity" for _, path, headers in fir.gateway.asked if "/pack" in path
        )

    @pytest.mark.parametrize("place", [0.2, 0.5, 0.9])
    def test_a_package_that_was_tampered_with_is_refused_and_nothing_is_written(self, fir, place):
        content = bytearray(package())
        content[int(len(content) * place)] ^= 1
        fir.gateway.packages = {(TRANSFER, 1): bytes(content)}
        before = fir.everything()
        [line] = run(fir)
        assert "refused, nothing was written" in line
        assert fir.everything() == before
        assert fir.writes() == []
        assert [body["resend"] for body in fir.gateway.told("/acknowledgment")] == ["unreadable"]
        assert list((fir.folder / "state" / "packages").iterdir()) == []
        assert run(fir) == []
        assert len(fir.gateway.told("/acknowledgment")) == 1

    @pytest.mark.parametrize("signer", ["fir sig", "a stranger"])
    def test_a_package_by_a_key_that_nobody_pinned_is_refused(self, fir, signer, monkeypatch):
        text = (fir.folder / "transfers.toml").read_text()
        (fir.folder / "transfers.toml").write_text(text.replace('keys = ["', f'keys = ["{"x" * 43}"] #'))
        before = fir.everything()
        [line] = run(fir)
        assert "refused, nothing was written" in line
        assert fir.everything() == before
        assert fir.gateway.posts == []

    def test_a_package_of_another_transfer_is_refused(self, fir):
        fir.gateway.packages = {("another", 1): package()}
        [line] = run(fir)
        assert "refused" in line
        assert fir.writes() == []

    @pytest.mark.parametrize("name", ["../../etc", "a/b", "", ".hidden", "x" * 90])
    def test_a_name_that_leads_elsewhere_is_refused(self, fir, name):
        fir.gateway.packages = {(name, 1): package()}
        with pytest.raises(GatewayUnreachable):
            run(fir)

    def test_a_list_that_lies_about_the_content_is_noticed(self, fir):
        listed = fir.gateway.listed
        fir.gateway.listed = lambda: [{**one, "sha256": "0" * 64} for one in listed()]
        [line] = run(fir)
        assert "not the one that the gateway lists" in line
        assert list((fir.folder / "state" / "packages").iterdir()) == []

    def test_a_client_with_a_key_authenticates_by_an_assertion(self, fir):
        text = (fir.folder / "transfers.toml").read_text()
        (fir.folder / "transfers.toml").write_text(
            text.replace('client_secret = "file:client.secret"', 'client_key = "fir-sign.jwk"')
        )
        run(fir)
        [(form, header)] = fir.gateway.forms
        assert "client_assertion=" in form
        assert header == ""

    def test_a_secret_is_sent_to_the_token_address_alone(self, fir):
        run(fir)
        assert fake_gateway.basic(fir.gateway.forms[0][1]) == "fir-agent:gateway-secret"
        assert all("gateway-secret" not in repr(one) for one in fir.gateway.asked)


class TestQuestions:
    def test_an_unknown_code_is_asked_once_and_remembered(self, tmp_path, quick_pages):
        containers = {(TRANSFER, 1): sealed(packed(local()))}
        with house(tmp_path / "fir", containers=containers) as fir:
            report = file(fir)
            assert outcomes(report, "courseTranscripts").count(Outcome.WAITING) == 2
            assert len(fir.documents("CourseTranscript")) == 1
            assert "transcript" not in report.sections
            assert report.answer == "acknowledged"
            with fir.agent() as agent:
                [question] = agent.questions()
                assert (question.code, question.about, question.sender) == (
                    LOCAL,
                    "CourseAttemptResultDescriptor",
                    "maple",
                )
                with pytest.raises(UnknownChoice):
                    agent.answer(question.id, "Splendid")
                with pytest.raises(UnknownChoice):
                    agent.answer("00000000", "Pass")
                assert agent.answer(question.id, "pass") == code("CourseAttemptResult", "Pass")
                assert agent.questions() == set()
            assert run(fir) == [f"{TRANSFER}: version 1: 8 written, 2 kept, 2 document; acknowledged"]
            assert len(fir.documents("CourseTranscript")) == 3
            assert len(fir.gateway.told("/acknowledgment")) == 1
            assert "/transfers/0197f3a2-mover/sections/transcript/filed" in dict(fir.gateway.posts)
            # the next child with the code is filed at once
            fir.gateway.packages = {("another", 1): sealed(packed(local(), transfer="another"))}
            assert "waiting" not in run(fir)[0]

    def test_an_answer_for_one_record_is_not_one_for_the_next(self, tmp_path, quick_pages):
        with house(tmp_path / "fir", containers={(TRANSFER, 1): sealed(packed(local()))}) as fir:
            run(fir)
            with fir.agent() as agent:
                [question] = agent.questions()
                agent.answer(question.id, "Pass", TRANSFER)
            assert "waiting" not in run(fir)[0]
            fir.gateway.packages = {("another", 1): sealed(packed(local(), transfer="another"))}
            assert "2 waiting" in run(fir)[0]

    def test_what_is_answered_with_document_is_not_written(self, tmp_path, quick_pages):
        with house(tmp_path / "fir", containers={(TRANSFER, 1): sealed(packed(local()))}) as fir:
            run(fir)
            with fir.agent() as agent:
                agent.answer(next(iter(agent.questions())).id, "document")
            report = file(fir)
            assert outcomes(report, "courseTranscripts").count(Outcome.DOCUMENT) == 2
            assert report.sections["transcript"] == "document"

    def test_a_course_is_asked_about_where_the_district_wants_it(self, tmp_path, quick_pages):
        with house(tmp_path / "fir", courses="ask") as fir:
            assert outcomes(file(fir), "courseTranscripts") == [Outcome.WAITING] * 3
            assert len(fir.documents("Course")) == 1
            with fir.agent() as agent:
                asked = {one.code: one for one in agent.questions()}
                assert {one.about for one in asked.values()} == {"Algebra I", "English 9", "Art"}
                with pytest.raises(UnknownChoice):
                    agent.answer(asked["ALG1"].id, "NO-SUCH")
                assert agent.answer(asked["ALG1"].id, "MAT-9") == "MAT-9"
                agent.answer(asked["ENG9"].id, "new")
                agent.answer(asked["ART"].id, "document")
            report = file(fir)
            assert sorted(outcomes(report, "courseTranscripts")) == ["document", "written", "written"]
            found = {one["courseReference"]["courseCode"] for one in fir.documents("CourseTranscript")}
            assert found == {"MAT-9", "maple.ENG9"}
            assert len(fir.documents("Course")) == 2

    def test_a_code_of_the_standard_is_found_behind_a_local_one(self, tmp_path, quick_pages):
        found = mover()
        found["studentHealths"][0]["requiredImmunizations"][0]["immunizationTypeDescriptor"] = code(
            "ImmunizationType", "MMR", "uri://maple.example"
        )
        with house(tmp_path / "fir", containers={(TRANSFER, 1): sealed(packed(found))}) as fir:
            run(fir)
            [health] = fir.documents("StudentHealth")
            kind = health["requiredImmunizations"][0]["immunizationTypeDescriptor"]
            assert kind == code("ImmunizationType", "MMR")


class TestWhatIsThere:
    def test_what_is_there_is_not_overwritten(self, fir):
        before = fir.documents("Student")
        report = file(fir)
        assert outcomes(report, "students") == [Outcome.KEPT]
        assert fir.documents("Student") == before

    def test_a_field_is_taken_where_the_registrar_names_it(self, fir):
        report = file(fir, takes=["students.birthCity"])
        assert outcomes(report, "students") == [Outcome.TAKEN]
        [student] = [one for one in fir.documents("Student") if one["studentUniqueId"] == HERE]
        assert student["birthCity"] == "Auburn"
        assert "middleName" not in student
        [sent] = [one for one in fir.writes() if one.method == "PUT"]
        assert sent.headers["If-Match"]

    @pytest.mark.parametrize("field", ["students.firstName", "birthCity", "students[2].birthCity", "students.noSuch"])
    def test_a_field_that_does_not_differ_is_refused(self, fir, field):
        before = fir.everything()
        with pytest.raises(UnknownChoice):
            file(fir, takes=[field])
        assert fir.everything() == before

    def test_a_change_meanwhile_is_told(self, fir, monkeypatch):
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
        assert student.outcome is Outcome.REFUSED
        assert student.why

    def test_a_section_alone_is_filed_where_it_is_named(self, fir):
        report = file(fir, "health")
        assert {one.planned.resource for one in report.filed} == {"studentHealths"}
        assert fir.documents("CourseTranscript") == []
        assert report.sections == {"health": "written"}
        with pytest.raises(UnknownChoice):
            file(fir, "wealth")


class TestTheChild:
    def refused(self, fir, error, match):
        before = fir.everything()
        with fir.agent() as agent:
            agent.fetch(TRANSFER)
            with pytest.raises(error, match=match) as raised:
                agent.file(TRANSFER)
        assert fir.everything() == before
        assert fir.gateway.posts == []
        for word in (CANARY, HERE, "F-200", "9000000001"):
            assert word not in str(raised.value)

    def test_an_equal_state_id_with_another_birth_date_is_refused(self, tmp_path, quick_pages):
        documents = own_documents()
        [child] = [one for name, one in documents if name == "students" and one["studentUniqueId"] == HERE]
        child["birthDate"], child["studentUniqueId"] = "2011-05-07", "9000000001"
        documents = [one for one in documents if one[0] != "studentEducationOrganizationAssociations"]
        with house(tmp_path / "fir", documents=documents) as fir:
            self.refused(fir, WrongStudent, "another birth date")

    @pytest.mark.parametrize("student", ["F-200", "F-300"])
    def test_a_child_that_the_registrar_names_must_be_the_one_of_the_record(self, tmp_path, quick_pages, student):
        documents = own_documents()
        documents += [
            ("students", {"studentUniqueId": "F-300", "birthDate": "2009-01-01", "firstName": "C", "lastSurname": "D"}),
            ("studentEducationOrganizationAssociations", {
                "studentReference": {"studentUniqueId": "F-200"},
                "educationOrganizationReference": {"educationOrganizationId": FIR_ORG},
                "studentIdentificationCodes": [state_code("8000000002")]}),
        ]  # fmt: skip
        with house(tmp_path / "fir", documents=documents) as fir:
            with fir.agent() as agent:
                agent.know(TRANSFER, student)
            self.refused(fir, WrongStudent, "another")

    def test_a_child_who_is_not_there_yet_is_told(self, tmp_path, quick_pages):
        documents = [one for one in own_documents() if one[0] != "studentEducationOrganizationAssociations"]
        with house(tmp_path / "fir", documents=documents) as fir:
            self.refused(fir, StudentNotFound, "Enroll the child")
            with fir.agent() as agent:
                agent.know(TRANSFER, HERE)
            assert "9 written" in run(fir)[0]
            [profile] = fir.documents("StudentEducationOrganizationAssociation")
            assert profile["studentIdentificationCodes"] == [state_code()]

    def test_twins_with_one_state_id_are_for_a_person(self, tmp_path, quick_pages):
        documents = own_documents()
        documents.append(("studentEducationOrganizationAssociations", {
            "studentReference": {"studentUniqueId": "F-200"},
            "educationOrganizationReference": {"educationOrganizationId": FIR_ORG},
            "studentIdentificationCodes": [state_code()]}))  # fmt: skip
        with house(tmp_path / "fir", documents=documents) as fir:
            self.refused(fir, StudentNotFound, "Several children")


class TestSystemsThatFail:
    @pytest.mark.parametrize("after", [0, 1, 2])
    def test_a_system_that_fails_midway_is_told_and_the_next_run_goes_on(self, fir, after):
        fir.ods.faults.add("unavailable", "coursetranscripts", after=4 + after, times=3)
        with pytest.raises(SourceError):
            file(fir)
        assert fir.gateway.posts == []
        fir.ods.faults.clear()
        assert run(fir)[0].endswith("acknowledged")
        assert len(fir.documents("CourseTranscript")) == 3

    def test_an_answer_that_never_came_is_no_second_record(self, fir, monkeypatch):
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
        assert outcomes(report, "courses") == [Outcome.WRITTEN] * 3
        assert len(fir.documents("Course")) == 4
        with fir.agent() as agent:
            agent.undo(TRANSFER)
        assert len(fir.documents("Course")) == 1

    def test_a_reference_that_the_system_does_not_know_is_told_and_the_rest_is_written(self, tmp_path, quick_pages):
        documents = [one for one in own_documents() if one[0] != "schoolYearTypes"]
        with house(tmp_path / "fir", documents=documents) as fir:
            report = file(fir)
            assert outcomes(report, "studentAcademicRecords") == [Outcome.REFUSED]
            assert outcomes(report, "courseTranscripts") == [Outcome.REFUSED] * 3
            assert outcomes(report, "studentHealths") == [Outcome.WRITTEN]
            assert report.sections["transcript"] == "document"
            whys = {one.why for one in report.filed if one.outcome is Outcome.REFUSED}
            assert whys == {"A referenced item does not exist."}

    def test_figures_that_the_system_changes_make_the_package_wanted_again(self, fir, monkeypatch):
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

    def test_totals_that_the_files_do_not_hold_make_the_package_wanted_again(self, fir):
        fir.gateway.packages = {(TRANSFER, 1): sealed(packed(check={"creditsEarned": "9.00"}))}
        assert run(fir)[0].endswith("wanted again (mismatch)")

    def test_a_gateway_that_fails_at_the_acknowledgment_is_told_later(self, fir):
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


class TestUndo:
    def test_undo_deletes_what_was_written_and_nothing_else(self, fir):
        before = fir.contents()
        run(fir)
        with fir.agent() as agent:
            done = agent.undo(TRANSFER)
        assert {one.outcome for one in done} == {"deleted"}
        assert len(done) == 8
        assert fir.contents() == before
        assert run(fir) == []
        assert fir.contents() == before

    def test_what_was_undone_can_be_filed_again(self, fir):
        run(fir)
        after = fir.contents()
        with fir.agent() as agent:
            agent.undo(TRANSFER)
            agent.resume(TRANSFER)
            agent.file(TRANSFER)
        assert fir.contents() == after
        with fir.agent() as agent:
            assert len(agent.undo(TRANSFER)) == 8

    def test_what_somebody_changed_since_stays(self, fir):
        run(fir)
        row = next(iter(fir.ods.state.rows["StudentHealth"].values()))
        fir.ods.state.change(row, {**row.document, "asOfDate": "2026-10-01"})
        with fir.agent() as agent:
            done = {one.resource: one for one in agent.undo(TRANSFER)}
        assert done["studentHealths"].outcome == "stays"
        assert fir.documents("StudentHealth")[0]["asOfDate"] == "2026-10-01"

    def test_what_others_have_come_to_need_stays_and_is_told(self, fir):
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

    def test_a_field_that_was_taken_stays_and_is_told(self, fir):
        file(fir, takes=["students.birthCity"])
        with fir.agent() as agent:
            done = agent.undo(TRANSFER)
        assert [one.outcome for one in done if one.resource == "students"] == ["stays"]

    def test_after_thirty_days_nothing_is_deleted_and_all_is_forgotten(self, fir):
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


class TestFolders:
    def folder(self, fir, text='adapter = "folder"\nfolder = "records"\n'):
        fir.write_settings(destination=text)

    def test_a_system_without_a_way_in_gets_files(self, fir):
        self.folder(fir)
        [line] = run(fir)
        assert line.endswith("files in the folder; acknowledged")
        assert fir.running.log == []
        root = fir.folder / "records" / TRANSFER / "v1"
        names = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
        assert {"ed-fi/students.json", "pesc/transcript.xml", "restrictions.json"} <= names
        assert any(name.endswith(".html") for name in names)
        assert any(name.startswith("documents/") for name in names)
        assert all(path.stat().st_mode & 0o077 == 0 for path in root.rglob("*"))
        assert set(body["how"] for body in fir.gateway.told("/filed")) == {"document"}
        assert run(fir) == []

    def test_a_folder_beside_a_system_gets_the_files_and_undo_removes_them(self, fir):
        destination = ODS.format(url=fir.running.url, courses="new")
        self.folder(fir, 'folder = "records"\n' + destination)
        run(fir)
        root = fir.folder / "records" / TRANSFER / "v1"
        changed = root / "restrictions.json"
        changed.write_text("{}")
        with fir.agent() as agent:
            agent.undo(TRANSFER)
        assert [path for path in root.rglob("*") if path.is_file()] == [changed]

    def test_an_adapter_that_may_not_write_is_refused(self, fir):
        self.folder(fir, ODS.format(url=fir.running.url, courses="new").replace("writable = true", ""))
        with pytest.raises(Exception, match="writable = true"):
            run(fir)
