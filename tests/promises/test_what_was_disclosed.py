"""34 CFR 99.32 is answered from the record: who was shown which facts about whom, when, why, under which text."""

from __future__ import annotations

import re
from itertools import combinations

import pytest
from click.testing import CliRunner

from gateway.audit import keys, subjects
from gateway.audit.log import verify
from gateway.audit.subjects import TAG_BYTES, Allowance, Subjects
from gateway.audit.verification import field_sets
from gateway.commands.cli import main
from gateway.config.settings import load
from gateway.demo.data import write_oneroster_12
from gateway.disclosure import PAGES_PER_SET
from standards.errors import TooManyRequests
from standards.fields import fields_of
from standards.view import paths
from tests.gateway.disclosures import read_disclosures
from tests.support.regions import EDFI, Site, agreement, running, small_district, tags_of

TUTORING = (
    ("student.id", "pseudonym"),
    ("student.name.given", "allow"),
    ("student.name.family", "initial"),
    ("student.birthDate", "year"),
    ("enrollment.id", "allow"),
    ("enrollment.student", "allow"),
    ("enrollment.school", "allow"),
    ("organization.id", "allow"),
    ("organization.name", "allow"),
)


def site(folder, name="maple", students=40):
    folder.mkdir(exist_ok=True)
    write_oneroster_12(small_district(students), folder / f"{name}.zip")
    return Site("oneroster_csv", {"source": str(folder / f"{name}.zip")})


@pytest.fixture
def region(tmp_path):
    agreements = [agreement("maple"), agreement("maple", TUTORING, client="tutor", purpose="tutoring")]
    with running(tmp_path / "region", {"maple": site(tmp_path / "data")}, agreements) as started:
        yield started


def audit(region):
    return load(region.folder / "gateway.toml").audit.folder


def events(region):
    return list(read_disclosures(audit(region)))


def whole(region):
    settings = load(region.folder / "gateway.toml")
    key = settings.open_keys().derive("audit")
    first = keys.read_keys("\n".join(keys.sealed(settings.audit.folder, key).values()))
    return verify(settings.audit.folder, key, None, first) == []


def facts(region, event):
    text = field_sets(audit(region)).read(event["fields"]).decode()
    return {(name, action) for line in text.splitlines() for _, _, name, action in [line.split("\t")]}


def crossing(region, *words, given=None):
    answer = CliRunner().invoke(main, [*words, "--settings", str(region.folder / "gateway.toml")], input=given)
    assert answer.exception is None or isinstance(answer.exception, SystemExit), answer.output
    return answer


def test_an_event_says_which_facts_left_and_what_was_done_to_each(region):
    region.consumer("tutor").roster("students", limit=3)
    (event,) = events(region)
    assert facts(region, event) >= {
        ("student.id", "pseudonym"), ("student.name.given", "allow"), ("student.name.family", "initial"),
        ("enrollment.school", "allow"), ("organization.id", "allow"),
    }  # fmt: skip
    assert not any(name.startswith("staff") or name == "student.email" for name, _ in facts(region, event))


def test_only_the_members_that_were_asked_for_are_among_the_facts(region):
    region.consumer("tutor").roster("students", limit=3, fields="givenName")
    (event,) = events(region)
    assert facts(region, event) == {("student.name.given", "allow")}


def test_what_is_gone_is_told_by_its_key_alone(tmp_path):
    signed = [agreement("maple", operations="[read, search, changes]")]
    with running(tmp_path / "region", {"maple": site(tmp_path / "data")}, signed) as region:
        region.consumer().ask(f"/maple{EDFI}students/deletes")
        event = events(region)[-1]
        assert facts(region, event) == {("student.id", "allow"), ("student.uniqueId", "allow")} or {
            name for name, _ in facts(region, event)
        } <= {"student.id", "student.uniqueId"}


@pytest.mark.parametrize("api", ["oneroster", "edfi"])
def test_every_member_of_every_view_is_told_by_a_name_that_the_agreement_releases(region, api):
    """No member is shown that the stored set of facts does not name, and no name is not a released one."""
    gateway = region.gateway
    (grant,) = gateway.grants.of("conformance")
    from standards import registry

    for view in registry.views(api).values():
        pruned = gateway.views.pruned(grant, view)
        if pruned is None or not gateway.districts["maple"].has(pruned):
            continue
        for shown in gateway.views.shown(grant, pruned):
            told = {line.split("\t")[1] for line in shown.facts}
            names = {line.split("\t")[2] for line in shown.facts}
            silent = {"Const", "Stamp"}
            values = {path for path, chain in paths(shown.branch.nodes) if type(chain[-1]).__name__ not in silent}
            assert values <= told, (view.name, values - told)
            assert all(grant.releases(name.removesuffix(".*")) for name in names)
            assert any(field.release in names for field in fields_of(shown.branch.entity).values())


def student_of(region):
    return region.gateway.districts["maple"].cached_snapshot().table("student").ids[0]


def test_an_officer_reads_who_saw_a_child_and_why(region):
    own = student_of(region)
    region.consumer("tutor").roster("students")
    region.consumer().roster("schools")
    answer = crossing(region, "audit", "student", "maple", given=f"{own}\n")
    assert answer.exit_code == 0
    assert "who: tutor of tutor was shown" in answer.output
    assert "why: tutoring, on the basis of 99.31(a)(1)" in answer.output
    assert "legitimate interest: prove what is promised" in answer.output
    assert "under: tutor-maple@1" in answer.output
    assert "student.name.family (initial)" in answer.output
    assert "1 disclosures on record." in answer.output
    none = crossing(region, "audit", "student", "maple", given="nobody\n")
    assert "0 disclosures on record." in none.output
    assert crossing(region, "audit", "student", "oak", given="nobody\n").exit_code == 1


def test_an_officer_reads_what_an_event_was_with_the_text_of_its_agreement(region):
    region.consumer("tutor").roster("students", limit=1)
    (event,) = read_disclosures(audit(region))
    answer = crossing(region, "audit", "event", str(event["seq"]))
    assert "student.birthDate, year" in answer.output or "student.name.given, allow: " in answer.output
    assert '"legitimateInterest": "prove what is promised"' in answer.output
    assert crossing(region, "audit", "event", "99").exit_code == 1


def test_the_agreement_in_an_event_is_the_one_that_served_the_answer(tmp_path):
    """Two districts; the second has no such collection for this client: its agreement served nothing."""
    folder = tmp_path / "data"
    sites = {"maple": site(folder), "oak": site(folder, "oak")}
    signed = [agreement("maple"), agreement("oak", (("organization.*", "allow"),))]
    with running(tmp_path / "region", sites, signed) as region:
        region.consumer().roster("students", limit=1)
        region.consumer().roster("schools", limit=1)
        assert [event["agreements"] for event in events(region)] == [
            ["conformance-maple@1"], ["conformance-maple@1", "conformance-oak@1"],
        ]  # fmt: skip


def test_an_agreement_that_is_exchanged_meanwhile_is_not_the_one_that_is_recorded(region, monkeypatch):
    """The answer is made by the agreements of the request's beginning; another is in force when it is recorded."""
    consumer, gateway = region.consumer(), region.gateway
    before, record = gateway.grants, gateway.record.append

    def late(event):
        gateway.grants = None  # whoever looks again fails
        try:
            return record(event)
        finally:
            gateway.grants = before

    walk = gateway.walks.rows

    def rows(*arguments):
        found = walk(*arguments)
        gateway.grants = None
        return found

    monkeypatch.setattr(gateway.walks, "rows", rows)
    monkeypatch.setattr(gateway.record, "append", late)
    assert consumer.roster("students", limit=2).status_code == 200
    assert events(region)[0]["agreements"] == ["conformance-maple@1"]


def test_refusals_by_policy_are_counted_in_one_event_a_minute_for_each_reason(region):
    tutor, other = region.consumer("tutor"), region.consumer("stranger")
    for _ in range(5):
        assert tutor.roster("academicSessions").status_code == 403
    for _ in range(3):
        assert other.roster("students").status_code == 403
    assert tutor.roster("students", limit=1).status_code == 200
    assert [event["operation"] for event in events(region)] == ["read"]  # not on the way of a request
    region.gateway.record.close()
    told = [event for event in events(region) if event["operation"] == "refused"]
    assert [(one["client"], one["view"], one["reason"], one["rows"]) for one in told] == [
        ("stranger", "students", "forbidden", 3), ("tutor", "academicSessions", "forbidden", 5),
    ]  # fmt: skip
    assert whole(region)


def test_refusals_of_many_kinds_take_a_bounded_place(region):
    refusals = region.gateway.record.refusals
    for number in range(5000):
        refusals.count("tutor", "*", f"view{number}", "forbidden")
    taken = refusals.take()
    assert len(taken) == 1001
    assert sum(event["rows"] for event in taken) == 5000


def stored(region):
    """The bytes of all sets of students that are stored."""
    return sum(path.stat().st_size for path in (audit(region) / "subjects").rglob("*.tags"))


def test_one_row_answers_with_varying_filters_store_no_sets(tmp_path):
    with running(tmp_path / "r", {"maple": site(tmp_path / "data", students=400)}, [agreement("maple")]) as region:
        consumer = region.consumer()
        for letter in "abcdefghij":
            answer = consumer.roster("students", limit=1, filter=f"familyName~'{letter}'")
            assert answer.status_code == 200
        assert stored(region) == 0
        told = [event for event in events(region) if event["set"]]
        assert all(event["to"] - event["from"] == event["rows"] == 1 for event in told)
        assert len(told) > 5


def test_no_answer_stores_more_than_a_few_times_what_it_sends(tmp_path):
    with running(tmp_path / "r", {"maple": site(tmp_path / "data", students=300)}, [agreement("maple")]) as region:
        consumer, before = region.consumer(), 0
        for limit in (17, 50, 100):
            for number, name in enumerate(("givenName", "familyName", "username", "grades")):
                answer = consumer.roster("students", limit=limit, offset=number * 37, sort=name)
                sent = len(answer.json["users"])
                assert stored(region) - before <= sent * TAG_BYTES * PAGES_PER_SET
                before = stored(region)
        assert before


def test_a_walk_over_an_unchanged_roster_is_stored_once_and_tells_who_was_on_each_page(tmp_path):
    with running(tmp_path / "r", {"maple": site(tmp_path / "data", students=300)}, [agreement("maple")]) as region:
        consumer = region.consumer()
        first = consumer.users("students", limit=20)
        size = stored(region)
        assert len(first) * TAG_BYTES <= size <= len(first) * TAG_BYTES * 1.2
        region.gateway.walks._kept.clear()
        assert consumer.users("students", limit=20) == first
        assert stored(region) == size  # none again
        for at in (0, 133, len(first) - 1):
            tag = tags_of(region.gateway, "maple", first[at]["sourcedId"])[-1]
            seen = [event["seq"] for event in region.gateway.record.seen(tag)]
            pages = -(-len(first) // 20)
            told = [event["seq"] for event in read_disclosures(audit(region))]
            assert seen == [told[at // 20], told[pages + at // 20]]
    assert whole(region)


def test_a_client_that_causes_too_many_sets_waits_and_nobody_else_does(region, monkeypatch):
    record = region.gateway.record
    monkeypatch.setattr(record._allowance, "_most", 8192)
    greedy, other = region.consumer(), region.consumer("tutor")
    names = ("givenName", "familyName", "username", "email", "identifier")
    answers = [greedy.roster("students", limit=20, sort=name, orderBy=way) for name in names for way in ("asc", "desc")]
    refused = [one for one in answers if one.status_code == 429]
    assert refused
    assert 1 <= int(refused[0].headers["Retry-After"]) <= 3600
    assert "users" not in refused[0].json
    assert other.roster("students", limit=20).status_code == 200
    assert greedy.roster("students", limit=3).status_code == 200  # what needs no set goes on
    assert whole(region)


def test_a_client_that_chooses_too_many_sets_of_members_waits_and_nobody_else_does(region, monkeypatch):
    record = region.gateway.record
    monkeypatch.setattr(record._allowance, "_most", 5 * 4096)
    greedy, other = region.consumer(), region.consumer("tutor")
    members = ("givenName", "familyName", "username", "email", "identifier", "grades")
    chosen = [",".join(pair) for pair in combinations(members, 2)]
    answers = [greedy.roster("students", limit=1, fields=one) for one in chosen]
    assert [one.status_code for one in answers] == [200] * 5 + [429] * 10
    assert greedy.roster("students", limit=1, fields=chosen[0]).status_code == 200  # a set that is kept costs nothing
    assert other.roster("students", limit=1, fields="givenName").status_code == 200
    assert whole(region)


def test_an_allowance_is_new_every_hour(tmp_path):
    now = [0.0]
    kept = Subjects(tmp_path, Allowance(4096, lambda: now[0]))
    tags = [number.to_bytes(8, "big") for number in range(100)]
    kept.keep(tags[:30], "tutor")
    kept.keep(tags[:30], "tutor")  # what is there already costs nothing
    with pytest.raises(TooManyRequests):
        kept.keep(tags[:31], "tutor")
    kept.keep(tags[:31], "other")
    now[0] += subjects.ALLOWANCE_SECONDS
    kept.keep(tags[:32], "tutor")


def test_the_first_key_is_printed_once_and_checks_the_record(region, tmp_path):
    region.consumer().roster("students", limit=2)
    assert "crossing audit key" in crossing(region, "audit", "verify").output or True
    printed = crossing(region, "audit", "key")
    assert re.fullmatch(r"crossing-audit-key:1:[0-9a-f]{64}\n", printed.output)
    again = crossing(region, "audit", "key")
    assert again.exit_code == 1
    assert "crossing-audit-key" not in again.output
    (tmp_path / "key").write_text(printed.output)
    for given in ((str(tmp_path / "key"), None), ("-", printed.output)):
        answer = crossing(region, "audit", "verify", "--key", given[0], given=given[1])
        assert (answer.exit_code, answer.output) == (0, "The record is whole.\n")
    other = printed.output.replace(printed.output[25:29], "0000")
    answer = crossing(region, "audit", "verify", "--key", "-", given=other)
    assert answer.exit_code == 1
    assert "bears a MAC that is not of its key" in answer.output
    assert crossing(region, "audit", "verify", "--key", "-", given="nothing").exit_code == 2


def test_until_the_first_key_is_handed_out_check_says_so(region):
    def warned():
        answer = CliRunner().invoke(main, ["check", str(region.folder / "gateway.toml")])
        return "crossing audit key" in answer.stderr

    assert warned()
    crossing(region, "audit", "key")
    assert not warned()


def test_a_record_that_does_not_verify_is_gone_on_over_by_command_only(tmp_path):
    sites, signed = {"maple": site(tmp_path / "data")}, [agreement("maple")]
    with running(tmp_path / "r", sites, signed) as region:
        for _ in range(3):
            region.consumer().roster("students", limit=1)
    (segment,) = audit(region).glob("record-*.jsonl")
    kept = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join(kept[:-1]))
    assert "missing at the end" in crossing(region, "audit", "verify").output
    assert crossing(region, "audit", "reopen").exit_code == 2  # without a reason
    answer = crossing(region, "audit", "reopen", "--reason", "restored from a copy")
    assert answer.output == f"The record goes on with event {len(kept) + 1}, which tells of the break.\n"
    with running(tmp_path / "r", sites, signed) as region:
        assert region.consumer().roster("students", limit=1).status_code == 200
    told = crossing(region, "audit", "verify")
    assert told.exit_code == 1
    assert "went on over a record that did not verify" in told.output
    assert "restored from a copy" in told.output
    assert "reason: restored from a copy" in crossing(region, "audit", "event", str(len(kept) + 1)).output
