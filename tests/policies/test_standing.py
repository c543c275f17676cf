"""A wrong agreement fails closed: with it go its other versions and all agreements of its clients, and no others."""

from __future__ import annotations

import os

import pytest

from policies.standing import stand
from standards.errors import SettingsError

DISTRICTS = ("maple", "cedar")


def text(name, clients="one", *, version=1, district="maple", purpose="tutoring", elements="student.id"):
    return (
        f"apiVersion: dsa/v1\nid: {name}\nversion: {version}\n"
        f"parties: {{provider: {{district: {district}}}, recipient: {{org: reading, kind: cbo}}}}\n"
        f'basis: {{ferpa: "99.31(a)(1)", purpose: {purpose}, legitimateInterest: "weekly support"}}\n'
        "validity: {from: 2026-09-01, to: 2027-08-31, timezone: America/Los_Angeles}\n"
        f"clients: [{clients}]\noperations: [read]\nelements:\n  - {{path: {elements}, action: allow}}\n"
    )


@pytest.fixture
def folder(tmp_path):
    """Four agreements: two of ``one``, one of ``two``, and one of both."""
    for name, one in {
        "a": text("a", "one"),
        "b": text("b", "one", district="cedar"),
        "c": text("c", "two"),
        "d": text("d", "two, three", district="cedar"),
    }.items():
        (tmp_path / f"{name}.yaml").write_text(one, "utf-8")
    return tmp_path


def served(folder):
    return sorted(f"{one.id}@{one.version}" for one in stand(folder, DISTRICTS).agreements)


def test_agreements_that_are_right_all_stand(folder):
    found = stand(folder, DISTRICTS)
    assert served(folder) == ["a@1", "b@1", "c@1", "d@1"]
    assert (found.withheld, found.mistakes, found.closed) == ((), (), False)


BREAKS = {
    "it is no YAML": lambda one: one.replace("operations: [read]", "operations: [read"),
    "an element is unknown": lambda one: one.replace("student.id", "student.shoeSize"),
    "a key is unknown": lambda one: one.replace("operations:", "operation:"),
    "a key is there twice": lambda one: one + "version: 3\n",
    "an anchor is in it": lambda one: one.replace("[read]", "&x [read]"),
    "its encoding is another": lambda one: one.replace("weekly", "für").encode("latin-1"),
    "it uses a set that is not there": lambda one: one + "  - {set: gone}\n",
}


@pytest.mark.parametrize("how", BREAKS)
def test_a_broken_narrowing_does_not_revive_the_wider_version_before_it(folder, how):
    broken = BREAKS[how](text("c", "two", version=2))
    (folder / "c2.yaml").write_bytes(broken if isinstance(broken, bytes) else broken.encode())
    found = stand(folder, DISTRICTS)
    assert served(folder) == ["a@1", "b@1"]
    assert [one.id for one in found.withheld] == ["c", "d"]
    assert {error.place.partition(":")[0] for error in found.mistakes} == {"c2.yaml"}
    assert not found.closed


def test_a_version_that_is_withheld_for_its_clients_revives_no_earlier_one(folder):
    (folder / "a0.yaml").write_text(text("a", "four", elements='"*"'), "utf-8")
    (folder / "a.yaml").write_text(text("a", "one, four", version=2), "utf-8")
    (folder / "z.yaml").write_text(text("z", "one").replace("student.id", "nonsense"), "utf-8")
    assert served(folder) == ["c@1", "d@1"]


def test_where_it_is_not_certain_whom_a_wrong_one_is_about_nothing_stands(folder):
    (folder / "z.yaml").write_text("clients: [one", "utf-8")
    found = stand(folder, DISTRICTS)
    assert (found.agreements, len(found.withheld), found.closed) == ((), 4, True)


def test_a_wrong_set_breaks_each_agreement_that_uses_it_and_no_other(folder):
    (folder / "sets").mkdir()
    (folder / "sets" / "names.yaml").write_text("id: names\ntext: names\nelements: [{path: nonsense, action: allow}]\n")
    assert len(served(folder)) == 4
    (folder / "a.yaml").write_text(text("a") + "  - {set: names}\n", "utf-8")
    assert served(folder) == ["c@1", "d@1"]
    assert [error.place for error in stand(folder, DISTRICTS).mistakes] == ["names.yaml:3:19"]


def test_both_sides_of_a_clash_fail_and_all_of_their_clients(folder):
    (folder / "e.yaml").write_text(text("e", "one, five"), "utf-8")
    (folder / "f.yaml").write_text(text("f", "five").replace("action: allow", "action: pseudonym"), "utf-8")
    assert served(folder) == ["c@1", "d@1"]


def test_a_version_given_twice_fails_with_all_versions(folder):
    (folder / "a copy.yaml").write_text(text("a"), "utf-8")
    (folder / "a2.yaml").write_text(text("a", version=2, elements="student.sex"), "utf-8")
    assert served(folder) == ["c@1", "d@1"]


def test_an_agreement_about_a_district_that_is_not_there_is_wrong(folder):
    (folder / "e.yaml").write_text(text("e", "one", district="oak"), "utf-8")
    assert served(folder) == ["c@1", "d@1"]
    assert [str(error) for error in stand(folder, DISTRICTS).mistakes] == [
        f"{folder}/e.yaml:1:1: there is no district oak"
    ]


def test_what_is_no_document_is_left_alone(folder):
    wrong = "nonsense: true\n"
    for name in (".hidden.yaml", "._a.yaml", "a.yaml~", "#a.yaml#", "a.yaml.bak", ".a.yaml.swp", "README.md"):
        (folder / name).write_text(wrong, "utf-8")
    (folder / ".#a.yaml").symlink_to("somebody@somewhere.1234")
    (folder / "archive").mkdir()
    (folder / "archive" / "old.yaml").write_text(wrong, "utf-8")
    assert served(folder) == ["a@1", "b@1", "c@1", "d@1"]


@pytest.mark.parametrize("kind", ["folder", "link to nowhere", "pipe", "capitals"])
def test_what_has_the_name_of_a_document_counts_as_one(folder, kind):
    place = folder / ("Z.YAML" if kind == "capitals" else "z.yaml")
    match kind:
        case "folder":
            place.mkdir()
        case "link to nowhere":
            place.symlink_to(folder / "none")
        case "pipe":
            os.mkfifo(place)
        case _:
            place.write_text("nonsense: true\n", "utf-8")
    assert stand(folder, DISTRICTS).closed
    assert served(folder) == []


def test_a_folder_that_is_not_there_is_a_mistake(tmp_path):
    with pytest.raises(SettingsError, match="this is not a folder"):
        stand(tmp_path / "none", DISTRICTS)
