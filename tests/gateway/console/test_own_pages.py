"""Inbox, registers and desk: what people wrote stays text, no page names a student in an address, tables have twins."""

from __future__ import annotations

import csv
import io
import re
import zipfile

import pytest

from gateway.admin.inbox.inbox import Inbox
from gateway.console.app import create_console
from gateway.console.wording import COOKIE as LANGUAGE
from gateway.people.actor import operator
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites

HOSTILE = '=<script>alert("x")</script><img src=x onerror=alert(1)>'
OFFICER = ("maple", "privacy-officer")
PAGES = [
    "", "?of=all", "/tasks/closed", "/tasks/refused", "/registers/maple/consents", "/registers/maple/restrictions?ended=1",
    "/registers/maple/consents/new", "/registers/maple/restrictions/new", "/registers/maple/restrictions/import",
    "/desk", "/desk/child", "/desk/recipient", "/desk/element", "/desk/exposure", "/desk/verify", "/desk/obligations",
    "/desk/year", "/desk/acts",
]  # fmt: skip


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    sites = small_sites(folder / "data")
    with people_region(folder / "region", sites, [agreement(name) for name in sites]) as region:
        yield region


@pytest.fixture(scope="module")
def student(region):
    source = region.administered.settings().districts["maple"].settings["source"]
    with zipfile.ZipFile(source) as archive, archive.open("users.csv") as file:
        rows = csv.DictReader(io.TextIOWrapper(file, "utf-8-sig"))
        return next(row["sourcedId"] for row in rows if row["agentSourcedIds"])


@pytest.fixture
def ada(region):
    return region.browser("ada", OFFICER)


def text(answer):
    return answer.get_data(as_text=True)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_there_in_both_languages(region, path, language):
    browser = region.browser("ada", OFFICER)
    browser.wsgi.set_cookie(LANGUAGE, language, domain="crossing.example.org", secure=True, path="/")
    answer = browser.get(f"/console{path}")
    assert answer.status_code == 200
    assert f'<html lang="{language}">' in text(answer)


def test_what_people_wrote_stays_text(region, ada):
    task = Inbox(region.administered).open(operator(HOSTILE), "maple", "privacy-officer", HOSTILE, None)
    ada.get(f"/console/tasks/{task.id}")
    paths = ["/console", "/console/desk/acts", f"/console/tasks/{task.id}"]
    shown = [text(ada.get(path)) for path in paths]
    assert ada.post(f"/console/tasks/{task.id}", {"outcome": HOSTILE}).status_code == 303
    shown += [text(ada.get(path)) for path in ["/console/tasks/closed", "/console/desk/acts"]]
    shown.append(text(ada.get(f"/console/desk/recipient?name={HOSTILE}")))
    shown.append(text(ada.get(f"/console/desk/element?path={HOSTILE}")))
    for one in shown:
        assert "<script" not in one
        assert "<img src=x" not in one
    assert "&lt;script&gt;" in shown[0]
    rows = list(
        csv.reader(io.StringIO(ada.get("/console/tasks/closed?closed-tasks-csv=1").get_data().decode("utf-8-sig")))
    )
    assert all(not cell.startswith("=") for row in rows for cell in row)


def test_a_restriction_is_entered_listed_found_and_lifted_without_a_name_in_an_address(region, ada, student):
    ada.get("/console/registers/maple/restrictions/new")
    wrong = ada.post("/console/registers/maple/restrictions/new", {"student_id": student})
    assert wrong.status_code == 200
    assert 'role="alert"' in text(wrong)
    made = ada.post(
        "/console/registers/maple/restrictions/new",
        {"student_id": student, "kind": "directory", "reason": HOSTILE.replace('"', "")},
    )
    assert (made.status_code, made.headers["Location"]) == (303, "/console/registers/maple/restrictions")
    listed = text(ada.get("/console/registers/maple/restrictions"))
    (entry,) = re.findall(r"/restrictions/entries/([0-9a-f]{16})", listed)
    found = ada.post("/console/registers/maple/restrictions/of-student", {"student_id": student})
    assert entry in text(found)
    page = text(ada.get(f"/console/registers/maple/restrictions/entries/{entry}"))
    assert student not in page
    assert "<script" not in page
    lifted = ada.post(f"/console/registers/maple/restrictions/entries/{entry}/end", {"reason": "asked for"})
    assert lifted.status_code == 303
    assert entry not in text(ada.get("/console/registers/maple/restrictions"))
    assert entry in text(ada.get("/console/registers/maple/restrictions?ended=1"))


@pytest.mark.parametrize(
    ("language", "told", "entered"),
    [
        (
            "en",
            "recipients get nothing of the address",
            "Recipients get nothing of the address: there is no substitute.",
        ),
        ("es", "los receptores no reciben nada de la dirección", "Los receptores no reciben nada de la dirección"),
    ],
)
def test_a_protected_address_without_a_substitute_is_asked_about_and_said(ada, student, language, told, entered):
    ada.wsgi.set_cookie("__Host-crossing-language", language, domain="crossing.example.org", secure=True, path="/")
    path, form = "/console/registers/maple/restrictions/new", {"student_id": student, "kind": "acp"}
    assert told in text(ada.get(path))
    asked = ada.post(path, form)
    assert asked.status_code == 200
    assert 'id="street-fault"' in text(asked)
    assert text(asked).count(told) > text(ada.get(path)).count(told)
    assert ada.post(path, {**form, "without": "y"}).status_code == 303
    assert entered in text(ada.get("/console/registers/maple/restrictions"))


def test_a_file_is_imported_from_memory_after_a_trial(ada, student):
    data = f"studentId,kind\r\n{student},parent-objection\r\n".encode()
    path = "/console/registers/maple/restrictions/import"
    ada.get(path)
    tried = ada.post(path, {"file": (io.BytesIO(data), "list.csv"), "dry": "y"})
    assert "1" in re.findall(r"would add (\d+)", text(tried))
    done = ada.post(path, {"file": (io.BytesIO(data), "list.csv")})
    assert done.status_code == 303
    wrong = ada.post(path, {"file": (io.BytesIO(b"studentId,kind\r\nzz-unknown,directory\r\n"), "list.csv")})
    assert "zz-unknown" not in text(wrong)
    assert wrong.status_code == 200


def test_whoever_asked_about_a_child_is_on_record_and_the_child_is_not(region, ada, student):
    ada.get("/console/desk/child")
    answer = ada.post("/console/desk/child", {"district": "maple", "student": student})
    assert answer.status_code == 200
    acts = text(ada.get("/console/desk/acts"))
    assert "Disclosures of one student looked up" in acts
    assert student not in acts
    paper = ada.post("/console/desk/child", {"district": "maple", "student": student, "paper": "es"})
    assert "Registro de divulgaciones" in text(paper)
    assert "script" not in paper.headers["Content-Security-Policy"]
    twin = ada.post("/console/desk/child", {"district": "maple", "student": student, "csv": "child"})
    assert twin.mimetype == "text/csv"


def test_another_districts_child_and_registers_are_nobodys(region, student):
    eve = region.browser("eve", ("oak", "privacy-officer"))
    eve.get("/console/desk/child")
    answer = eve.post("/console/desk/child", {"district": "maple", "student": student})
    assert "maple" not in re.sub(r'value="[^"]*"', "", text(answer))
    there = eve.get("/console/registers/maple/consents")
    nowhere = eve.get("/console/registers/nowhere/consents")
    assert there.status_code == nowhere.status_code == 404
    number = re.compile(r"<code>[0-9a-f]+</code>|/nowhere/|/maple/|value=\"[^\"]*\"")
    assert number.sub("", text(there)) == number.sub("", text(nowhere))


@pytest.mark.parametrize("role", ["approver", "educator", "registrar"])
def test_no_other_role_comes_to_the_desk(region, role):
    answer = region.browser(role, ("maple", role)).get("/console/desk")
    assert answer.status_code == 403


def test_no_address_takes_anything_of_a_student(region):
    rules = create_console(region.administered).url_map.iter_rules()
    arguments = {name for rule in rules for name in rule.arguments}
    assert not {name for name in arguments if re.search(r"student|child|pupil|birth", name)}
