"""Passwords are long, of any composition, and none that is guessed first; networks are what addresses belong to."""

from __future__ import annotations

import unicodedata

import pytest

from gateway.people.networks import network_of
from gateway.people.passwords import check_password, hash_password, matches
from gateway.people.persons import normal_mail, person_name
from standards.errors import CallerError

ABOUT = ("ana.maple@cedar.example.org", "Ana María Maple")


@pytest.mark.parametrize(
    "password",
    [
        "tulip kettle seventeen",
        "tulip-kettle",
        "958271640382",
        "7k4!9x2#8m1@",
        "ñandú corre 19",
        "密码是一个很长的秘密短语了吗",
        "x" * 3 + "tulip kettle" * 15,
        "49 trains 18 cats",
    ],
)
def test_a_long_password_of_any_kind_is_taken(password):
    check_password(password, *ABOUT)


@pytest.mark.parametrize(
    "password",
    [
        "", "kettle tulip"[:11], "aaaaaaaaaaaa", "abababababab", "123456789012", "password1234", "PASSWORD!!2026",
        "qwertyuiop12", "qwertyqwerty", "abcdefghijkl", "lkjihgfedcba", "maple-cedar-17", "anamaple2026!", "mariamaria12",
        "iloveyou2026", "crossingguard", "district2026", "¡contraseña26!", "x" * 201,
    ],
)  # fmt: skip
def test_a_short_or_common_one_or_one_about_the_person_is_not(password):
    with pytest.raises(CallerError):
        check_password(password, *ABOUT)


def test_a_password_is_the_same_from_every_keyboard():
    composed, apart = (unicodedata.normalize(form, "ñandú corre 19") for form in ("NFC", "NFD"))
    assert composed != apart
    assert matches(apart, hash_password(composed))
    assert not matches("nandu corre 19", hash_password(composed))


@pytest.mark.parametrize("kept", ["", "no hash", "$argon2id$v=19$m=19456,t=3,p=1$cuviSwpvRNeK$x"])
def test_where_no_hash_is_kept_no_password_is_right(kept):
    assert not matches("tulip kettle seventeen", kept)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.7", "198.51.100.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("::ffff:198.51.100.7", "198.51.100.0/24"),
        ("", ""),
        (None, ""),
        ("no address", ""),
    ],
)
def test_an_address_belongs_to_the_network_of_its_household(address, network):
    assert network_of(address) == network


@pytest.mark.parametrize(
    "mail",
    ["", "ana", "ana@", "@x.org", "a b@x.org", "ana@x.org\n", "ana@x.org,ben@x.org", "аna@x.org", "a" * 300 + "@x.org"],
)
def test_what_is_no_address_is_refused(mail):
    if mail.endswith("\n"):
        assert normal_mail(mail) == "ana@x.org"
        return
    with pytest.raises(CallerError):
        normal_mail(mail)


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\x1b[2J", "a\u2028b\x00"])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(CallerError):
        person_name(name)
