"""The pre-flight of Google Classroom's grade export, as the public notebook for student information systems asks.

Written after https://github.com/googleworkspace/oneroster-integration-conformance-tests in our own words: the same
requests in the same order, for OneRoster 1.1 and 1.2. Line items come with neither a category nor a grading period.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.simulators.oneroster import Sis, run
from gateway.demo.data.oneroster.server import server_documents
from tests.conformance.conftest import MANY, OPERATIONS, SECRET
from tests.support.regions import NOW, Site, agreement, running, small_district

SCOPES = ("roster.readonly", "gradebook.readonly", "gradebook.createput", "gradebook.delete")
ROOTS = {
    "1.1": ("/ims/oneroster/v1p1", "/ims/oneroster/v1p1"),
    "1.2": ("/ims/oneroster/rostering/v1p2", "/ims/oneroster/gradebook/v1p2"),
}
TITLE = "[Amended] " + "Re" + "al" * 50 + "ly"


class District(Site):
    """A district that declares a category for work that names none."""

    def toml(self, name):
        return super().toml(name).replace('hold = "1h"', 'hold = "1h"\ndefault_category = "maple-cat-homework"')


@pytest.fixture(scope="module")
def system():
    with run(Sis(server_documents(small_district()), secret=SECRET)) as one:
        yield one


@pytest.fixture(scope="module")
def region(tmp_path_factory, system):
    folder = tmp_path_factory.mktemp("birch")
    (folder / "secret").write_text(SECRET)
    site = District("oneroster_rest", {
        "url": system.url, "token_url": system.token_url, "client_id": "crossing",
        "client_secret": f"file:{folder / 'secret'}", "allow_private": "true",
    })  # fmt: skip
    with running(folder / "region", {"birch": site}, [agreement("birch", operations=OPERATIONS)], MANY) as one:
        yield one


class Export:
    """The platform that exports grades, with a token for what it asks for."""

    def __init__(self, region, version):
        self.version, (self.roster, self.book) = version, ROOTS[version]
        prefix = f"https://purl.imsglobal.org/spec/or/v{version.replace('.', 'p')}/scope/"
        consumer = region.consumer()
        self.web = consumer.web
        answer = self.web.post(
            "/oauth/token",
            data={"grant_type": "client_credentials", "scope": " ".join(prefix + one for one in SCOPES)},
            auth=("conformance", consumer.secret),
        )
        assert answer.status_code == 200
        self.bearer = {"Authorization": f"Bearer {answer.json['access_token']}"}

    def get(self, path, *, book=False):
        answer = self.web.get((self.book if book else self.roster) + path, headers=self.bearer)
        assert answer.status_code == 200, answer.text
        return answer.json

    def put(self, path, body):
        return self.web.put(self.book + path, json=body, headers=self.bearer)

    def delete(self, path):
        return self.web.delete(self.book + path, headers=self.bearer)


@pytest.fixture(scope="module", params=sorted(ROOTS))
def export(request, region):
    return Export(region, request.param)


@pytest.fixture(scope="module")
def found(export, system):
    """Whom the pre-flight looks up first: a teacher by e-mail, a class of the teacher's, a student of the class."""
    teaching = {
        one["user"]["sourcedId"] for one in system.sis.documents["enrollments"].values() if one["role"] == "teacher"
    }
    email = next(one["email"] for key, one in system.sis.documents["users"].items() if key in teaching)
    assert export.get("/teachers?limit=1")["users"]
    (teacher,) = export.get(f"/teachers?filter=email='{email}'&limit=10000")["users"]
    assert teacher["email"] == email
    classes = export.get(f"/teachers/{teacher['sourcedId']}/classes?limit=10000&filter=status='active'")["classes"]
    students = export.get(f"/classes/{classes[0]['sourcedId']}/students?limit=10000")["users"]
    assert students[0].keys() >= {"email", "sourcedId"}
    return classes[0]["sourcedId"], students[0]["sourcedId"]


def moment(days=0.0):
    return (NOW + timedelta(days=days)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def work(identifier, section, **more):
    return {
        "lineItem": {
            "sourcedId": identifier, "title": "New test item", "description": "Test Line Item", "resultValueMin": 0,
            "resultValueMax": 100, "assignDate": moment(), "dueDate": moment(1 / 1440), "class": {"sourcedId": section}, **more,
        }
    }  # fmt: skip


def score(identifier, item, student, **more):
    return {
        "result": {
            "sourcedId": identifier, "score": 80, "comment": "", "scoreStatus": "fully graded", "scoreDate": moment(),
            "lineItem": {"sourcedId": item}, "student": {"sourcedId": student}, **more,
        }
    }  # fmt: skip


def test_grades_are_exported(export, found, system):
    section, student = found
    item, result = f"item-{export.version}", f"result-{export.version}"

    def shown(path, collection, identifier):
        listed = export.get(f"/classes/{section}{path}?limit=10000", book=True)[collection]
        return next((one for one in listed if one["sourcedId"] == identifier), None)

    assert export.put(f"/lineItems/{item}", work(item, section)).status_code == 201
    made = shown("/lineItems", "lineItems", item)
    assert made["category"]["sourcedId"] == "maple-cat-homework"
    if export.version == "1.1":
        period = system.sis.documents["academicSessions"][made["gradingPeriod"]["sourcedId"]]
        assert period["type"] == "gradingPeriod"
        terms = {one["sourcedId"] for one in system.sis.documents["classes"][section]["terms"]}
        assert period["parent"]["sourcedId"] in terms
        assert period["startDate"] <= made["dueDate"][:10] <= period["endDate"]
    assert export.put(f"/lineItems/{item}", work(item, section, title=TITLE)).status_code in {200, 201}
    assert shown("/lineItems", "lineItems", item)["title"] == TITLE
    results = f"/lineItems/{item}/results"
    assert export.put(f"/results/{result}", score(result, item, student)).status_code in {200, 201}
    assert shown(results, "results", result)["score"] == 80
    assert export.put(f"/results/{result}", score(result, item, student, score=300)).status_code in {200, 201}
    assert shown(results, "results", result)["score"] == 300
    exempt = score(result, item, student, scoreStatus="exempt")
    assert export.put(f"/results/{result}", exempt).status_code in {200, 201}
    assert shown(results, "results", result)["scoreStatus"] == "exempt"
    assert export.delete(f"/results/{result}").status_code in {200, 204}
    assert shown(results, "results", result) is None
    assert export.delete(f"/lineItems/{item}").status_code in {200, 204}
    assert shown("/lineItems", "lineItems", item) is None


def test_categories_are_imported_and_named(export, found):
    section, _ = found
    every = export.get("/categories?limit=10000", book=True)["categories"]
    offered = export.get(f"/classes/{section}/categories?limit=10000", book=True)["categories"]
    assert offered == every
    item, category = f"sorted-{export.version}", offered[-1]["sourcedId"]
    assert export.put(f"/lineItems/{item}", work(item, section, category={"sourcedId": category})).status_code == 201
    listed = export.get(f"/classes/{section}/lineItems?limit=10000", book=True)["lineItems"]
    assert next(one for one in listed if one["sourcedId"] == item)["category"]["sourcedId"] == category
    assert export.put(f"/lineItems/{item}", work(item, section)).status_code in {200, 201}
    kept = export.web.get(f"{export.book}/lineItems/{item}", headers=export.bearer).json["lineItem"]
    assert kept["category"]["sourcedId"] == category  # who names none means the one that is there
    assert export.delete(f"/lineItems/{item}").status_code in {200, 204}


def test_grading_periods_are_imported(export, found):
    section, _ = found
    (one,) = export.get(f"/classes?filter=sourcedId='{section}'&limit=10000")["classes"]
    periods = export.get(f"/terms/{one['terms'][0]['sourcedId']}/gradingPeriods?limit=10000")["academicSessions"]
    assert periods[0].keys() >= {"sourcedId", "title", "startDate", "endDate", "schoolYear"}
    assert {period["type"] for period in periods} == {"gradingPeriod"}


def test_work_that_is_due_in_no_grading_period_is_refused_in_words(export, found):
    if export.version == "1.2":  # which wants none
        return
    section, _ = found
    lost = work("lost", section, dueDate=moment(1_000), assignDate=moment(1_000))
    answer = export.put("/lineItems/lost", lost)
    assert answer.status_code == 422
    assert "$.lineItem.gradingPeriod: is missing, and no grading period of the class has the day" in answer.text


def test_a_grading_period_that_begins_on_the_day_another_ends_is_the_one_that_work_is_due_in(export, found, system):
    if export.version == "1.2":
        return
    section, _ = found
    sessions = system.sis.documents["academicSessions"]
    term = system.sis.documents["classes"][section]["terms"][0]["sourcedId"]
    mine = sorted((one for one in sessions.values() if one["type"] == "gradingPeriod" and one["parent"]["sourcedId"] == term),
                  key=lambda one: one["startDate"])  # fmt: skip
    for period in mine:
        day = f"{period['startDate']}T12:00:00.000Z"
        assert export.put("/lineItems/first", work("first", section, assignDate=day, dueDate=day)).status_code in {
            200,
            201,
        }
        kept = export.web.get(f"{export.book}/lineItems/first", headers=export.bearer).json["lineItem"]
        assert kept["gradingPeriod"]["sourcedId"] == period["sourcedId"]
    assert export.delete("/lineItems/first").status_code == 204
    assert mine
