"""The preview is the package itself: what it shows is what is then sealed, and nothing else."""

from __future__ import annotations

from io import BytesIO

import pytest

from gateway.admin.transfers.preview import MAX_ROWS, ReleasePreview
from gateway.people.actor import NotPermitted
from gateway.transfers.machine.errors import NotAllowed
from gateway.transfers.sealing.package import open_package
from gateway.transfers.work.keys import parties_of
from standards.errors import InvalidBody
from tests.gateway.admin.transfers.test_custody import LEAVES, STAYS
from tests.gateway.transfers.work.world import pair


def preview(office, name="alma"):
    return office.of(ReleasePreview, name)


def test_what_is_previewed_is_what_is_sealed(office):
    found = office.waiting(30)
    shown = preview(office).show(found.id, LEAVES)
    office.custody().approve(found.id, LEAVES, STAYS, office.shown(found, LEAVES), office.key())
    packed = office.worked(found)
    desk = office.worker.desk
    agreement = office.region.running.gateway.grants.transfer("maple", "cedar")[0]
    bytes_ = b"".join(desk.packages.read(desk.packages.find(packed.id, 1)))
    parties = parties_of(desk, packed, agreement.transfer)
    opened = open_package(BytesIO(bytes_), packed.id, 1, parties, [pair("cedar enc")], desk.clock())
    sizes = {path: size for path, size in shown.files if path.startswith("ed-fi/")}
    assert sizes == {path: len(content) for path, content in opened.files.items() if path.startswith("ed-fi/")}
    assert sizes


def test_sections_say_what_they_hold_in_rows_to_be_read(office):
    found = office.waiting(31)
    shown = preview(office).show(found.id, LEAVES)
    sections = {one.name: one for one in shown.sections}
    identity = sections["identity"]
    assert (identity.state, identity.columns) == ("whole", ("record", "says"))
    row = office.roll().index.rows[31]
    assert any(row.family in says for _, says in identity.rows)
    assert sections["health"].rows == ()
    assert all(len(one.rows) <= MAX_ROWS for one in shown.sections)
    assert row.family.encode() in shown.summary
    assert row.family not in repr(shown)


def test_looking_is_on_record_without_a_value(office):
    found = office.waiting(32)
    preview(office, "arno").show(found.id, ["identity"])
    act = office.acts("transfer previewed")[-1]
    assert (act.actor, act.content["transfer"], act.content["sections"]) == ("arno@example.org", found.id, ["identity"])
    assert office.roll().index.rows[32].family not in str(act)


def test_there_is_nothing_to_show_before_a_child_is_found_or_after_the_end(office):
    near = office.near(33)
    with pytest.raises(NotAllowed):
        preview(office).show(near.id, LEAVES)
    ended = office.waiting(34)
    office.custody().refuse(ended.id, "not-authorized", ended.number, office.key())
    with pytest.raises(NotAllowed):
        preview(office).show(ended.id, LEAVES)
    with pytest.raises(InvalidBody):
        preview(office).show(near.id, ["everything"])


def test_nobody_but_those_who_decide_is_shown_a_record(office):
    found = office.waiting(35)
    for name in ("mona", "pia", "otto", "ada"):
        with pytest.raises(NotPermitted):
            preview(office, name).show(found.id, LEAVES)
