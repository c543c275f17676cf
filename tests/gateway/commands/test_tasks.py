"""``crossing tasks`` lists what waits, in order, and closes it for good."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime

from gateway.audit.students.subject_keys import PURPOSE, SubjectKeys
from gateway.config.settings import load
from gateway.storage.acts import Acts
from gateway.storage.registry import open_store
from tests.gateway.commands.register_region import AGREEMENT, region, register_files

__all__ = ["region", "register_files"]


def listed(region, *words):
    return json.loads(region.crossing("tasks", "list", "--json", *words).stdout)


def restrict(region, typed, *words):
    region.crossing("restrictions", "add", "--district", "maple", "--kind", "directory", *words, typed=typed)


def test_the_duties_of_the_year_are_listed_and_closed_for_good(region):
    (notice,) = listed(region)
    assert (notice["kind"], notice["org"], notice["role"]) == ("annual-notice-99.7", "maple", "privacy-officer")
    assert region.crossing("tasks", "close", notice["id"], "--outcome", "sent home in August", "--actor", "ana").stdout
    assert listed(region) == []
    (closed,) = listed(region, "--all")
    assert (closed["id"], closed["closed_by"], closed["outcome"]) == (notice["id"], "ana", "sent home in August")
    region.crossing("tasks", "close", notice["id"], "--outcome", "again", fails=1)


def test_an_entry_that_matches_nobody_any_more_is_a_task_until_it_is_closed(region):
    student = region.students[0]
    restrict(region, f"{student['sourcedId']}\n")
    assert "entry-matches-nobody" not in {one["kind"] for one in listed(region)}
    region.change("users.csv", {}, without=student["sourcedId"])
    (unmatched,) = (one for one in listed(region) if one["kind"] == "entry-matches-nobody")
    assert unmatched["about"]["register"] == "restrictions"
    assert student["sourcedId"] not in json.dumps(unmatched)
    assert "entry-matches-nobody" not in {one["kind"] for one in listed(region, "--offline")}
    region.crossing("tasks", "close", unmatched["id"], "--outcome", "moved away")
    assert "entry-matches-nobody" not in {one["kind"] for one in listed(region)}


def test_a_system_that_cannot_be_asked_hides_no_other_task(region):
    restrict(region, f"{region.students[0]['sourcedId']}\n")
    (region.folder / "maple" / "users.csv").unlink()
    answer = region.crossing("tasks", "list", "--json")
    assert [one["kind"] for one in json.loads(answer.stdout)] == ["annual-notice-99.7"]
    assert "maple: its system cannot be asked" in answer.stderr


def test_a_task_for_somebody_who_is_nowhere_else_is_opened_with_a_warning(region):
    words = ("tasks", "open", "look", "--role", "registrar", "--org")
    assert (
        "no district and no recipient is called mapel (did you mean maple?)" in region.crossing(*words, "mapel").stderr
    )
    assert "warning" not in region.crossing(*words, "maple").stderr


def test_a_task_of_ones_own_is_opened_and_listed_by_org_and_role(region):
    region.crossing(
        "tasks", "open", "look at the form", "--org", "reading", "--role", "cbo-admin", "--due", "2026-01-31"
    )
    (own,) = listed(region, "--org", "reading", "--role", "cbo-admin")
    assert (own["kind"], own["state"], own["about"]) == ("own", "red", {"text": "look at the form"})
    assert listed(region, "--org", "reading", "--role", "registrar") == []
    table = region.crossing("tasks", "list").stdout
    assert "look at the form" in table
    assert "school year 20" in table
    assert "own: what a person opened." in table


def test_a_topic_is_told_alone_and_nothing_is_told_so(region):
    (notice,) = listed(region, "--topic", "year")
    assert notice["kind"] == "annual-notice-99.7"
    assert listed(region, "--topic", "retention") == []
    assert region.crossing("tasks", "list", "--topic", "retention").stdout == "Nothing waits for anybody.\n"


def test_a_school_year_of_the_record_that_need_not_be_kept_is_a_task_until_its_key_is_destroyed(region):
    settings = region.folder / "gateway.toml"
    settings.write_text(settings.read_text() + "record_years = 3\n")
    read = load(settings)
    with closing(open_store(read.store_url)) as store:
        keys = SubjectKeys(store, read.open_keys().derive(PURPOSE))
        for year in (2020, 2090):
            keys.open("maple", year, datetime(2020, 1, 1, tzinfo=UTC))
    (due,) = listed(region, "--topic", "retention")
    assert (due["kind"], due["org"], due["role"]) == ("record-key", "maple", "privacy-officer")
    assert due["about"] == {"district": "maple", "schoolYear": 2020}
    assert (due["opened"][:10], due["due"][:10], due["state"]) == ("2023-07-01", "2023-09-29", "red")
    region.crossing("audit", "shred", "maple", "2020", "--reason", "kept long enough", "--yes")
    assert listed(region, "--topic", "retention") == []


def test_a_consent_that_was_withdrawn_asks_the_recipient_to_destroy_and_certify(region):
    kept = "retention: {deleteWithin: P60D, after: [withdrawal], certificate: required}\n"
    (region.folder / "agreements" / "tutoring.yaml").write_text(AGREEMENT + kept)
    words = ("--agreement", "tutoring-maple", "--form", "f", "--form-hash", "0" * 64, "--signer", "parent")
    signed = ("--method", "paper", "--signed", "2026-09-02")
    typed = f"{region.students[0]['sourcedId']}\n"
    region.crossing("consents", "add", "--district", "maple", *words, *signed, typed=typed)
    region.crossing("consents", "withdraw", "--district", "maple", "--reason", "letter", typed=typed)
    assert [one for one in listed(region) if one["kind"] == "destroy-and-certify"] == []  # the day is not over yet


def test_a_task_that_is_not_there_cannot_be_closed(region):
    assert "There is no task" in region.crossing("tasks", "close", "nothing", "--outcome", "x", fails=1).output


def test_opening_and_closing_are_acts(region):
    region.crossing("tasks", "open", "look", "--org", "maple", "--role", "registrar", "--actor", "ana")
    (own,) = listed(region, "--role", "registrar")
    region.crossing("tasks", "close", own["id"], "--outcome", "looked", "--actor", "ben")
    store = open_store(f"sqlite:///{region.folder}/state/registry.db")
    told = [(one.actor, one.action) for one in Acts(store).waiting()]
    store.close()
    assert told == [("ana", "task opened"), ("ben", "task closed")]
