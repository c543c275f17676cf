"""An ODS says what the same district's files say; what changes is told; what is written keeps what nobody knows."""

from __future__ import annotations

import pytest

from adapters.contract import Hint
from adapters.edfi_ods.adapter import EdFiOds
from adapters.simulators.edfi.problems import ProblemRefusal
from adapters.testing import AdapterContract
from standards.edfi.model.links import FIELD as LINKS
from standards.errors import (
    ChangesLost,
    Conflict,
    InvalidBody,
    KeyChangeUnsupported,
    NotFound,
    PreconditionFailed,
    SettingsError,
    SourceRefused,
    SourceUnavailable,
    Unsupported,
)
from tests.adapters.edfi_ods.system import district_documents, files, settings_for, source, system
from tests.adapters.oneroster_rest.system import comparable, everything

VERSIONS = pytest.mark.parametrize("version", ["7.3", "7.1", "5.3"])
ALL = 1000


class OverHttp(AdapterContract):
    """The contract over a running system."""

    adapter = EdFiOds
    version = "7.3"

    @pytest.fixture(autouse=True)
    def _running(self):
        with system(version=self.version) as self.running, system(version=self.version) as self.failing:
            self.failing.ods.faults.add("truncated", "students", times=ALL)
            yield

    def good(self, folder):
        return settings_for(self.running, page_size=500, resources=sorted({name for name, _ in district_documents()}))

    def broken(self, folder):
        return settings_for(self.failing)


class TestByCursor(OverHttp):
    """7.3."""


class TestByOffset(OverHttp):
    """7.1."""

    version = "7.1"


def of(adapter, entity):
    return {record["key"]: record for found, record in adapter.read({entity: None}) if found == entity}


def first(adapter, entity):
    return min(of(adapter, entity).values(), key=lambda record: record["key"])


def anonymous(records):
    return sorted(
        (entity, comparable({name: value for name, value in record.items() if name not in {"id", LINKS}}))
        for entity, record in records
    )


@VERSIONS
def test_an_ods_says_what_the_same_districts_files_say(version):
    with files() as told, system(version=version) as running, source(running) as adapter:
        wanted = dict.fromkeys(adapter.manifest.entities - {"edfi.schoolYearTypes"})
        assert anonymous(adapter.read(wanted)) == anonymous(told.read(wanted))


def test_a_resource_that_tells_of_two_entities_is_read_once():
    with system() as running, source(running, page_size=500) as adapter:
        list(
            adapter.read(
                dict.fromkeys(("student", "enrollment", "lineItem", "gradebookCategory", "course", "offering"))
            )
        )
        for name in ("studentSchoolAssociations", "courseOfferings", "students"):
            assert len(running.asked(name)) == 1


def test_what_the_client_may_not_read_the_district_does_not_have():
    with system() as running, source(running) as adapter:
        running.ods.faults.add("forbidden", "grades", times=ALL)
        assert list(adapter.read({"edfi.grades": None})) == []
        assert "edfi.grades" not in adapter.manifest.entities
        assert adapter.notes.counts == {"grades: not offered": 1}
        asked = len(running.log)
        assert list(adapter.read({"edfi.grades": None})) == []
        assert len(running.log) == asked


def test_what_was_there_once_is_never_taken_for_gone():
    with system() as running, source(running) as adapter:
        assert list(adapter.read({"staff": None}))
        running.ods.faults.add("forbidden", "staffs", times=ALL)
        with pytest.raises(SourceRefused, match="staffs: the source answers 403"):
            list(adapter.read({"staff": None}))


def test_what_settings_name_must_be_there_and_nothing_else_is_read():
    with system() as running, source(running, resources=["Students", "schools"]) as adapter:
        assert adapter.manifest.entities == {"student", "organization"}
        assert {entity for entity, _ in adapter.read(dict.fromkeys(("student", "staff")))} == {"student"}
        assert running.asked("staffs") == []
        running.ods.faults.add("missing", "students", times=ALL)
        with pytest.raises(SourceRefused):
            list(adapter.read({"student": None}))


def test_a_resource_that_does_not_exist_is_no_setting():
    with system() as running, pytest.raises(SettingsError, match="did you mean students"):
        EdFiOds("maple", settings_for(running, resources=["studnets"]))


def test_everything_else_is_found_where_the_ods_says_it_is():
    with system(prefix="/tenant/2027") as running, source(running, url=f"{running.url}/tenant/2027/") as adapter:
        assert adapter.check() == []
        assert len(of(adapter, "student")) == 60


def test_an_ods_that_says_that_its_parts_are_on_another_host_is_not_told_the_secret():
    with system() as running, source(running, url=running.url.replace("127.0.0.1", "localhost")) as adapter:
        running.ods.answer, answer = (
            lambda method, url, headers, body: answer(method, url.replace("localhost", "127.0.0.1"), headers, body),
            running.ods.answer,
        )
        with pytest.raises(SourceRefused, match="on another host"):
            of(adapter, "student")
        assert running.asked("token") == []


@VERSIONS
def test_a_record_is_found_by_its_id_and_by_its_key_with_what_others_say_of_it(version):
    with system(version=version) as running, source(running) as adapter:
        for entity in ("student", "staff", "course", "enrollment", "organization", "session", "section", "placement"):
            record = first(adapter, entity)
            assert adapter.locate(entity, record["key"]) == record
            if "id" in record:
                assert adapter.find(entity, record["id"]) == record
        assert "primaryOrganization" in first(adapter, "student")


def test_a_record_that_the_client_may_not_see_says_nothing_about_the_others():
    with system() as running, source(running) as adapter:
        identifier = next(iter(running.ods.state.rows["Student"]))
        running.ods.faults.add("forbidden", "students")
        with pytest.raises(SourceRefused):
            adapter.find("student", identifier)
        assert "student" in adapter.manifest.entities
        assert adapter.find("student", identifier)["id"] == identifier
        answer = running.ods.answer

        def unrelated(method, url, headers, body):
            if identifier in url:
                return ProblemRefusal("security:authorization").reply()
            return answer(method, url, headers, body)

        running.ods.answer = unrelated
        assert adapter.find("student", identifier) is None
        assert len(of(adapter, "student")) == 60


@pytest.mark.parametrize("identifier", ["", "x", "../students", "0" * 32, "0" * 31 + "%", "A" * 32])
def test_an_id_that_is_none_finds_nothing(identifier):
    with system() as running, source(running) as adapter:
        assert adapter.find("student", identifier) is None
        assert all(".." not in one.path for one in running.log)


@pytest.mark.parametrize("key", [("no one",), ("",), ("a\x00b",), ("\ud800",), ("a", "b"), ()])
def test_a_key_that_is_none_locates_nothing(key):
    with system() as running, source(running) as adapter:
        assert adapter.locate("student", key) is None
        assert adapter.locate("enrollment", key) is None


def test_a_hint_about_a_reference_is_asked_for_by_its_key():
    with system() as running, source(running, page_size=500) as adapter:
        student = first(adapter, "student")
        hints = {"placement": (Hint("student", "=", student["id"]),)}
        expected = [record for record in of(adapter, "placement").values() if record["student"] == student["key"]]
        assert [record for _, record in adapter.read({"placement": None}, hints)] == expected
        assert expected
        assert running.asked("studentSectionAssociations")[-1].query["studentUniqueId"] == student["key"][0]


def test_a_hint_about_a_record_that_is_not_there_leaves_nothing():
    with system() as running, source(running) as adapter:
        hints = {"placement": (Hint("student", "=", "0" * 32),)}
        assert list(adapter.read({"placement": None}, hints)) == []


def test_hints_that_the_ods_would_understand_otherwise_are_left_to_the_gateway():
    with system() as running, source(running) as adapter:
        whole = len(of(adapter, "student"))
        for hint in (
            Hint("name.family", "=", "lee"),
            Hint("birthDate", ">=", "2016-01-01"),
            Hint("sex", "=", "female"),
        ):
            assert len(list(adapter.read({"student": None}, {"student": (hint,)}))) == whole
        dated = first(adapter, "student")
        hints = {"student": (Hint("birthDate", "=", dated["birthDate"]),)}
        found = [record for _, record in adapter.read({"student": None}, hints)]
        assert dated in found
        assert {record["birthDate"] for record in found} == {dated["birthDate"]}


def test_only_what_changed_in_a_window_is_read_live():
    with system() as running, source(running, writable=True) as adapter:
        since = adapter.newest()
        record = first(adapter, "placement")
        adapter.save("placement", {**record, "end": "2027-06-01"}, new=False)
        hints = {"placement": (Hint("changeVersion", ">=", str(since + 1)),)}
        assert [one["id"] for _, one in adapter.read({"placement": None}, hints)] == [record["id"]]


def changed(adapter, since, *entities):
    wanted = dict.fromkeys(entities or adapter.manifest.delta)
    found = list(adapter.changes(wanted, since, adapter.newest()))
    assert len({(change.entity, change.id) for change in found}) == len(found)
    return {(change.entity, change.id): change.record for change in found}


@VERSIONS
def test_inserts_updates_and_deletes_are_told(version):
    with system(version=version) as running, source(running, writable=True) as adapter:
        since = adapter.newest()
        student, placement = first(adapter, "student"), first(adapter, "placement")
        adapter.save("student", {**student, "name.given": "Somebody"}, new=False)
        new = adapter.save("student", {"name.given": "N", "name.family": "E", "uniqueId": "new-1",
                                       "birthDate": "2016-05-05"}, new=True)  # fmt: skip
        adapter.delete("placement", placement["id"])
        found = changed(adapter, since)
        assert found == {
            ("student", student["id"]): adapter.find("student", student["id"]),
            ("student", new): adapter.find("student", new),
            ("placement", placement["id"]): None,
        }
        assert found["student", student["id"]]["name.given"] == "Somebody"
        assert "primaryOrganization" in found["student", student["id"]]
        assert changed(adapter, adapter.newest()) == {}


def test_a_change_of_what_tells_of_a_record_is_a_change_of_the_record():
    with system() as running, source(running, writable=True) as adapter:
        since = adapter.newest()
        enrollment = first(adapter, "enrollment")
        adapter.save("enrollment", {**enrollment, "primary": True, "exit": "2026-12-01"}, new=False)
        found = changed(adapter, since, "student")
        assert [record["key"] for record in found.values()] == [enrollment["student"]]
        assert found == {("student", one["id"]): one for one in [adapter.locate("student", enrollment["student"])]}
        assert changed(adapter, since, "enrollment").keys() == {("enrollment", enrollment["id"])}
        narrow = list(adapter.changes({"student": frozenset({"name.given"})}, since, adapter.newest()))
        assert narrow == []


def test_a_student_whose_enrollment_is_deleted_has_changed():
    with system() as running, source(running, writable=True) as adapter:
        tied = {record["student"] for record in of(adapter, "enrollment").values()}
        enrollment = first(adapter, "enrollment")
        since = adapter.newest()
        running.ods.slip_out("studentschoolassociations")
        gone = [one for one in changed(adapter, since, "enrollment").items() if one[1] is None]
        assert len(gone) == 1
        found = changed(adapter, since, "student")
        assert len(found) == 1
        assert next(iter(found.values()))["key"] in tied
        assert enrollment


def test_a_course_whose_offerings_change_is_told_anew():
    with system() as running, source(running, writable=True) as adapter:
        since = adapter.newest()
        offering = first(adapter, "offering")
        adapter.save("offering", {**offering, "title": "Another title"}, new=False)
        found = changed(adapter, since, "course")
        assert {record["key"]: record for record in found.values()} == of(adapter, "course")


def test_many_changes_come_to_the_same_as_a_new_reading():
    with system() as running, source(running, writable=True) as adapter:
        before = {
            (entity, record["id"]): record for entity, record in adapter.read(dict.fromkeys(("student", "enrollment")))
        }
        since = adapter.newest()
        for number, enrollment in enumerate(of(adapter, "enrollment").values()):
            adapter.save("enrollment", {**enrollment, "primary": number % 2 == 0}, new=False)
        for change in adapter.changes(dict.fromkeys(("student", "enrollment")), since, adapter.newest()):
            before[change.entity, change.id] = change.record
        after = {
            (entity, record["id"]): record for entity, record in adapter.read(dict.fromkeys(("student", "enrollment")))
        }
        assert before == after


def test_departures_are_told_with_their_keys():
    with system() as running, source(running, writable=True) as adapter:
        since = adapter.newest()
        placement, section = first(adapter, "placement"), first(adapter, "section")
        adapter.delete("placement", placement["id"])
        (gone,) = adapter.departures("placement", since, adapter.newest(), rekeyed=False)
        assert (gone.id, gone.new_key) == (placement["id"], None)
        assert gone.key["studentUniqueId"] == placement["student"][0]
        assert gone.version == adapter.newest()
        adapter.save("section", {**section, "identifier": "another"}, new=False)
        (moved,) = adapter.departures("section", since, adapter.newest(), rekeyed=True)
        assert (moved.id, moved.key["sectionIdentifier"]) == (section["id"], section["identifier"])
        assert moved.new_key["sectionIdentifier"] == "another"
        assert list(adapter.departures("student", since, adapter.newest(), rekeyed=True)) == []


def test_a_key_that_follows_another_is_told_as_changed_too():
    with system() as running, source(running, writable=True) as adapter:
        since, section = adapter.newest(), first(adapter, "section")
        taught = {one["id"] for one in of(adapter, "teaching").values() if one["section"] == section["key"]}
        adapter.save("section", {**section, "identifier": "another"}, new=False)
        moved = list(adapter.departures("teaching", since, adapter.newest(), rekeyed=True))
        assert {one.id for one in moved} == taught != set()
        assert {one.new_key["sectionIdentifier"] for one in moved} == {"another"}


def test_what_refers_to_a_key_that_changed_is_told_with_it():
    with system() as running, source(running, writable=True) as adapter:
        everything_before = of(adapter, "placement")
        since = adapter.newest()
        section = first(adapter, "section")
        adapter.save("section", {**section, "identifier": "another"}, new=False)
        moved = {record["id"] for record in everything_before.values() if record["section"] == section["key"]}
        found = changed(adapter, since, "placement", "section")
        assert {identifier for entity, identifier in found if entity == "placement"} == moved
        assert ("section", section["id"]) in found


def test_an_ods_that_does_not_tell_its_changes_is_read_anew():
    with system(change_queries=False) as running, source(running) as adapter:
        assert adapter.newest() is None
        assert adapter.manifest.delta == frozenset()
        assert adapter.stamp() != adapter.stamp()
        assert adapter.check() == []
        with pytest.raises(ChangesLost):
            list(adapter.changes({"student": None}, 0, 10))


def test_an_ods_that_was_set_up_anew_has_lost_its_changes():
    with system() as running, source(running) as adapter, pytest.raises(ChangesLost):
        list(adapter.changes({"student": None}, adapter.newest() + 1, adapter.newest() + 5))


def test_changes_of_what_is_made_of_several_documents_are_not_told():
    with system() as running, source(running) as adapter:
        since = adapter.newest()
        assert adapter.manifest.delta == adapter.manifest.entities - {"gradebookCategory"}
        with pytest.raises(Unsupported):
            list(adapter.changes({"gradebookCategory": None}, since, since))


def test_a_session_that_changed_is_told_with_the_whole_tree_and_one_that_went_is_lost():
    with system() as running, source(running, writable=True) as adapter:
        since = adapter.newest()
        assert list(adapter.changes({"session": None}, 0, since)) != []
        session = next(
            record
            for record in of(adapter, "session").values()
            if record["kind"] not in {"gradingPeriod", "schoolYear"}
        )
        adapter.save("session", {**session, "instructionalDays": 7}, new=False)
        found = list(adapter.changes({"session": None}, since, adapter.newest()))
        assert {change.record["key"]: change.record for change in found} == of(adapter, "session")
        assert len({change.id for change in found}) == len(found)
        running.ods.slip_out("gradingperiods")
        with pytest.raises(ChangesLost):
            list(adapter.changes({"session": None}, since, adapter.newest()))


def test_deletes_that_the_client_may_not_see_are_an_error_and_no_part_is_told():
    with system() as running, source(running, writable=True) as adapter:
        since = adapter.newest()
        adapter.save("staff", {**first(adapter, "staff"), "name.given": "X"}, new=False)
        running.ods.faults.add("forbidden", "staffs", after=1, times=ALL)
        given = []
        with pytest.raises(SourceRefused):
            given.extend(adapter.changes({"staff": frozenset({"name.given"})}, since, adapter.newest()))
        assert given == []


def test_nothing_is_written_unless_settings_say_so():
    with system() as running, source(running) as adapter:
        record = first(adapter, "student")
        assert adapter.manifest.writes == frozenset()
        with pytest.raises(Unsupported):
            adapter.save("student", record, new=False)
        with pytest.raises(Unsupported):
            adapter.delete("student", record["id"])
        assert {one.method for one in running.log if "/data/" in one.path} == {"GET"}


def test_a_change_is_sent_with_the_tag_of_what_was_read():
    with system() as running, source(running, writable=True) as adapter:
        record = first(adapter, "student")
        adapter.save("student", {**record, "name.given": "Somebody"}, new=False)
        put = running.asked("students", "PUT")[-1]
        assert put.headers["If-Match"]
        running.ods.faults.add("forbidden", "students", times=0)
        answer = running.ods.answer

        def meanwhile(method, url, headers, body):
            if method == "PUT":
                headers = {**headers, "If-Match": '"1"'}
            return answer(method, url, headers, body)

        running.ods.answer = meanwhile
        with pytest.raises(PreconditionFailed):
            adapter.save("student", {**record, "name.given": "Somebody else"}, new=False)


def test_a_new_record_never_replaces_one_with_its_key():
    with system() as running, source(running, writable=True) as adapter:
        record = first(adapter, "student")
        with pytest.raises(Conflict, match="another record with this key"):
            adapter.save("student", {name: value for name, value in record.items() if name != "id"}, new=True)
        assert running.asked("students", "POST") == []


@VERSIONS
def test_what_others_depend_on_is_not_deleted(version):
    with system(version=version) as running, source(running, writable=True) as adapter:
        identifier = first(adapter, "student")["id"]
        with pytest.raises(Conflict, match="depend on this one"):
            adapter.delete("student", identifier)


@VERSIONS
def test_a_reference_that_leads_nowhere_is_a_conflict(version):
    with system(version=version) as running, source(running, writable=True) as adapter:
        record = first(adapter, "placement")
        with pytest.raises(Conflict) as caught:
            adapter.save("placement", {**record, "student": ("no one",), "begin": "2026-10-10"}, new=True)
        assert "no one" not in caught.value.message


@VERSIONS
def test_a_document_that_the_ods_does_not_take_is_refused_without_a_value(version):
    with system(version=version) as running, source(running, writable=True) as adapter:
        record = first(adapter, "student")
        with pytest.raises(InvalidBody) as caught:
            adapter.save("student", {**record, "name.given": "secret " * 40}, new=False)
        assert "secret" not in f"{caught.value.message}{caught.value.places}"
        del record["name.given"]
        with pytest.raises(InvalidBody):
            adapter.save("student", record, new=False)


def test_a_key_that_may_not_change_is_refused():
    with system() as running, source(running, writable=True) as adapter:
        record = first(adapter, "student")
        with pytest.raises(KeyChangeUnsupported, match="key of this record"):
            adapter.save("student", {**record, "uniqueId": "another"}, new=False)


def test_what_is_gone_is_not_found():
    with system() as running, source(running, writable=True) as adapter:
        record = first(adapter, "placement")
        adapter.delete("placement", record["id"])
        with pytest.raises(NotFound):
            adapter.delete("placement", record["id"])
        with pytest.raises(NotFound):
            adapter.save("placement", record, new=False)
        assert adapter.find("placement", record["id"]) is None


@pytest.mark.parametrize(
    ("fault", "error"), [("forbidden", SourceRefused), ("error", SourceUnavailable), ("silent", SourceUnavailable)]
)
def test_a_change_that_goes_wrong_is_not_sent_twice(fault, error):
    with system() as running, source(running, writable=True) as adapter:
        record = {"name.given": "N", "name.family": "E", "uniqueId": "new-1", "birthDate": "2016-05-05"}
        running.ods.faults.add(fault, "students", after=1, times=ALL)
        with pytest.raises(error):
            adapter.save("student", record, new=True)
        assert len(running.asked("students", "POST")) <= 1


def test_a_school_and_a_district_go_where_they_belong():
    with system() as running, source(running, writable=True) as adapter:
        (school,) = [record for record in of(adapter, "organization").values() if record["kind"] == "school"][:1]
        new = {**school, "identifier": "987654"}
        del new["id"]
        identifier = adapter.save("organization", new, new=True)
        assert adapter.find("organization", identifier)["key"] == ("987654",)
        assert running.asked("schools", "POST")
        with pytest.raises(Unsupported):
            adapter.save("organization", {**new, "kind": "national"}, new=True)


def test_everything_is_read_alike_by_one_page_and_by_many():
    with system() as running, source(running, page_size=500) as one, source(running, page_size=7) as many:
        assert everything(one) == everything(many)
