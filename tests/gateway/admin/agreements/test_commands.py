"""The commands about agreements that people write: listed, published, ended."""

from __future__ import annotations

from contextlib import closing

from click.testing import CliRunner

from gateway.commands.cli import main
from gateway.config.settings import load
from gateway.storage.people.agreements import DRAFT
from gateway.storage.registry import open_store
from tests.support.people.agreements import put
from tests.support.regions import Clock, agreement, small_sites, write


def test_a_draft_is_listed_published_checked_and_ended(tmp_path):
    file = write(tmp_path / "r", small_sites(tmp_path, 20), [])
    with closing(open_store(load(file).store_url, Clock())) as store:
        put(store, Clock(), agreement("maple"), DRAFT)

    def ran(*words):
        found = CliRunner().invoke(main, ["agreements", *words, "--settings", str(file)])
        assert found.exit_code == 0, found.output
        return found.output

    about = ("conformance-maple", "--version", "1", "--reason", "asked by telephone")
    assert "conformance-maple@1: draft, maple and conformance" in ran("drafts")
    assert "conformance-maple@1:" in ran("publish", *about)
    assert "registry:conformance-maple@1" in ran("show", "conformance-maple")
    ran("unpublish", *about)
    assert ": recalled" in ran("drafts") or ": withdrawn" in ran("drafts")
