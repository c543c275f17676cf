"""Whom a document is about that cannot be read: found in every way a person writes it, or said not to be."""

from __future__ import annotations

import pytest

from policies.documents.claims import Claim, claim, read
from policies.documents.loading import MAX_FILE_BYTES

GOOD = """\
apiVersion: dsa/v1
id: reading-2026
version: 2
parties: {provider: {district: maple}, recipient: {org: reading, kind: cbo}}
basis: {ferpa: "99.31(a)(1)", purpose: tutoring, legitimateInterest: "plan weekly support"}
clients: [reading, other.prod]
operations: [read]
elements:
  - {path: student.id, action: allow}
"""
BROKEN = GOOD + "  - {path: student.name\n"
FOUND = Claim(frozenset({"reading-2026"}), frozenset({"reading", "other.prod"}), certain=True)


def instead(old, new, text=BROKEN):
    assert old in text
    return text.replace(old, new)


LIST = "clients: [reading, other.prod]"
WAYS = {
    "plainly": BROKEN,
    "with Windows line ends": BROKEN.replace("\n", "\r\n"),
    "with the line ends of an old Mac": BROKEN.replace("\n", "\r"),
    "with a byte order mark": "\ufeff" + BROKEN,
    "in UTF-16 with a mark": BROKEN.encode("utf-16"),
    "in UTF-16 without a mark": BROKEN.encode("utf-16-le"),
    "in UTF-16, the other way round": BROKEN.encode("utf-16-be"),
    "in Latin-1 with an accent elsewhere": instead("weekly", "Señor").encode("latin-1"),
    "in quotes": instead(LIST, '"clients": [\'reading\', "other.prod"]').replace("id: r", "'id': r"),
    "with a quote that is not closed": instead("id: reading-2026", 'id: "reading-2026'),
    "as an anchor": instead("id: ", "id: &it ").replace("clients: [", "clients: &them ["),
    "with a tag": instead("id: ", "id: !!str ").replace("clients: [", "clients: !!seq ["),
    "with tabs": instead("id: ", "id:\t").replace("clients: ", "clients:\t"),
    "as a list below": instead(LIST, "clients:\n  - reading  # the one\n  - 'other.prod'"),
    "as a list below that is not indented": instead(LIST, "clients:\n- reading\n\n- other.prod"),
    "as a list below, indented by tabs": instead(LIST, "clients:\n\t- reading\n\t- other.prod"),
    "as a list of which a dash is missing": instead(LIST, "clients:\n  - reading\n    other.prod"),
    "as a list with no space behind the dashes": instead(LIST, "clients:\n  -reading\n  -other.prod"),
    "as a list over several lines": instead(LIST, "clients: [reading,  # the one\n    other.prod,\n  ]"),
    "as a list with no end": instead(LIST, "clients: [reading, other.prod"),
    "as a list without a comma": instead(LIST, "clients: [reading other.prod]"),
    "as a list without brackets": instead(LIST, "clients: reading, other.prod"),
    "with the key in capitals": instead(LIST, "Clients: [reading, other.prod]").replace("id:", "ID:"),
    "indented by mistake": instead(LIST, "  " + LIST),
    "with no space behind the colon": instead("id: ", "id:").replace("clients: ", "clients:"),
    "with the id in the line below": instead("id: reading-2026", "id:\n  reading-2026"),
    "with the id as a block": instead("id: reading-2026", "id: >-\n  reading-2026"),
    "as JSON": '{"id": "reading-2026", "version": 1, "clients": ["reading", "other.prod"], "elements": [}',
    "as JSON over several lines": '{\n"id": "reading-2026",\n"clients": [\n"reading",\n"other.prod"\n],\n"elements": [}',
    "in braces": "{apiVersion: dsa/v1, id: reading-2026, clients: [reading, other.prod], elements: [}",
    "with explicit keys": "? id\n: reading-2026\n? clients\n: [reading, other.prod]\nversion: 1\n",
    "in a document that is YAML": GOOD,
    "and an old one in a comment": "# id: old\n# clients: [old]\n" + BROKEN,
    "beside a text that looks like it": instead("plan weekly support", "x, id: card holders"),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_id_and_the_clients_are_found(way):
    raw = WAYS[way] if isinstance(WAYS[way], bytes) else WAYS[way].encode()
    found = read(raw)
    assert found.certain
    assert found.ids >= FOUND.ids
    assert found.clients == FOUND.clients


def test_what_stands_there_twice_counts_twice():
    found = read((BROKEN + "id: second\nclients: [third]\nversion: 1\n").encode())
    assert found == Claim(FOUND.ids | {"second"}, FOUND.clients | {"third"}, certain=True)


UNCERTAIN = {
    "an empty file": "",
    "a picture": bytes(range(256)) * 10,
    "no id": instead("id: reading-2026\n", ""),
    "a misspelt key": instead("clients", "clinets"),
    "no clients": instead(LIST + "\n", ""),
    "an empty list": instead(LIST, "clients: []"),
    "an alias": instead(LIST, "clients: *them"),
    "a client that is no name": instead(LIST, "clients: [reading, öther]"),
    "a client in another encoding": instead(LIST, "clients: [reading, öther]").encode("latin-1"),
    "quotes of a word processor": instead(LIST, "clients: [“reading”]"),
    "an id of two words": instead("id: reading-2026", "id: reading 2026"),
    "a file cut off within the clients": "id: reading-2026\nversion: 1\nclients: [read",
    "a file cut off within the list below": "id: reading-2026\nversion: 1\nclients:\n  - reading\n  - oth",
    "a file cut off at the end of a client's line": "id: reading-2026\nversion: 1\nclients:\n  - reading\n",
    "a file cut off within the id": "clients: [reading]\nid: reading-20",
    "more than is read of a file": BROKEN + "#" * MAX_FILE_BYTES,
    "one of two lists cannot be read": BROKEN + "clients: *them\nversion: 1\n",
}


@pytest.mark.parametrize("case", UNCERTAIN)
def test_what_is_not_found_with_certainty_is_said_not_to_be(case):
    raw = UNCERTAIN[case] if isinstance(UNCERTAIN[case], bytes) else UNCERTAIN[case].encode()
    assert not read(raw).certain


def test_what_is_no_file_says_nothing(tmp_path):
    assert claim(tmp_path) == claim(tmp_path / "none") == Claim()
