"""A transfer goes the ways of the table and no other, for those who may make it go."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta

import pytest

from gateway.transfers.machine.contents import MEMBERS
from gateway.transfers.machine.errors import HistoryBroken, NotAllowed, NotPartyTo, TransferKeyReused, WrongContent
from gateway.transfers.machine.event import spell_moment
from gateway.transfers.machine.fold import apply, fold, next_event
from gateway.transfers.machine.outward import outward, outward_choices, outward_state
from gateway.transfers.machine.transitions import TRANSITIONS, allowed
from gateway.transfers.machine.words import (
    CLOSED,
    MAX_RESENDS,
    NEVER_BY_RULE,
    SECTIONS,
    EventKind,
    RecordSection,
    Track,
    TransferParty,
    TransferState,
)
from standards.errors import CallerError
from tests.gateway.transfers.histories import ECHO, OTHER, RECEIVER, SENDER, TRACE, after, draft, happens, without

E = EventKind
WAYS = {
    "requested": (E.ASK,),
    "matched": (E.ASK, E.MATCH),
    "near": (E.ASK, (E.MATCH, {"result": "several"})),
    "unknown": (E.ASK, (E.MATCH, {"result": "none"})),
    "waiting": (E.ASK, E.MATCH, E.TASK),
    "held": (E.ASK, E.MATCH, E.TASK, E.HOLD),
    "refused": (E.ASK, E.MATCH, E.TASK, E.REFUSE),
    "approved": (E.ASK, E.MATCH, E.TASK, E.APPROVE),
    "packed": (E.ASK, E.MATCH, E.TASK, E.APPROVE, E.PACK),
    "delivered": (E.ASK, E.MATCH, E.TASK, E.APPROVE, E.PACK, E.DELIVER),
    "acknowledged": (E.ASK, E.MATCH, E.TASK, E.APPROVE, E.PACK, E.DELIVER, E.ACCEPT),
    "filed": (E.ASK, E.MATCH, E.TASK, E.APPROVE, E.PACK, E.DELIVER, E.ACCEPT, *[E.FILE] * 14),
    "ended": (E.ASK, (E.MATCH, {"result": "none"}), E.END),
    "withdrawn": (E.ASK, E.WITHDRAW),
    "lapsed": (E.ASK, E.MATCH, E.TASK, E.APPROVE, E.PACK, (E.LAPSE, {"after": timedelta(days=14)})),
}


def way(name):
    transfer = None
    for step in WAYS[name]:
        kind, more = step if isinstance(step, tuple) else (step, {})
        if more.get("result"):
            made = without(draft(kind, transfer, **more), "subject", "child")
            transfer = apply(transfer, next_event(transfer, made))
        else:
            transfer = happens(transfer, kind, **more)
    return transfer


def found(transfer, result):
    return apply(transfer, next_event(transfer, without(draft(E.MATCH, transfer, result=result), "subject", "child")))


@pytest.mark.parametrize("state", TransferState)
def test_every_state_is_reached(state):
    assert way(state).state is state


BEFORE = {"requested", "matched", "near", "unknown", "waiting", "held", "approved", "packed"}
R, S, P, B, A = (
    TransferParty.RECEIVER,
    TransferParty.SENDER,
    TransferParty.SENDER_APPROVER,
    TransferParty.GATEWAY,
    TransferParty.AGENT,
)
TABLE = [
    ({"requested"}, E.MATCH, "matched", {B}),
    ({"near"}, E.CHOOSE, "matched", {S, P}),
    ({"near"}, E.NONE_OF_THEM, "unknown", {S, P}),
    ({"unknown"}, E.REDIRECT, "requested", {S, P, R}),
    ({"unknown"}, E.END, "ended", {S, P, R}),
    ({"matched"}, E.RELEASE, "approved", {B}),
    ({"matched", "approved", "packed"}, E.TASK, "waiting", {B}),
    ({"approved"}, E.DOUBT, "near", {B}),
    *(({state}, kind, state, {P}) for state in ("waiting", "acknowledged", "filed") for kind in (E.ATTACH, E.DETACH)),
    ({"waiting"}, E.APPROVE, "approved", {P}),
    ({"waiting", "approved", "packed"}, E.HOLD, "held", {P}),
    ({"waiting"}, E.REFUSE, "refused", {P}),
    ({"held"}, E.FREE, "waiting", {S, P}),
    ({"approved"}, E.PACK, "packed", {B}),
    ({"packed"}, E.UNPACK, "approved", {B}),
    ({"packed"}, E.DELIVER, "delivered", {B, A}),
    ({"delivered"}, E.ACCEPT, "acknowledged", {A}),
    ({"delivered"}, E.RESEND, "approved", {A}),
    ({"acknowledged"}, E.FILE, "acknowledged", {R}),
    ({"acknowledged", "filed"}, E.SUPPLEMENT, "approved", {S, P}),
    (BEFORE, E.WITHDRAW, "withdrawn", {R, S, P}),
    ({"packed"}, E.LAPSE, "lapsed", {B}),
]


@pytest.mark.parametrize("state", TransferState)
def test_a_state_allows_what_the_table_says_and_to_whom(state):
    transfer = way(state)
    for party in TransferParty:
        wanted = {kind for states, kind, _, parties in TABLE if state in states and party in parties}
        assert allowed(transfer, party) == wanted, party


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row[1])
def test_an_event_leads_where_the_table_says(row):
    states, kind, target, parties = row
    for state in states:
        for party in parties:
            later = timedelta(days=14) if kind is E.LAPSE else timedelta(hours=1)
            more = {"sections": ["identity"]} if kind is E.SUPPLEMENT else {}
            more |= {"causes": ["agreement"]} if kind is E.TASK and state != "matched" else {}
            assert happens(way(state), kind, party=party, after=later, **more).state == target


@pytest.mark.parametrize("state", TransferState)
def test_what_the_table_does_not_say_is_refused_and_changes_nothing(state):
    transfer = way(state)
    for kind in E:
        for party in set(TransferParty) - {
            p for states, k, _, ps in TABLE if k is kind and state in states for p in ps
        }:
            with pytest.raises(CallerError):
                next_event(transfer, draft(kind, transfer, party=party))
    assert transfer == way(state) or transfer.number == len(WAYS[state])


def test_a_match_leads_to_one_of_three_states():
    asked = after(E.ASK)
    assert [found(asked, result).state for result in ("several", "conflict", "none")] == ["near", "near", "unknown"]


def test_only_the_receiving_district_begins():
    assert allowed(None, R) == {E.ASK}
    assert all(allowed(None, party) == frozenset() for party in {S, P, B, A})
    with pytest.raises(NotPartyTo):
        next_event(None, draft(E.ASK, org="cedar"))
    with pytest.raises(NotAllowed):
        next_event(None, draft(E.MATCH))
    with pytest.raises(WrongContent):
        next_event(None, draft(E.ASK, sender=RECEIVER))


@pytest.mark.parametrize("state", TransferState)
def test_to_another_district_there_is_no_such_transfer(state):
    transfer = way(state)
    for kind in E:
        for party in (R, S, P, A, B):
            with pytest.raises(NotPartyTo):
                next_event(transfer, draft(kind, transfer, party=party, org="elm"))


def test_who_asks_names_the_student_by_three_parts():
    with pytest.raises(WrongContent):
        next_event(None, draft(E.ASK, known=["name", "birth-date"]))
    with pytest.raises(WrongContent):
        next_event(None, draft(E.ASK, known=["name", "name", "birth-date"]))


def test_a_request_is_redirected_three_times_at_most_and_never_to_who_has_it():
    transfer = found(after(E.ASK), "none")
    for district in (transfer.sender, RECEIVER):
        with pytest.raises(WrongContent):
            happens(transfer, E.REDIRECT, sender=district)
    for _ in range(3):
        transfer = found(happens(transfer, E.REDIRECT), "none")
    assert E.REDIRECT not in allowed(transfer, S)
    with pytest.raises(NotAllowed):
        happens(transfer, E.REDIRECT)


def test_who_had_a_request_before_it_was_redirected_has_nothing_to_do_with_it():
    transfer = happens(found(after(E.ASK), "none"), E.REDIRECT)
    assert (transfer.sender, transfer.first_sender) == (OTHER, SENDER)
    with pytest.raises(NotPartyTo):
        happens(transfer, E.WITHDRAW, party=S, org=SENDER)


@pytest.mark.parametrize("section", sorted(NEVER_BY_RULE))
def test_some_sections_never_leave_by_rule(section):
    with pytest.raises(WrongContent):
        happens(way("matched"), E.RELEASE, sections=["identity", section])


def test_a_student_whom_a_person_chose_is_not_released_by_rule():
    chosen = happens(way("near"), E.CHOOSE)
    assert allowed(chosen, B) == {E.TASK}


def test_a_fee_holds_nothing_but_the_transcript():
    waiting = way("waiting")
    assert happens(waiting, E.HOLD, reason="fee").stops[0].sections == {RecordSection.TRANSCRIPT}
    with pytest.raises(WrongContent):
        happens(waiting, E.HOLD, reason="fee", sections=["transcript", "health"])
    assert happens(waiting, E.HOLD, reason="identity-doubt", sections=["health"]).stops == ()


@pytest.mark.parametrize("kind", [E.HOLD, E.REFUSE, E.RESEND, E.WITHDRAW, E.UNPACK])
@pytest.mark.parametrize("reason", ["", "Anna Lee owes us", "owed"])
def test_a_reason_is_one_of_a_list(kind, reason):
    state = {E.RESEND: "delivered", E.UNPACK: "packed"}.get(kind, "waiting")
    with pytest.raises(WrongContent) as refused:
        happens(way(state), kind, reason=reason)
    assert "Anna" not in str(refused.value)


def test_what_was_released_leaves_with_its_batch_and_not_before():
    waiting = way("waiting")
    leaves = waiting.changed + timedelta(hours=9)
    approved = happens(waiting, E.APPROVE, leaves=spell_moment(leaves))
    with pytest.raises(NotAllowed):
        happens(approved, E.PACK)
    assert happens(approved, E.PACK, after=leaves - approved.changed).state == "packed"
    with pytest.raises(WrongContent):
        happens(waiting, E.APPROVE, leaves=spell_moment(waiting.changed))


def test_a_package_holds_what_was_released_and_nothing_else():
    approved = happens(way("waiting"), E.APPROVE, sections=["identity", "health"], withheld=["discipline"])
    for states in (
        {"identity": "whole"},
        {"identity": "whole", "health": "whole", "contacts": "whole"},
        {"identity": "whole", "health": "whole", "discipline": "whole"},
    ):
        with pytest.raises(WrongContent):
            happens(approved, E.PACK, sections=states, traces=dict.fromkeys(states, TRACE))
    told = {"identity": "whole", "health": "not-in-source", "discipline": "withheld", "contacts": "none"}
    traces = dict.fromkeys(told, TRACE)
    assert happens(approved, E.PACK, sections=told, traces=traces).package.sections == told
    with pytest.raises(WrongContent):
        happens(approved, E.PACK, sections=told, traces={"identity": TRACE})


def test_a_section_is_not_both_approved_and_withheld():
    with pytest.raises(WrongContent):
        happens(way("waiting"), E.APPROVE, sections=["health"], withheld=["health"])


def test_what_was_read_back_otherwise_than_it_was_sent_is_not_accepted_but_sent_again():
    delivered = way("delivered")
    with pytest.raises(NotAllowed):
        happens(delivered, E.ACCEPT, echo="d" * 64)
    again = happens(delivered, E.RESEND, reason="mismatch")
    assert (again.state, again.version, again.release.sections) == ("approved", 2, delivered.release.sections)
    assert delivered.settled
    assert not again.settled
    second = after(E.PACK, E.DELIVER, E.ACCEPT, transfer=again)
    assert list(second.delivered) == [1, 2]
    with pytest.raises(NotAllowed):
        happens(after(E.PACK, E.DELIVER, transfer=again), E.ACCEPT, version=1)


def test_the_receiver_counts_no_version_that_was_taken_back():
    taken_back = happens(happens(way("waiting"), E.APPROVE), E.TASK)
    assert after(E.APPROVE, E.PACK, E.DELIVER, transfer=taken_back).delivered.keys() == {1}
    again = after(E.RESEND, E.TASK, E.APPROVE, E.PACK, E.DELIVER, transfer=way("delivered"))
    assert again.delivered.keys() == {1, 2}


def test_the_same_is_sent_again_a_few_times_and_not_for_ever():
    delivered = way("delivered")
    with pytest.raises(NotAllowed):
        happens(delivered, E.RESEND, after=timedelta(days=14))
    for _ in range(MAX_RESENDS):
        delivered = after(E.RESEND, E.PACK, E.DELIVER, transfer=delivered)
    with pytest.raises(NotAllowed):
        happens(delivered, E.RESEND)
    more = after(E.ACCEPT, E.SUPPLEMENT, E.PACK, E.DELIVER, transfer=delivered)
    assert happens(more, E.RESEND).resends == 1


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("approved", E.PACK),
        ("packed", E.DELIVER),
        ("delivered", E.ACCEPT),
        ("delivered", E.RESEND),
        ("acknowledged", E.FILE),
    ],
)
def test_what_is_said_of_another_version_is_refused(state, kind):
    for version in (2, 7):
        with pytest.raises(NotAllowed):
            happens(way(state), kind, version=version)


def test_a_version_is_not_delivered_twice():
    delivered = way("delivered")
    with pytest.raises(NotAllowed):
        happens(delivered, E.DELIVER)
    assert outward(delivered).version == 1


def test_a_package_is_delivered_within_14_days_and_lapses_then():
    packed = way("packed")
    days, moment = timedelta(days=14), timedelta(microseconds=1)
    assert happens(packed, E.DELIVER, after=days - moment).state == "delivered"
    assert happens(packed, E.LAPSE, after=days).state == "lapsed"
    with pytest.raises(NotAllowed):
        happens(packed, E.DELIVER, after=days)
    with pytest.raises(NotAllowed):
        happens(packed, E.LAPSE, after=days - moment)


def test_a_section_is_filed_once():
    transfer = happens(way("acknowledged"), E.FILE, section="health", how="document")
    assert transfer.filed == {"health": "document"}
    with pytest.raises(NotAllowed):
        happens(transfer, E.FILE, section="health", how="written")


def test_a_supplement_is_sent_for_sixty_days_or_when_it_is_asked_for():
    filed = way("filed")
    late = filed.first_delivery + timedelta(days=60) - filed.changed
    assert happens(filed, E.SUPPLEMENT, after=late).version == 2
    with pytest.raises(NotAllowed):
        happens(filed, E.SUPPLEMENT, after=late + timedelta(seconds=1))
    assert happens(filed, E.SUPPLEMENT, after=late + timedelta(days=400), on_request=True).version == 2


def test_a_supplement_of_what_nobody_approved_needs_an_approver():
    ruled = after(E.ASK, E.MATCH, E.RELEASE, E.PACK, E.DELIVER, E.ACCEPT)
    with pytest.raises(NotAllowed):
        happens(ruled, E.SUPPLEMENT, party=S, sections=["identity", "health"])
    assert happens(ruled, E.SUPPLEMENT, party=S, sections=["identity"]).release.sections == {"identity"}
    assert happens(ruled, E.SUPPLEMENT, party=P, sections=["health"]).approved >= {"identity", "health"}


def test_a_supplement_holds_only_what_has_changed_and_is_filed_anew():
    more = after(E.PACK, E.DELIVER, E.ACCEPT, transfer=happens(way("filed"), E.SUPPLEMENT, sections=["transcript"]))
    assert (more.version, set(more.package.sections)) == (2, {"transcript"})
    assert more.unfiled == {RecordSection.TRANSCRIPT}
    assert happens(more, E.FILE).state == "filed"


def test_a_package_that_is_taken_back_leaves_no_gap_for_the_receiver():
    for taken in (E.TASK, E.UNPACK):
        back = happens(way("packed"), taken)
        assert (back.package, outward(back)) == (None, outward(way("packed")))
        again = after(E.PACK, E.DELIVER, transfer=back if taken is E.UNPACK else happens(back, E.APPROVE))
        assert list(again.delivered) == [1]


def test_what_was_released_can_be_held_until_it_is_fetched():
    held = happens(way("packed"), E.HOLD, reason="court-order")
    assert (held.state, held.approved, held.package) == ("held", frozenset(), None)
    assert outward(held) == outward(way("packed"))
    again = after(E.FREE, E.APPROVE, E.PACK, E.DELIVER, transfer=held)
    assert list(again.delivered) == [1]


def test_what_is_taken_back_before_it_left_is_released_no_more():
    back = happens(way("packed"), E.TASK, causes=["restriction"])
    assert (back.state, back.approved) == ("waiting", frozenset())
    kept = happens(way("packed"), E.UNPACK, reason="key")
    assert (kept.state, kept.approved) == ("approved", way("packed").approved)


def test_who_was_found_is_forgotten_where_it_is_another_and_never_after_a_delivery():
    near = happens(way("approved"), E.DOUBT)
    assert (near.subject, near.child, near.release, near.approved) == ("", "", None, frozenset())
    assert happens(near, E.CHOOSE).chosen
    resent = happens(way("delivered"), E.RESEND)
    assert E.DOUBT not in allowed(resent, B)


REST = {"sections": ["transcript", "health"], "withheld": ["discipline", "contacts", "documents", "special-education"]}
INFO = (E.ASK, E.MATCH, E.RELEASE, E.PACK)


@pytest.mark.parametrize("ways", [INFO, (*INFO, E.DELIVER)], ids=["packed", "delivered"])
def test_an_approver_decides_on_the_rest_while_the_first_part_is_on_its_way(ways):
    first = after(*ways)
    rest = happens(first, E.SUPPLEMENT, **REST)
    assert (rest.state, rest.version, outward(rest)) == (first.state, 1, outward(first))
    assert E.SUPPLEMENT not in allowed(rest, P)
    got = rest if E.DELIVER in ways else happens(rest, E.DELIVER)
    follows = happens(got, E.ACCEPT)
    assert (follows.state, follows.version, follows.queued) == ("approved", 2, None)
    assert follows.release.sections == set(REST["sections"])
    assert set(after(E.PACK, E.DELIVER, transfer=follows).delivered) == {1, 2}


def test_what_was_decided_on_the_rest_waits_for_what_is_asked_for_again():
    rest = happens(after(*INFO, E.DELIVER), E.SUPPLEMENT, **REST)
    again = happens(rest, E.RESEND)
    assert (again.version, again.release.by_rule) == (2, True)
    assert after(E.PACK, E.DELIVER, E.ACCEPT, transfer=again).version == 3


def test_what_was_decided_on_the_rest_is_taken_back_with_the_first_part():
    back = happens(happens(after(*INFO), E.SUPPLEMENT, **REST), E.TASK)
    assert (back.state, back.queued, back.approved) == ("waiting", None, frozenset())


def test_what_was_decided_on_the_rest_can_be_held_back_until_the_first_part_was_read_back():
    first = after(*INFO, E.DELIVER)
    with pytest.raises(NotAllowed):
        happens(first, E.HOLD)
    back = happens(happens(first, E.SUPPLEMENT, **REST), E.HOLD)
    assert (back.state, back.queued, back.approved) == ("delivered", None, back.sent)
    assert happens(back, E.ACCEPT).state == "acknowledged"
    assert E.SUPPLEMENT in allowed(back, P)


def test_what_was_decided_on_the_rest_leaves_with_the_batch_after_the_first_part_was_read_back():
    rest = happens(after(*INFO, E.DELIVER), E.SUPPLEMENT, **REST)
    batch = rest.changed + timedelta(days=3)
    follows = happens(rest, E.ACCEPT, leaves=spell_moment(batch))
    assert rest.queued.leaves < batch == follows.release.leaves


@pytest.mark.parametrize("files", [0, 14])
def test_a_later_version_that_nobody_fetches_ends_alone(files):
    had = after(*[E.FILE] * files, transfer=way("acknowledged"))
    packed = after(E.SUPPLEMENT, E.PACK, transfer=had)
    ended = happens(packed, E.LAPSE, after=timedelta(days=14))
    assert (ended.state, ended.approved, outward(ended)) == (had.state, had.approved, outward(had))
    assert ended.package == had.package
    assert E.SUPPLEMENT in allowed(ended, P)
    again = after(E.SUPPLEMENT, E.PACK, E.DELIVER, E.ACCEPT, transfer=ended)
    assert list(again.delivered) == [1, 2]


def test_refusing_the_rest_leaves_what_the_receiver_has():
    first = after(*INFO, E.DELIVER, E.ACCEPT)
    asked_anew = happens(happens(first, E.SUPPLEMENT, **REST), E.TASK)
    refused = happens(asked_anew, E.REFUSE)
    assert (refused.state, refused.undecided, outward(refused)) == ("acknowledged", frozenset(), outward(first))
    assert set(refused.settled) == set(Track)
    assert happens(refused, E.FILE).filed


@pytest.mark.parametrize("ways", [(), (E.PACK,), (E.PACK, E.DELIVER), (E.TASK,)])
def test_the_receiver_files_what_it_has_while_a_later_version_is_on_its_way(ways):
    later = happens(happens(way("acknowledged"), E.SUPPLEMENT, sections=["transcript"]), E.FILE)
    later = after(*ways, transfer=later)
    filed = happens(later, E.FILE)
    assert (filed.state, len(filed.filed), outward_choices(filed)) == (later.state, 2, outward_choices(later))
    with pytest.raises(NotAllowed):
        happens(later, E.FILE, version=2)


def test_what_a_later_version_calls_unchanged_stays_filed_and_can_still_be():
    first = after(E.FILE, E.FILE, transfer=way("acknowledged"))
    (kept, *_) = first.filed
    unfiled = max(first.unfiled)
    states = {kept: "unchanged", unfiled: "unchanged", "transcript": "whole"}
    more = happens(first, E.SUPPLEMENT, sections=sorted(states))
    more = happens(more, E.PACK, sections=states, traces=dict.fromkeys(states, TRACE))
    more = after(E.DELIVER, E.ACCEPT, transfer=more)
    assert kept in more.filed
    assert {unfiled, RecordSection.TRANSCRIPT} <= more.unfiled
    assert happens(more, E.FILE, section=unfiled).filed[unfiled] == "written"


def test_a_track_is_settled_when_all_of_it_is_sent_or_withheld():
    ruled = after(E.ASK, E.MATCH, E.RELEASE, E.PACK, E.DELIVER, E.ACCEPT)
    assert not ruled.settled
    assert ruled.still_open(Track.INFO) == NEVER_BY_RULE & SECTIONS[Track.INFO]
    rest = {"sections": ["health", "special-education"], "withheld": ["discipline", "contacts", "documents"]}
    done = after(E.PACK, E.DELIVER, transfer=happens(ruled, E.SUPPLEMENT, **rest))
    assert set(done.settled) == set(Track)
    assert done.settled[Track.INFO] == done.changed


def test_nothing_delivered_can_be_withdrawn():
    again = happens(way("delivered"), E.RESEND)
    assert again.state == "approved"
    for party in (R, S, P):
        assert E.WITHDRAW not in allowed(again, party)
        with pytest.raises(NotAllowed):
            happens(again, E.WITHDRAW, party=party)


@pytest.mark.parametrize("kind", E)
def test_content_is_what_its_kind_says(kind):
    states = {k: next(iter(sorted(states, reverse=k is E.TASK))) for states, k, _, _ in TABLE}
    transfer = None if kind is E.ASK else way(states[kind])
    good = draft(kind, transfer, after=timedelta(days=14) if kind is E.LAPSE else timedelta(hours=1))
    assert next_event(transfer, good).number
    with pytest.raises(WrongContent):
        next_event(transfer, replace(good, content=good.content | {"name": "Anna"}))
    for member in MEMBERS[kind]:
        for wrong in (None, "", "Anna", 0, -1, True, ["Anna"], {"Anna": "whole"}, [["identity"]], "2026-09-01T12:00"):
            if wrong is True and member in {"military", "on_request"}:
                continue
            with pytest.raises(WrongContent) as refused:
                next_event(transfer, replace(good, content=good.content | {member: wrong}))
            assert "Anna" not in str(refused.value)
        with pytest.raises(WrongContent):
            next_event(transfer, without(good, member))
    for more in (
        {"key": "plain"},
        {"reason": "because"},
        {"agreement": "dsa"},
        {"actor": ""},
        {"at": good.at.replace(tzinfo=None)},
    ):
        with pytest.raises(WrongContent):
            next_event(transfer, replace(good, **more))


def test_an_event_does_not_happen_before_the_one_ahead_of_it():
    with pytest.raises(WrongContent):
        happens(way("matched"), E.TASK, after=timedelta(seconds=-1))


def test_a_repeated_event_changes_nothing_and_another_under_its_key_is_refused():
    waiting = way("waiting")
    approve = draft(E.APPROVE, waiting, key="once")
    approved = apply(waiting, next_event(waiting, approve))
    late = replace(approve, content=approve.content | {"leaves": spell_moment(approve.at + timedelta(days=1))})
    assert apply(approved, approve) == apply(approved, late) == approved
    packed = after(E.PACK, transfer=approved)
    assert apply(packed, approve) == packed
    for other in (
        draft(E.REFUSE, waiting, key="once"),
        replace(approve, actor="another"),
        draft(E.APPROVE, waiting, key="once", sections=["identity"]),
    ):
        with pytest.raises(TransferKeyReused):
            apply(approved, other)


def test_stored_events_fold_in_any_order_and_however_often_they_come():
    events, transfer = [], None
    for kind in (E.ASK, E.MATCH, E.TASK, E.APPROVE, E.PACK):
        events.append(next_event(transfer, draft(kind, transfer)))
        transfer = apply(transfer, events[-1])
    assert fold(reversed(events)) == fold(events + events) == transfer


def test_a_history_that_cannot_be_true_is_refused():
    ask = next_event(None, draft(E.ASK))
    asked = apply(None, ask)
    match, withdraw = (next_event(asked, draft(kind, asked)) for kind in (E.MATCH, E.WITHDRAW))
    pack = replace(draft(E.PACK, asked), number=2)
    for events in ([], [match], [ask, replace(match, number=3)], [ask, match, withdraw], [ask, pack]):
        with pytest.raises(HistoryBroken):
            fold(events)


@pytest.mark.parametrize("state", sorted(set(TransferState) - {"delivered", "acknowledged", "filed"} - CLOSED))
def test_before_delivery_the_receiver_sees_that_it_asked_whatever_is_inside(state):
    assert asdict(outward(way(state))) == asdict(outward(after(E.ASK)))
    assert outward_choices(way(state)) == {E.WITHDRAW}
    assert E.WITHDRAW in TRANSITIONS
    assert happens(way(state), E.WITHDRAW).state == "withdrawn"


def test_a_redirected_request_looks_like_any_other():
    transfer = happens(found(after(E.ASK), "none"), E.REDIRECT)
    assert outward(transfer) == outward(after(E.ASK))
    found_there = after(E.MATCH, E.TASK, E.APPROVE, E.PACK, E.DELIVER, transfer=transfer)
    assert outward(found_there).sender == OTHER


@pytest.mark.parametrize("state", sorted(CLOSED))
def test_a_closed_transfer_is_closed_whatever_the_reason(state):
    assert outward(way(state)) == replace(outward(after(E.ASK)), state="closed")


def test_what_is_delivered_stays_so_while_more_is_on_its_way():
    more = happens(way("filed"), E.SUPPLEMENT)
    assert (outward_state(more), outward(more).version) == ("delivered", 1)
    assert outward_choices(more) == frozenset()
    assert outward_choices(way("acknowledged")) == {E.FILE}
    assert outward_choices(way("withdrawn")) == frozenset()


def test_no_values_are_printed_with_a_transfer():
    printed = repr(way("filed"))
    assert ECHO in printed
    assert "key" not in printed
    assert "5" * 32 not in printed


def test_what_was_released_is_asked_for_anew_where_another_agreement_wants_it():
    released = way("approved")
    with pytest.raises(NotAllowed):
        happens(released, E.TASK, causes=["no-rule"])
    with pytest.raises(NotAllowed):
        happens(way("matched"), E.TASK, causes=["agreement"])
    waits = happens(released, E.TASK, causes=["agreement"])
    assert waits.state == "waiting"
    assert waits.approved == frozenset()
    assert happens(waits, E.APPROVE).version == released.version  # which never left
