"""The adapter keeps the contract of all adapters, and reads Larkspur's export as Larkspur means it."""

from __future__ import annotations

import json

import pytest
from crossingguard_larkspur import Larkspur

from adapters.testing import AdapterContract

PUPILS = [
    {
        "no": "1",
        "first": "Ana",
        "last": "Ruiz",
        "born": "2016-05-07",
        "grade": "K",
        "school": "7",
        "from": "2026-08-24",
    },
    {"no": "2", "first": "Bo", "last": "Lee", "grade": "11", "school": "7", "from": "2026-08-24", "to": "2026-11-20"},
]


def export(folder, *more, **members):
    file = folder / "larkspur.json"
    document = {"schools": [{"code": "7", "name": "Pine School"}], "pupils": [*PUPILS, *more], **members}
    file.write_text(json.dumps(document, indent=1), "utf-8")
    return {"source": str(file)}


def read(folder, *more):
    """The records of an export with *more* pupils, by entity and key, and what was noticed."""
    adapter = Larkspur("pine", export(folder, *more))
    found = {
        (entity, record["key"]): record for entity, record in adapter.read(dict.fromkeys(adapter.manifest.entities))
    }
    return found, adapter.notes.page


class TestLarkspur(AdapterContract):
    adapter = Larkspur

    def good(self, folder):
        return export(folder)

    def broken(self, folder):
        settings = export(folder)
        whole = (folder / "larkspur.json").read_text("utf-8")
        (folder / "larkspur.json").write_text(whole[: len(whole) // 2], "utf-8")
        return settings


def test_a_pupil_is_a_student_with_an_enrollment(tmp_path):
    found, _ = read(tmp_path)
    assert found["student", ("1",)] == {
        "key": ("1",),
        "uniqueId": "1",
        "name.given": "Ana",
        "name.family": "Ruiz",
        "birthDate": "2016-05-07",
    }
    enrolled = found["enrollment", ("2026-08-24", "7", "2")]
    assert (enrolled["grade"], enrolled["exit"]) == ("11", "2026-11-20")
    assert found["enrollment", ("2026-08-24", "7", "1")]["grade"] == "KG"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"born": "7 May"}, ("larkspur.json:pupils[2].born", "is not a date")),
        ({"school": ""}, ("larkspur.json:pupils[2].school", "is no text")),
        ({"first": 5}, ("larkspur.json:pupils[2].first", "is no text")),
    ],
)
def test_a_row_that_cannot_be_understood_is_set_aside_with_its_place(tmp_path, wrong, told):
    found, page = read(tmp_path, PUPILS[0] | {"no": "3"} | wrong)
    assert ("student", ("3",)) not in found
    assert [(row.place, row.reason) for row in page.aside] == [told]


def test_a_member_that_is_new_is_noted_by_its_name(tmp_path):
    _, page = read(tmp_path, PUPILS[0] | {"no": "3", "locker": "B12"})
    assert dict(page.counts) == {"locker": 1}


@pytest.mark.parametrize("members", [{"schools": {}}, {"pupils": ["Ana"]}, {"schools": [{"name": "Pine"}]}])
def test_an_export_of_another_form_is_refused_whole(tmp_path, members):
    (problem,) = Larkspur("pine", export(tmp_path, **members)).check()
    assert problem.place.startswith("larkspur.json:")
