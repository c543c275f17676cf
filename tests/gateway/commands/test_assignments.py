"""``crossing assignments`` writes down which student is whose, tells nobody's name, and ends it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert

from gateway.commands.audit.record import open_registry
from gateway.config.settings import load
from gateway.people.sessions import ACTIVE
from gateway.storage.database import transaction
from gateway.storage.people.tables import memberships, people
from tests.gateway.commands.register_region import region, register_files

__all__ = ["region", "register_files"]

MAPLE = ("--district", "maple")
TO = ("--agreement", "tutoring-maple", "--person", "sam@example.org")


@pytest.fixture
def staffed(region):
    """The region with an agreement that assigns students, and Sam, to whom they may be."""
    file = region.folder / "agreements" / "tutoring.yaml"
    text = file.read_text("utf-8")
    file.write_text(
        text.replace("elements:", "population: {all: [{enrollment: active}], staffAssignment: required}\nelements:"),
        "utf-8",
    )
    region.crossing("assignments", "list", *MAPLE)
    now = datetime(2026, 9, 1, tzinfo=UTC)
    with (
        open_registry(load(region.folder / "gateway.toml")) as store,
        transaction(store.engine, write=True) as connection,
    ):
        connection.execute(insert(people).values(
            id="a" * 32, mail="sam@example.org", name="Sam", status=ACTIVE, language="en", created=now, created_by="t"
        ))  # fmt: skip
        row = {"person": "a" * 32, "org": "reading", "role": "cbo-staff", "begins": now, "made_by": "t", "kind": "cbo"}
        connection.execute(insert(memberships).values(row))
    return region


def listed(region, *words):
    return json.loads(region.crossing("assignments", "list", *MAPLE, "--json", *words).stdout)


def test_a_student_is_assigned_listed_and_taken_back(staffed):
    student = staffed.students[0]
    typed = f"{student['sourcedId']}\n"
    answer = staffed.crossing("assignments", "add", *MAPLE, *TO, "--reason", "spring", "--actor", "ana", typed=typed)
    assert answer.stdout.endswith(": added.\n")
    (one,) = listed(staffed)
    assert (one["person"], one["org"], one["by"], one["until"]) == ("sam@example.org", "reading", "ana", None)
    assert one["entry"] in staffed.crossing("assignments", "list", *MAPLE, "--student", typed=typed).stdout
    for text in ("sourcedId", "familyName", "birthDate"):
        assert student[text] not in str(one)
    ended = staffed.crossing("assignments", "end", *MAPLE, "--reason", "moved", typed=typed)
    assert f"{one['entry']}: ended." in ended.stdout
    assert listed(staffed) == []
    assert len(listed(staffed, "--all")) == 1


def test_a_person_who_is_not_there_is_refused_by_the_option(staffed):
    refused = staffed.crossing(
        "assignments",
        "add",
        *MAPLE,
        "--agreement",
        "tutoring-maple",
        "--person",
        "who@example.org",
        typed="x\n",
        fails=1,
    )
    assert "person: reading has nobody with this address" in refused.stderr


def test_a_file_of_assignments_is_written_whole(staffed, tmp_path):
    file = tmp_path / "list.csv"
    lines = [f"{one['sourcedId']},sam@example.org" for one in staffed.students[:3]]
    file.write_text("studentId,person\n" + "\n".join([*lines, "nobody,sam@example.org"]) + "\n", "utf-8")
    words = ("assignments", "import", str(file), *MAPLE, "--agreement", "tutoring-maple")
    assert "list.csv:5:1" in staffed.crossing(*words, fails=1).stdout
    file.write_text("studentId,person\n" + "\n".join(lines) + "\n", "utf-8")
    assert "3 to add" in staffed.crossing(*words, "--dry-run").stdout
    assert "3 added" in staffed.crossing(*words).stdout
    assert "3 there already" in staffed.crossing(*words).stdout
