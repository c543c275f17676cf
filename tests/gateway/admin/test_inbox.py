"""The inbox shows what waits for whom, and lets it be closed by nobody else."""

from __future__ import annotations

import pytest

from gateway.admin.inbox.inbox import Inbox
from gateway.people.actor import NotPermitted, operator
from gateway.storage.acts import Acts
from gateway.tasks.store import Tasks
from gateway.tasks.task import BY_ITSELF
from standards.errors import CallerError, Conflict, NotFound
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inbox")
    sites = small_sites(folder / "data")
    agreements = [agreement(name, end="2026-11-20") for name in sites]
    with people_region(folder / "region", sites, agreements) as region:
        yield region


@pytest.fixture
def inbox(region):
    return Inbox(region.administered)


def test_somebody_sees_what_waits_for_the_own_organisation_alone(region, inbox):
    orgs = {one.org for one in inbox.gathered(region.actor("ada", ("maple", "privacy-officer"))).tasks}
    assert "maple" in orgs
    assert orgs <= {"maple"}


def test_a_task_of_another_organisation_is_like_one_that_does_not_exist(region, inbox):
    ada = region.actor("ada", ("maple", "privacy-officer"))
    every = inbox.gathered(operator("op")).tasks
    other = next(one for one in every if one.org not in {"maple", ""})
    for name in (other.id, "f" * 16):
        with pytest.raises(NotFound) as refused:
            inbox.close(ada, name, "done")
        assert refused.value.message == f"There is no task {name!r} today."


def test_a_task_is_closed_by_its_role_once_and_on_record(region, inbox):
    task = inbox.open(operator("op"), "maple", "privacy-officer", "look at the forms", None)
    with pytest.raises(NotPermitted):
        inbox.close(region.actor("rex", ("maple", "registrar")), task.id, "done")
    ada = region.actor("ada", ("maple", "privacy-officer"))
    with pytest.raises(CallerError):
        inbox.close(ada, task.id, "  ")
    with pytest.raises(CallerError):
        inbox.close(ada, task.id, "two\nlines")
    inbox.close(ada, task.id, "looked at")
    with pytest.raises(Conflict):
        inbox.close(ada, task.id, "again")
    act = Acts(region.administered.store).waiting()[-1]
    assert (act.actor, act.action, act.content["task"], act.reason) == (
        "ada@example.org", "task closed", task.id, "looked at",
    )  # fmt: skip


def test_an_auditor_reads_tasks_and_closes_none(region, inbox):
    iris = region.actor("iris", ("maple", "auditor"))
    task = inbox.open(operator("op"), "maple", "auditor", "read", None)
    assert task.id in {one.id for one in inbox.gathered(iris).tasks}
    with pytest.raises(NotPermitted):
        inbox.close(iris, task.id, "read")


def test_agreements_that_end_soon_are_counted_for_their_parties(region, inbox):
    assert inbox.overview(region.actor("ada", ("maple", "privacy-officer"))).ending == (("conformance-maple", 18),)
    assert len(inbox.overview(region.actor("otto", ("region", "region-operator"))).ending) == 2
    assert inbox.overview(region.actor("eve", ("elsewhere", "vendor-contact"))).ending == ()


def test_whoever_has_no_role_for_tasks_sees_none(region, inbox):
    with pytest.raises(NotPermitted):
        inbox.gathered(region.actor("tea", ("maple", "educator")))


@pytest.mark.parametrize("kind", sorted(BY_ITSELF))
def test_nobody_hides_a_task_that_closes_by_itself(region, inbox, kind):
    store = region.administered.store
    task = Tasks(store, region.clock).open("maple", "approver", "waits", None, "tests", kind)
    with pytest.raises(Conflict, match="closes by itself"):
        inbox.close(region.actor("abe", ("maple", "approver")), task.id, "not signed")
    assert next(one for one in Tasks(store).rows() if one.id == task.id).closed is None
