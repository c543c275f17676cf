"""A proof file is verified by the lines of the documentation alone, and none that was changed is."""

from __future__ import annotations

import copy
import hashlib
import json
import re
import runpy
import sys

import pytest

from gateway.audit.chain import list_segments
from gateway.audit.proofs.signing import HeadKey
from gateway.audit.reports.proof_file import proof
from gateway.audit.tail import RecordDamaged
from gateway.audit.tree_heads import TREE
from tests.gateway.audit.test_tampering import KEY, fill, lines, put
from tests.support.needs import ROOT


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    folder = tmp_path_factory.mktemp("script")
    text = (ROOT / "docs" / "privacy.md").read_text("utf-8")
    lines = re.search(r"```python verify_proof.py\n(# Verify a proof.*?)```", text, re.DOTALL)[1]
    (folder / "verify.py").write_text(lines)
    (folder / "public.pem").write_text(HeadKey(KEY).pem())
    return folder


@pytest.fixture
def verifies(script, monkeypatch):
    def verified(content):
        (script / "proof.json").write_text(json.dumps(content))
        monkeypatch.setattr(sys, "argv", ["verify.py", str(script / "proof.json"), str(script / "public.pem")])
        try:
            runpy.run_path(str(script / "verify.py"), run_name="__main__")
        except SystemExit:
            return False
        except Exception:  # noqa: BLE001  whatever stops it
            return False
        return True

    return verified


def root_of(leaf, index, size, path):
    """The root by the definition of RFC 6962, section 2.1.1, from the last hash of the path to the first."""
    if size == 1:
        assert path == []
        return leaf
    half = 1 << (size - 1).bit_length() - 1
    *rest, beside = path
    if index < half:
        return hashlib.sha256(b"\x01" + root_of(leaf, index, half, rest) + beside).digest()
    return hashlib.sha256(b"\x01" + beside + root_of(leaf, index - half, size - half, rest)).digest()


@pytest.mark.parametrize("size", [*range(1, 10), 17, 31])
def test_every_event_is_proved_by_the_documentation_and_by_the_definition(tmp_path, verifies, size):
    fill(tmp_path / "audit", events=size)
    for seq in {1, 2, size // 2, size - 1, size} & set(range(1, size + 1)):
        made = proof(tmp_path / "audit", KEY, {seq})
        (entry,) = made["entries"]
        assert json.loads(entry["text"])["seq"] == seq
        assert verifies(made)
        leaf, path = hashlib.sha256(b"\0" + entry["text"].encode()).digest(), map(bytes.fromhex, entry["path"])
        assert root_of(leaf, entry["index"], made["head"]["size"], list(path)).hex() == made["head"]["root"]
        for index in set(range(-3, 2 * size + 3)) - {entry["index"]}:
            assert not verifies({**made, "entries": [{**entry, "index": index}]}), index


def changed(value):
    """Every value that one change at one place makes of a JSON value."""
    if isinstance(value, dict):
        for name in value:
            yield {key: one for key, one in value.items() if key != name}
            yield from ({**value, name: one} for one in changed(value[name]))
    elif isinstance(value, list):
        yield from ([*value[:at], *value[at + 1 :]] for at in range(len(value)))
        yield from ([*value[:at], one, *value[at + 1 :]] for at in range(len(value)) for one in changed(value[at]))
        if len(value) > 1:
            yield value[::-1]
    elif isinstance(value, str):
        yield from (value + "0", value[:-1], "", "0" + value)
        for at in range(0, len(value), max(1, len(value) // 7)):
            yield value[:at] + ("0" if value[at] != "0" else "1") + value[at + 1 :]
    else:
        yield from (value + 1, value - 1, -value - 1, str(value), None)


def test_a_proof_that_was_changed_anywhere_is_refused(tmp_path, verifies):
    fill(tmp_path / "audit", events=7)
    made = proof(tmp_path / "audit", KEY, {2, 5})
    kept = copy.deepcopy(made)
    assert verifies(made)
    told = [one for one in changed(made) if verifies(one)]
    # what may go or move: an event beside others, a text that an event names, the order of events
    first, second = made["entries"]
    allowed = [{**made, "entries": some} for some in ([first], [second], [second, first])]
    allowed += [
        {**made, "contents": {key: one for key, one in made["contents"].items() if key != name}}
        for name in made["contents"]
    ]
    assert [one for one in told if one not in allowed] == []
    assert made == kept


def test_a_text_that_no_event_names_is_no_part_of_a_proof(tmp_path, verifies):
    fill(tmp_path / "audit")
    made = proof(tmp_path / "audit", KEY, {1})
    assert not verifies({**made, "contents": {**made["contents"], hashlib.sha256(b"other").hexdigest(): "other"}})


def cut(folder):
    put(folder, lines(folder)[:3])


def edited(folder):
    put(folder, [line.replace(b'"rows":3', b'"rows":2') for line in lines(folder)])


def removed(folder):
    list_segments(folder)[-1].unlink()


@pytest.mark.parametrize("harm", [cut, edited, removed])
def test_nothing_is_proved_of_a_record_that_is_not_the_one_of_its_head(tmp_path, harm):
    fill(tmp_path / "audit")
    harm(tmp_path / "audit")
    with pytest.raises(RecordDamaged, match=f"not those that {TREE} knows"):
        proof(tmp_path / "audit", KEY, {1})
