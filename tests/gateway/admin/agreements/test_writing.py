"""Drafts: begun, saved and asked approval for by the parties alone, each save on top of what was seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.admin.agreements.publishing import Publishing
from gateway.people.actor import NotPermitted
from standards.errors import CallerError, InvalidBody, NotFound, PreconditionFailed
from tests.support.people.agreements import acts_of
from tests.support.regions import agreement

MAPLE = agreement("maple")


def test_a_draft_from_a_template_is_begun_by_either_party(drafts, new, maple, vendor):
    mine, theirs = drafts.create(maple, new), drafts.create(vendor, new)
    assert (mine.name, theirs.name) == ("conformance-maple@1", "conformance-maple-2@1")
    assert "student.birthDate" in mine.text
    assert (mine.state, theirs.state) == ("draft with mistakes", "draft with mistakes")


def test_nobody_else_begins_one(drafts, new, stranger, region):
    for one in (stranger, region.actor("otto", ("maple", "auditor"))):
        with pytest.raises(NotPermitted):
            drafts.create(one, new)


def test_a_stranger_is_answered_as_if_there_were_none(drafts, known, write, stranger):
    write()
    mine = [one.id for one in known.list(stranger)]
    assert mine == ["elsewhere-cedar"]
    for what in (
        lambda name: known.find(stranger, name, 1),
        lambda name: drafts.save(stranger, name, 1, MAPLE, 1),
        lambda name: drafts.continue_(stranger, name, 1),
        lambda name: drafts.check(stranger, name, 1),
    ):
        told = []
        for name in ("conformance-maple", "no-such-agreement"):
            with pytest.raises(NotFound) as refused:
                what(name)
            told.append((refused.value.message, refused.value.status))
        assert told[0] == told[1]


def test_the_second_of_two_who_save_at_once_is_refused(drafts, write, maple, vendor):
    one = write()
    drafts.save(maple, one.id, 1, MAPLE.replace("prove what", "show what"), one.number)
    with pytest.raises(PreconditionFailed):
        drafts.save(vendor, one.id, 1, MAPLE, one.number)


def test_a_draft_stays_about_its_parties(drafts, write, maple):
    one = write()
    for other in (
        MAPLE.replace("district: maple", "district: cedar"), MAPLE.replace("org: conformance", "org: other"),
        MAPLE.replace("version: 1", "version: 2"), MAPLE.replace("id: conformance-maple", "id: elsewhere-cedar"),
    ):  # fmt: skip
        with pytest.raises(CallerError, match="stay as they are"):
            drafts.save(maple, one.id, 1, other, one.number)


def test_an_id_of_other_parties_is_not_free_and_tells_nothing_of_them(drafts, maple):
    text = MAPLE.replace("id: conformance-maple", "id: elsewhere-cedar")
    with pytest.raises(CallerError) as refused:
        drafts.read_in(maple, text)
    assert refused.value.message == "This id is not free: choose another one."


def test_a_version_that_a_file_declares_is_read_only_and_continued_by_a_higher_one(drafts, stranger, known):
    with pytest.raises(CallerError, match="A file of the region"):
        drafts.save(stranger, "elsewhere-cedar", 1, "x", 0)
    following = drafts.continue_(stranger, "elsewhere-cedar", 1, "2028-01-31")
    assert (following.version, following.state, following.found.end.isoformat()) == (2, "draft", "2028-01-31")
    assert known.find(stranger, "elsewhere-cedar", 1).source == "0.yaml"


def test_approval_is_asked_for_what_has_no_mistake_and_a_refusal_makes_it_a_draft_again(drafts, write, vendor, maple):
    one = drafts.save(maple, *_of(write()), MAPLE.replace("action: allow", "action: alow"), 1)
    assert one.state == "draft with mistakes"
    mistake = drafts.check(vendor, one.id, 1).mistakes[0]
    assert (mistake.part, mistake.line > 1) == ("what", True)
    with pytest.raises(CallerError, match="has mistakes"):
        drafts.ask(maple, one.id, 1, one.number)
    one = drafts.save(maple, one.id, 1, MAPLE, one.number)
    asked = drafts.ask(vendor, one.id, 1, one.number)
    assert (asked.state, asked.waiting_for) == ("in review", ("maple", "conformance"))
    refused = drafts.refuse(vendor, one.id, 1, "too much", asked.number)
    assert refused.state == "draft"


def test_every_save_is_an_act_with_the_hashes_of_before_and_after(drafts, write, maple, region):
    one = write()
    drafts.save(maple, one.id, 1, MAPLE + "# more\n", one.number)
    store = region.administered.store
    (begun,), (saved,) = acts_of(store, "agreement draft begun"), acts_of(store, "agreement draft saved")
    assert begun.content["after"] == saved.content["before"] != saved.content["after"]
    assert saved.actor == "maria@example.org"
    assert "prove what is promised" not in str(saved.content)


def test_another_text_of_what_is_published_is_refused(drafts, write, maple, region):
    one = write()
    Publishing(region.administered).publish(maple, one.id, 1, one.number)
    with pytest.raises(CallerError, match="stays as it is"):
        drafts.save(maple, one.id, 1, MAPLE, 2)


@pytest.mark.parametrize("text", ["", "id: [", "just words", "a: 1", "x" * 300_000, "id: \udce4"])
def test_a_text_that_says_not_what_it_is_about_begins_nothing(drafts, maple, text):
    with pytest.raises(CallerError):
        drafts.read_in(maple, text)


def test_a_name_that_is_none_is_told_at_its_member(drafts, maple, new):
    with pytest.raises(InvalidBody) as refused:
        drafts.create(maple, replace(new, recipient="<script>"))
    assert set(refused.value.places) == {"/recipient"}


def _of(one):
    return one.id, one.version
