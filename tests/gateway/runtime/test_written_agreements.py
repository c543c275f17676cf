"""A published agreement of the registry is served like a file: the same answers, and as closed where it is wrong."""

from __future__ import annotations

from contextlib import closing

import pytest
from sqlalchemy import update

from gateway.config.settings import load
from gateway.storage.database import transaction
from gateway.storage.people.agreements import DRAFT, REVIEW, WITHDRAWN
from gateway.storage.people.tables import written_agreements
from gateway.storage.registry import open_store
from policies.documents.written import digest
from tests.support.people.agreements import put
from tests.support.regions import TUTORING, Clock, agreement, running, small_sites, wait_until, write
from tests.support.reloading import reloadable

NARROW = agreement("maple", TUTORING)
WIDE = agreement("maple", version=2)


@pytest.fixture
def sites(tmp_path):
    return {"maple": small_sites(tmp_path, 20)["maple"]}


def written(folder, sites, *texts, state="published"):
    """Write the settings of a region whose agreements lie in its registry."""
    read = load(write(folder, sites, []))
    with closing(open_store(read.store_url, Clock())) as store:
        for text in texts:
            put(store, Clock(), text, state)


def tamper(region, **values):
    opened = closing(open_store(region.store_url, Clock()))
    with opened as store, transaction(store.engine, write=True) as connection:
        connection.execute(update(written_agreements).values(**values))


def exits(region):
    """Ask by many ways; return the bytes of all answers."""
    consumer = region.consumer()
    paths = ("students?limit=7&sort=familyName", "students?filter=givenName>'M'", "enrollments", "students/none")
    answers = [consumer.roster(path) for path in paths]
    answers += [consumer.edfi("students", totalCount="true"), consumer.edfi("studentSchoolAssociations", limit=3)]
    return [(one.status_code, one.data) for one in answers]


def test_a_written_agreement_gives_the_very_bytes_that_the_file_gives(tmp_path, sites):
    with running(tmp_path / "file", sites, [NARROW]) as region:
        expected = exits(region)
    written(tmp_path / "registry", sites, NARROW)
    with running(tmp_path / "registry", sites, []) as region:
        assert exits(region) == expected
    assert [status for status, _ in expected] == [200, 200, 200, 404, 200, 200]


@pytest.mark.parametrize("state", [DRAFT, REVIEW, WITHDRAWN, "recalled"])
def test_what_is_not_published_releases_nothing(tmp_path, sites, state):
    written(tmp_path / "r", sites, NARROW, state=state)
    with running(tmp_path / "r", sites, []) as region:
        assert region.consumer().roster("students").status_code == 403


def test_a_state_that_nobody_knows_makes_a_version_wrong(tmp_path, sites):
    written(tmp_path / "r", sites, NARROW, state="broken")
    with running(tmp_path / "r", sites, [WIDE]) as region:
        assert region.consumer().roster("students").status_code == 403


def test_a_text_that_was_tampered_with_closes_its_agreement_and_what_its_clients_have(tmp_path, sites):
    written(tmp_path / "r", sites, WIDE)
    with running(tmp_path / "r", sites, [NARROW]) as region:
        assert region.consumer().roster("students").status_code == 200
        tamper(region, text=WIDE.replace("2026-09-01", "2026-09-02"))
    with running(tmp_path / "r", sites, []) as region:
        assert region.consumer().roster("students").status_code == 403


def test_a_text_that_was_tampered_with_together_with_its_hash_is_not_what_is_on_record(tmp_path, sites):
    written(tmp_path / "r", sites, NARROW)
    with running(tmp_path / "r", sites, []) as region:
        assert region.consumer().roster("students").status_code == 200
        text = NARROW.replace('"student.name.family", action: initial', '"student.name.family", action: allow')
        tamper(region, text=text, digest=digest(text))
    with running(tmp_path / "r", sites, []) as region:
        assert region.consumer().roster("students").status_code == 403


def test_a_text_about_somebody_else_than_was_written_is_wrong(tmp_path, sites):
    written(tmp_path / "r", sites, NARROW)
    with running(tmp_path / "r", sites, []) as region:
        tamper(region, recipient="somebody-else")
    with running(tmp_path / "r", sites, []) as region:
        assert region.consumer().roster("students").status_code == 403


def test_one_version_in_a_file_and_in_the_registry_is_a_clash(tmp_path, sites):
    written(tmp_path / "r", sites, NARROW)
    with running(tmp_path / "r", sites, [NARROW]) as region:
        assert region.consumer().roster("students").status_code == 403


def test_a_withdrawal_ends_an_open_walk_within_a_second_and_brings_back_nothing(tmp_path, sites):
    written(tmp_path / "r", sites, WIDE)
    with reloadable(tmp_path / "r", sites, {"0": NARROW}) as region:
        consumer = region.consumer()
        first = consumer.roster("students", limit=5)
        following = first.headers["Link"].partition("<")[2].partition(">")[0]
        assert (first.status_code, consumer.ask(following).status_code) == (200, 200)
        with closing(open_store(region.store_url, Clock())) as store:
            put(store, Clock(), WIDE, WITHDRAWN)
        wait_until(lambda: consumer.roster("students").status_code == 403, 3)
        assert consumer.ask(following).status_code in {403, 409}


def test_a_withdrawal_takes_effect_though_a_file_is_wrong(tmp_path, sites):
    written(tmp_path / "r", sites, NARROW)
    with reloadable(tmp_path / "r", sites, {}) as region:
        consumer = region.consumer()
        assert consumer.roster("students").status_code == 200
        (region.folder / "agreements" / "wrong.yaml").write_text("id: [", "utf-8")
        with closing(open_store(region.store_url, Clock())) as store:
            put(store, Clock(), NARROW, WITHDRAWN)
        wait_until(lambda: consumer.roster("students").status_code == 403, 3)
