"""A refresh that loses too much waits for an operator, who lets go what was shown and nothing else."""

from __future__ import annotations

from functools import partial

import pytest
from click.testing import CliRunner

from gateway.audit import log
from gateway.audit.acts import read_acts
from gateway.commands.cli import main
from gateway.districts.retries import MAX_LOSS_PAUSE_SECONDS
from gateway.runtime.control import control_socket
from gateway.runtime.control.control_socket import Control
from tests.gateway.districts.test_failing_districts import settle
from tests.gateway.engine.school import students
from tests.support.failing_adapter import planned
from tests.support.regions import ROSTER, Site, agreement, running

TEN = tuple(f"S{number}" for number in range(10))
A_RENEWAL = 2000


class Town:
    """A district of ten students, and a consumer to whom all of it is released."""

    def __init__(self, region, plan):
        self.region, self.plan = region, plan
        self.district, self.consumer = region.gateway.districts["maple"], region.consumer()
        self.command = partial(CliRunner().invoke, main, env={"CROSSING_SETTINGS": str(region.folder / "gateway.toml")})

    def has(self, *names):
        """Let the district's system have these students, and let that be noticed."""
        self.plan.records = students(*names)
        self.plan.version += 1

    def later(self, seconds=A_RENEWAL):
        """Let time go by, and somebody ask."""
        self.region.clock.move(seconds)
        answer = self.consumer.roster("students")
        settle()
        return answer

    @property
    def size(self):
        answer = self.consumer.roster("students")
        return len(answer.json["users"]) if answer.status_code == 200 else answer.status_code

    def approvals(self):
        """The approvals on record, once whatever waits in the registry has been carried there."""
        self.region.running._carrier.carry()
        events = read_acts(self.region.folder / "state" / "audit")
        return [one for one in events if one["action"] == "large change approved"]


@pytest.fixture
def town(tmp_path, request):
    with planned("maple") as plan:
        plan.records = students(*TEN)
        sites = {"maple": Site("failing", {"plan": "maple"})}
        loss = f'[tokens]\nlife = "1d"\n{getattr(request, "param", "")}'
        with running(tmp_path / "r", sites, [agreement("maple")], loss) as region:
            listening = Control(region.folder / "state" / control_socket.NAME, region.running.handlers())
            one = Town(region, plan)
            assert one.size == 10
            yield one
            listening.close()


def test_what_waits_is_told_by_entity_and_count_and_the_old_state_serves_until_it_expires(town):
    town.has(*TEN[:7])
    town.later()
    status = town.district.status()
    assert (status.state, [(one.entity, one.gone, one.held) for one in status.waiting]) == (
        "stale",
        [("enrollment", 3, 10), ("student", 3, 10)],
    )
    assert "3 of 10 rows of student" in status.text()
    assert "crossing districts approve maple" in status.text()
    assert town.size == 10
    answer = town.later()
    assert answer.status_code == 503
    assert "10" not in answer.json["imsx_description"]
    assert int(answer.headers["Retry-After"]) > 0
    assert town.district.status().state == "failed"


def test_an_approval_lets_go_what_was_shown_at_once_and_is_recorded(town):
    town.has(*TEN[:7])
    town.later()
    ran = town.command(["districts", "approve", "maple", "--yes"])
    assert ran.exit_code == 0, ran.output
    assert "maple: approved: 3 of 10 rows of enrollment, 3 of 10 rows of student" in ran.output
    assert town.size == 7
    assert town.district.status().state == "fresh"
    (event,) = town.approvals()
    assert (event["district"], event["content"]["loss"]) == ("maple", ["enrollment: 3 of 10", "student: 3 of 10"])
    assert event["actor"]
    assert log.verify(town.region.folder / "state" / "audit", b"") is not None


@pytest.mark.parametrize("answer", ["n\n", "", "maybe\n"])
def test_nothing_goes_unless_somebody_says_yes(town, answer):
    town.has(*TEN[:7])
    town.later()
    ran = town.command(["districts", "approve", "maple"], input=answer)
    assert ran.exit_code == 1
    assert "3 of 10 rows of student" in ran.output
    assert (town.size, town.approvals()) == (10, [])
    assert town.command(["districts", "approve", "maple"], input="y\n").exit_code == 0
    assert town.size == 7


def test_a_second_loss_needs_an_approval_of_its_own(town):
    town.has(*TEN[:7])
    town.later()
    assert town.command(["districts", "approve", "maple", "--yes"]).exit_code == 0
    town.has(*TEN[:4])
    town.later()
    assert town.size == 7
    assert town.district.status().waiting


@pytest.mark.parametrize("left", [TEN[:6], TEN[3:]], ids=["more would go", "others would go"])
def test_where_the_source_has_lost_others_meanwhile_it_is_refused_again(town, left):
    town.has(*TEN[:7])
    town.later()
    town.has(*left)
    ran = town.command(["districts", "approve", "maple", "--yes"])
    assert ran.exit_code == 1
    assert "not refreshed: districts.maple: more rows would be dropped than may be without approval" in ran.output
    assert town.size == 10
    assert len(town.approvals()) == 1
    assert town.command(["districts", "approve", "maple", "--yes"]).exit_code == 0
    assert town.size == len(left)


def test_what_has_come_back_needs_no_approval(town):
    town.has(*TEN[:7])
    town.later()
    town.has(*TEN)
    town.region.clock.move(MAX_LOSS_PAUSE_SECONDS)
    town.district.retry_failed()
    settle()
    assert (town.district.status().state, town.district.status().waiting) == ("fresh", ())
    assert town.command(["districts", "approve", "maple", "--yes"]).exit_code == 1
    assert town.size == 10


def test_a_source_that_is_as_it_was_refused_is_not_read_again(town):
    town.has(*TEN[:7])
    town.later()
    town.plan.place, town.plan.error = "read", AssertionError
    for _ in range(5):
        town.region.clock.move(MAX_LOSS_PAUSE_SECONDS)
        town.district.retry_failed()
        settle()
    assert town.district.status().waiting
    assert "rows would be dropped" in town.district.status().reason


@pytest.mark.parametrize(
    "asked", [{"digest": 99}, {"name": "nowhere"}, {"name": "maple", "digest": "1"}, {"digest": None}]
)
def test_what_was_not_shown_cannot_be_approved(town, asked):
    town.has(*TEN[:7])
    town.later()
    *_, last = control_socket.ask(town.region.folder / "state", "districts approve", **({"name": "maple"} | asked))
    assert last["ok"] is False
    assert (town.size, town.approvals()) == (10, [])


LOSS = "[districts.maple.loss]\n"


@pytest.mark.parametrize(
    ("town", "left", "size"),
    [
        (f"{LOSS}default = 0.5\n", 6, 6), (f"{LOSS}student = 0.5\n", 6, 10), (f"{LOSS}default = 0.0\n", 9, 10),
        (f"{LOSS}student = 0.5\nenrollment = 0.5\n", 6, 6),
    ],
    indirect=["town"],
)  # fmt: skip
def test_a_district_may_say_how_much_of_what_may_go(town, left, size):
    town.has(*TEN[:left])
    town.later()
    assert town.size == size


def test_without_a_running_gateway_there_is_nothing_to_approve(tmp_path):
    (tmp_path / "gateway.toml").write_text("", "utf-8")
    ran = CliRunner().invoke(
        main, ["districts", "approve", "maple", "--yes", "--settings", str(tmp_path / "gateway.toml")]
    )
    assert ran.exit_code == 1
    assert "No gateway is running" in ran.output


def test_a_consumer_sees_the_same_whatever_is_lost_of_what_it_may_not_see(town):
    told = []
    for left in (7, 5):
        town.has(*TEN[:left])
        town.later(4000)
        answer = town.consumer.ask(f"{ROSTER}orgs", headers={"correlation-id": "asked"})
        told.append((answer.status_code, dict(answer.headers), answer.text))
    assert told[0] == told[1]
    assert told[0][0] == 503
