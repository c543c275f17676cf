"""What was sealed by the program of before opens, and what is sealed now is byte for byte what it would have been.

The bytes here were made by version 0.1.0, before one module held the ciphers, under the master key of bytes 0 to 31.
"""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from gateway.audit import keys
from gateway.audit.students.tags import FormerTags
from gateway.auth.callers import Caller
from gateway.auth.oauth1_secrets import open_shared_secret
from gateway.change_log.grant_logs import ChangeLogs
from gateway.change_versions.journals import ClientLogs
from gateway.paging.page_tokens import Cursor, Cursors
from gateway.storage import cipher
from gateway.storage.cipher import Cipher, NotSealed, TokenCipher
from gateway.storage.registry import SharedSecret
from gateway.storage.sealed_files import Sealed
from gateway.storage.secrets import Keys
from standards.keys import Keyring
from standards.query import Query

MASTER = bytes(range(32))
IDS = Keyring(Keys(MASTER).derive("ids"))

PURPOSES = {
    "ids": "af47ad5552caa25431e81a765088dbf9584a629838fd8c9cfe5f833cfdf048a7",
    "ledger": "298d43f0d487aea6537604da7253783470828c8f9e3f46501ea93688f47bbd12",
    "journals": "15ae8dd10fd8b85f48ab38984b2872a2ffda2a9297903ce2e71eb904cf52658b",
    "changes": "111b36e03294bb9d5c11c4cad52f3e570957e5150c305412b02cd9cc0e96f01e",
    "audit": "154f9b13f872d16b44ceaa2279637679db1b5c964e6a77be53291472fe11d867",
    "oauth1": "e2123fd234c5f99d89007ff45c82d0a5bae029e84e161b0d79f1e56077f5d7c6",
}
ABOUT = "654e2c87d7820cbeb1b5b550e3bad911867acb0ace9950c3117f83a6f4a5ca61"
ABOUT_NOTHING = "e889d30b85421e8cc830d15fcb51b52786415cdc133bf920474ddf47b8fc973e"
FILE = "801125136d32a6287ce42b26fd04d39cbc075d9820256e10dc4e29b3e5512b89"
SECRET = "9UKd66tVmrM70wiCSkrHSC4Bj_OzIY0yTw-3M9Fy3WM"
SEALED_SECRET = (
    "84227633ddd095ca62bcee3b0f760873e20025e80dc3bd5fec21d3b2cf50fa5a9f51e4534031a427a2b23047210efa408f1cb81dfb086254"
    "3f8b59a58f29605ce17b613085cf5b"
)
FIRST_KEY = (
    "59672ff3c8d9065317cda54355559dbbed8d3c33d570c7183757ab01fc241229911b96f20124146ca9b0e2e507fdde9e8a2295fd28990019"
    "62ef734ab7a92a875a36a940a7e85f2c5dacdb28d343e6255d450c43c43b3c678fefdc0f45a68fe4fc6bc93834f01014c9a25d7f147f626e"
    "09"
)
PRESENT_KEY = (
    "bf9a5af884ab1d517753a950546f53d32cabaffb193917fd810b86dfccea5b999e6bc94c50feef52c7def4ca6f034853c33023583ff9c856"
    "e0b0d40b8bd9e92f96432bc73ac3ebbd3f7892333fb39fa8e576056a57933867953508a935ca404817cca2101b"
)
KEY = "1a48cc77f42ba0a7770bb1e93f88d3cd33e169c10e29d7f989d55cc811d32d2b"
HANDED_OUT = "7d3743b0df823711ee3b530daefb6f994edf0243b7496f20489440c2e3a3918408a8a17e1609"
TOKEN = "Yz08U0YPwHB41jOZPle8N0JsVFIxSVEND0ZITSMv9d_fGuR4zZtPKH2ovVN-Ree1zrFFEA96Vpw7wA"


@pytest.mark.parametrize(("purpose", "key"), PURPOSES.items())
def test_each_purpose_keeps_its_key(purpose, key):
    assert Keys(MASTER).derive(purpose).hex() == key


def test_the_keys_below_those_of_a_purpose_are_kept():
    assert (
        IDS.derive("page tokens", "tutor").hex() == "a13fdd3ee4db9f7be3737d82a25631db54885ce1f8a8dbc785412a32ad05498a"
    )
    logs, journals = ChangeLogs(None, MASTER, float, FormerTags(IDS)), ClientLogs(None, MASTER, float)
    assert logs._key.hex() == "c46eed35b94e6743a184697cf2e7b29658e157a8d3b702aa6752e7b25082a8b0"
    assert journals._key.hex() == "eda24a157c6fbde1cfce3ab2345b8c1d221b0e6e9f28c2fc97df15d7ba3a2c02"
    logs.close()


@pytest.mark.parametrize(("sealed", "about"), [(ABOUT, b"about"), (ABOUT_NOTHING, b"")])
def test_bytes_that_were_sealed_before_open_and_would_be_sealed_alike(monkeypatch, sealed, about):
    assert Cipher(MASTER).open(bytes.fromhex(sealed), about) == b"text"
    monkeypatch.setattr(cipher.secrets, "token_bytes", lambda size: bytes.fromhex(sealed)[:size])
    assert Cipher(MASTER).seal(b"text", about).hex() == sealed


def test_a_sealed_file_of_before_is_read(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one").write_bytes(bytes.fromhex(FILE))
    assert Sealed(tmp_path, MASTER).read("a/one") == b"text"


def test_a_consumer_secret_of_before_opens():
    kept = SharedSecret(bytes.fromhex(SEALED_SECRET), datetime(2027, 3, 1, tzinfo=UTC))
    assert open_shared_secret(MASTER, "tutor", kept) == SECRET
    assert open_shared_secret(MASTER, "other", kept) is None


def test_the_keys_of_a_record_of_before_open(tmp_path):
    (tmp_path / "first-1.key").write_bytes(bytes.fromhex(FIRST_KEY))
    (tmp_path / keys.STATE).write_bytes((bytes(512) + bytes.fromhex(PRESENT_KEY)).ljust(1024, b"\0"))
    assert keys.sealed(tmp_path, MASTER) == {1: f"crossing-audit-key:1:{KEY}"}
    assert keys.PresentKey(tmp_path, MASTER).read() == keys.KeyState(1, bytes.fromhex(KEY))
    assert keys.problems(tmp_path, MASTER) == []
    (tmp_path / "first-1.key").write_bytes(bytes.fromhex(HANDED_OUT))
    assert keys.sealed(tmp_path, MASTER) == {}
    assert keys.notes(tmp_path) == []


def test_a_page_token_of_before_opens_and_would_be_sealed_alike():
    caller = Caller("tutor", "org", frozenset(), 1)
    request = SimpleNamespace(view=SimpleNamespace(api="edfi", name="students"), district="maple")
    cursor = Cursor("11" * 16, 2, "22" * 16, b"12345678")
    assert Cursors(IDS).open(caller, request, Query(token=TOKEN)) == cursor
    assert Cursors(IDS).seal(caller, request, Query(), cursor) == TOKEN


@pytest.mark.parametrize(("kind", "about", "else_about"), [(Cipher, b"a", b"b"), (TokenCipher, [b"a"], [b"a", b""])])
def test_what_was_sealed_otherwise_does_not_open(kind, about, else_about):
    one = kind(MASTER)
    sealed = one.seal(b"text", about)
    assert one.open(sealed, about) == b"text"
    changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for wrong in (sealed[:-1], b"", changed):
        with pytest.raises(NotSealed):
            one.open(wrong, about)
    for opening in (lambda: one.open(sealed, else_about), lambda: kind(MASTER[::-1]).open(sealed, about)):
        with pytest.raises(NotSealed):
            opening()
