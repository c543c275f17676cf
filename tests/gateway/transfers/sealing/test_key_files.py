"""A private key is kept where only its owner can read it, overwrites nothing, and is read from nowhere else."""

from __future__ import annotations

import json
import os
import stat

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.jwk import generate_key

from gateway.transfers.sealing.errors import KeyFileRefused
from gateway.transfers.sealing.key_files import NO_KEY, read_private_key, write_private_key
from tests.gateway.transfers.sealing.sealed_packages import pair

PASSPHRASE = b"correct horse battery"
KEY = pair("maple sig")
TOLD = KEY.as_dict(private=True)


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "keys"
    path.mkdir(mode=0o700)
    return path


def written(folder, content, mode=0o600):
    path = folder / "key"
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_a_key_that_was_written_can_be_read_by_its_owner_alone(folder, passphrase):
    path = folder / "key"
    before = os.umask(0)
    try:
        write_private_key(path, KEY, passphrase)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_private_key(path, passphrase).as_dict(private=True) == TOLD


def test_an_encrypted_file_has_nothing_of_the_key_in_it(folder):
    write_private_key(folder / "key", KEY, PASSPHRASE)
    text = (folder / "key").read_text()
    assert "ENCRYPTED PRIVATE KEY" in text
    assert TOLD["d"] not in text


def test_a_file_that_is_there_is_not_overwritten(folder):
    path = written(folder, b"mine")
    with pytest.raises(KeyFileRefused):
        write_private_key(path, KEY)
    (folder / "link").symlink_to(folder / "elsewhere")
    with pytest.raises(KeyFileRefused):
        write_private_key(folder / "link", KEY)
    assert path.read_bytes() == b"mine"
    assert sorted(one.name for one in folder.iterdir()) == ["key", "link"]


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o701, 0o711, 0o770, 0o707])
def test_a_folder_into_which_others_can_look_takes_no_key(folder, mode):
    folder.chmod(mode)
    with pytest.raises(KeyFileRefused):
        write_private_key(folder / "key", KEY)
    assert list(folder.iterdir()) == []


def test_a_key_that_cannot_be_written_whole_leaves_no_file(folder, monkeypatch):
    def full(_descriptor):
        raise OSError

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KeyFileRefused, match="nothing of it is left"):
        write_private_key(folder / "key", KEY)
    assert list(folder.iterdir()) == []


def test_a_folder_that_is_not_there_takes_no_key(folder):
    with pytest.raises(KeyFileRefused):
        write_private_key(folder / "more" / "key", KEY)
    with pytest.raises(KeyFileRefused):
        write_private_key(written(folder, b"") / "key", KEY)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601])
def test_a_file_that_others_can_read_is_not_read(folder, mode):
    with pytest.raises(KeyFileRefused):
        read_private_key(written(folder, json.dumps(TOLD).encode(), mode))


def test_a_link_a_pipe_and_a_folder_are_not_read(folder):
    (folder / "link").symlink_to(written(folder, json.dumps(TOLD).encode()))
    os.mkfifo(folder / "pipe", 0o600)
    for path in (folder / "link", folder / "pipe", folder, folder / "nothing"):
        with pytest.raises(KeyFileRefused):
            read_private_key(path)


def test_a_short_passphrase_is_refused(folder):
    with pytest.raises(KeyFileRefused):
        write_private_key(folder / "key", KEY, b"short")


def test_a_public_key_and_one_of_another_curve_are_not_written(folder):
    for key in (type(KEY).import_key(KEY.public_key), generate_key("EC", "P-384")):
        for passphrase in (None, PASSPHRASE):
            with pytest.raises(KeyFileRefused):
                write_private_key(folder / "key", key, passphrase)


def pem(key, **given):
    return key.as_pem(private=True, **given)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{}", b"[]", b"{" * 9000, b" " * 20_000, b"-----BEGIN PRIVATE KEY-----", json.dumps(TOLD | {"more": 1}).encode(),
        json.dumps({name: value for name, value in TOLD.items() if name != "d"}).encode(),
        json.dumps(TOLD | {"d": "AAAA"}).encode(), json.dumps(TOLD | {"d": 7}).encode(), json.dumps(TOLD | {"d": "A" * 43}).encode(),
        json.dumps(TOLD | {"d": "_" * 42 + "8"}).encode(), json.dumps(TOLD | {"x": TOLD["y"]}).encode(),
        json.dumps(TOLD | {"crv": "P-384"}).encode(), json.dumps(TOLD).encode()[:-1] + b',"kty":"EC"}',
        json.dumps({"kty": "oct", "k": "AAAA"}).encode(), pem(generate_key("EC", "P-384"), password="correct horse battery"),
        pem(generate_key("RSA", 2048), password="correct horse battery"),
        KEY.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    ],
)  # fmt: skip
@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_what_is_no_private_key_of_ours_is_refused(folder, content, passphrase):
    with pytest.raises(KeyFileRefused) as error:
        read_private_key(written(folder, content), passphrase)
    assert str(error.value) == NO_KEY


def test_a_wrong_passphrase_is_refused(folder):
    write_private_key(folder / "key", KEY, PASSPHRASE)
    for passphrase in (None, b"", PASSPHRASE + b"!"):
        with pytest.raises(KeyFileRefused, match="no private key"):
            read_private_key(folder / "key", passphrase)
