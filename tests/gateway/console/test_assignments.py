"""Pages of assignments: for the district and for the recipient, in both languages, tried first, and as CSV."""

from __future__ import annotations

import csv
import io
import re
import zipfile

import pytest

from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites

PLACE = "/console/assignments/maple"
PERSON = {"agreement": "mentors-maple", "person": "sam@example.org"}


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("assignment-pages")
    sites = {name: site for name, site in small_sites(folder / "data").items() if name == "maple"}
    population = "{all: [{enrollment: active}], staffAssignment: required}"
    terms = agreement("maple", client="mentors", population=population).replace("kind: vendor", "kind: cbo")
    with people_region(folder / "region", sites, [terms]) as region:
        region.person("sam", ("mentors", "cbo-staff"))
        yield region


@pytest.fixture(scope="module")
def student(region):
    source = region.administered.settings().districts["maple"].settings["source"]
    with zipfile.ZipFile(source) as archive, archive.open("demographics.csv") as file:
        return next(csv.DictReader(io.TextIOWrapper(file, "utf-8-sig")))["sourcedId"]


@pytest.fixture
def ada(region):
    return region.browser("ada", ("maple", "privacy-officer"))


@pytest.fixture
def cleo(region):
    return region.browser("cleo", ("mentors", "cbo-admin"))


def texts(answer):
    return answer.get_data(as_text=True)


def test_the_district_assigns_lists_and_ends(region, ada, student):
    assert PLACE in ada.get("/console/assignments").headers["Location"]
    assert "Assign a student" in texts(ada.get(f"{PLACE}/new"))
    wrong = ada.post(f"{PLACE}/new", {"student_id": student, **PERSON, "person": "nobody@example.org"})
    assert wrong.status_code == 200
    assert "mentors has nobody with this address" in texts(wrong)
    assert ada.post(f"{PLACE}/new", {"student_id": student, **PERSON}).status_code == 303
    page = texts(ada.get(PLACE))
    assert "sam@example.org" in page
    assert student not in page
    text = ada.get(f"{PLACE}?assignments-csv=1").get_data().decode("utf-8-sig")
    table = list(csv.DictReader(io.StringIO(text)))
    assert table, text
    assert [one["Person"] for one in table] == ["sam@example.org"]
    name = table[0]["Entry"]
    found = ada.post(f"{PLACE}/of-student", {"student_id": student})
    assert name in texts(found)
    assert "End this assignment" in texts(ada.get(f"{PLACE}/entries/{name}"))
    ada.get(f"{PLACE}/entries/{name}/end")
    assert ada.post(f"{PLACE}/entries/{name}/end", {"reason": "moved"}).status_code == 303
    assert name not in texts(ada.get(PLACE))
    assert name in texts(ada.get(f"{PLACE}?ended=1"))


def test_a_recipient_is_told_the_same_of_a_student_and_of_nobody(cleo, student):
    page = texts(cleo.get(f"{PLACE}/new"))
    assert "compared with no student" in page
    assert 'name="anyway"' not in page
    answers = []
    for one in ("Nobody", "Somebody"):
        typed = {"family_name": one, "given_name": "Such", "birth_date": "2015-02-03", **PERSON}
        assert cleo.post(f"{PLACE}/new", typed).status_code == 303
        page = texts(cleo.get(PLACE)).split("<table")[0]
        answers.append(re.sub(r'name="csrf_token" value="[^"]*"', "", page))  # which has its moment in it
    assert "It was compared with no student" in answers[0]
    assert answers[0] == answers[1]
    less = texts(cleo.post(f"{PLACE}/new", {"student_id": student, **PERSON}))
    assert "systems give an id again" in less


def test_a_file_is_tried_first_and_its_mistakes_are_placed(cleo):
    assert texts(cleo.get(f"{PLACE}/template.csv")).startswith("studentId,stateId,familyName")
    cleo.get(f"{PLACE}/import")
    data = b"stateId,person\r\n12345,sam@example.org\r\n12346,secret@example.org\r\n"
    wrong = texts(
        cleo.post(f"{PLACE}/import", {"file": (io.BytesIO(data), "l.csv"), "agreement": "mentors-maple", "dry": "y"})
    )
    assert "1 mistake; nothing was written." in wrong
    assert "secret" not in wrong
    good = data.splitlines(keepends=True)
    tried = cleo.post(
        f"{PLACE}/import", {"file": (io.BytesIO(b"".join(good[:2])), "l.csv"), "agreement": "mentors-maple", "dry": "y"}
    )
    assert "It would add 1" in texts(tried)
    done = cleo.post(
        f"{PLACE}/import", {"file": (io.BytesIO(b"".join(good[:2])), "l.csv"), "agreement": "mentors-maple"}
    )
    assert done.status_code == 303


@pytest.mark.parametrize("page", ["", "/new", "/import", "?ended=1"])
def test_the_pages_are_in_spanish_too(cleo, page):
    cleo.wsgi.set_cookie("__Host-crossing-language", "es", domain="crossing.example.org", secure=True, path="/")
    answer = cleo.get(f"{PLACE}{page}")
    assert "Asignaciones" in texts(answer)


def test_the_preview_takes_a_person_of_the_recipient(region, ada, student):
    page = texts(ada.get("/console/preview"))
    assert "As this person of the recipient" in page
    told = texts(
        ada.post("/console/preview", {"which": "maple mentors", "student": student, "mail": "who@example.org"})
    )
    assert "There is no such client" in told or "has nobody with this address" in told
