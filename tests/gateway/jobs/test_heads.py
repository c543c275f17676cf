"""Witnesses get the signed head of the record by mail or webhook, on time, and only when the record has grown."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from gateway.audit.log import PURPOSE
from gateway.audit.proofs.merkle import GrowingTree, leaf_hash
from gateway.audit.proofs.signing import is_signed, read_head
from gateway.audit.tree_heads import TreeFile
from gateway.jobs.heads import collect_heads
from gateway.jobs.sending import Sender
from tests.gateway.jobs.conftest import HOST, decoded
from tests.gateway.jobs.test_webhooks import verified

TWO_WITNESSES = """[[notices.witnesses]]
mail = "witness@example.org"
[[notices.witnesses]]
webhook = "{url}"
secret = "env:WITNESS_SECRET"
"""


@pytest.fixture
def witnessed(office, receiver, monkeypatch):
    monkeypatch.setenv("WITNESS_SECRET", "a secret between the two")
    port = office.region.settings().notices.mail.port
    office.open(
        f'host = "{HOST}"\nport = {port}\nsecurity = "none"\nsender = "c@example.org"\nca_file = "{receiver.ca_file}"\n'
        "allow_private = true\n" + TWO_WITNESSES.format(url=receiver.url)
    )
    office.tree = GrowingTree()
    return office


def grow(office):
    """Let the record have one more line, and a head over it."""
    folder = office.region.settings().audit.folder
    folder.mkdir(parents=True, exist_ok=True)
    office.tree.add(leaf_hash(b"a line"))
    file = TreeFile(folder, office.region.keys.derive(PURPOSE))
    return file.write(office.tree, office.tree.size, b"e" * 32), file.head_key.public


def run(office):
    collect_heads(office.region)
    return Sender(office.region).send()


def test_a_record_without_a_head_is_not_witnessed(witnessed):
    assert run(witnessed) == 0


def test_each_witness_gets_the_head_and_can_check_its_signature(witnessed, receiver):
    signed, public = grow(witnessed)
    assert run(witnessed) == 2
    ((headers, body),) = receiver.posts
    assert verified(headers, body, b"a secret between the two")
    told = decoded(receiver.posts[0])
    assert (told["type"], told["data"]) == ("record.head", signed.told())
    ((to, text),) = witnessed.box.letters
    assert to == ["witness@example.org"]
    line = next(one for one in text.replace("=\r\n", "").splitlines() if one.startswith("{"))
    by_mail = json.loads(line.replace("=3D", "="))
    assert is_signed(read_head(by_mail), by_mail["signature"], public)


def test_a_witness_is_told_once_a_day_of_a_record_that_has_grown(witnessed):
    grow(witnessed)
    run(witnessed)
    grow(witnessed)
    assert run(witnessed) == 0
    witnessed.clock.move(timedelta(days=1).total_seconds())
    assert run(witnessed) == 2
    witnessed.clock.move(timedelta(days=1).total_seconds())
    assert run(witnessed) == 0
