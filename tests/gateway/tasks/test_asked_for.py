"""Who is asked to sign a version that people wrote has a task, until he or she has signed."""

from __future__ import annotations

from gateway.admin.agreements.signing import Signing
from gateway.admin.agreements.writing import DraftWriting
from gateway.tasks.asked_for import asked_for
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites


def test_both_parties_have_a_task_until_each_has_signed(tmp_path):
    sites = {"maple": small_sites(tmp_path, 20)["maple"]}
    with people_region(tmp_path / "r", sites) as region:
        here = region.administered
        maria, ada = region.actor("maria", ("maple", "privacy-officer")), region.actor("ada", ("maple", "approver"))

        def waiting():
            return [(one.org, one.role) for one in asked_for(here.settings(), here.store, region.clock())]

        one = DraftWriting(here).read_in(maria, agreement("maple"))
        assert waiting() == []
        DraftWriting(here).ask(maria, one.id, 1, one.number)
        assert waiting() == [("maple", "approver"), ("conformance", "approver")]
        shown = Signing(here).to_sign(ada, one.id, 1).digest
        Signing(here).sign(ada, one.id, 1, "maple", shown, "passkey")
        assert waiting() == [("conformance", "approver")]
