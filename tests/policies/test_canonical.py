"""The text that is hashed and signed is the canonical JSON of RFC 8785, and what has no such form is refused."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.canonical import MAX_NUMBER, Expansion, spell, to_sign
from policies.elements import Line, settle

PUBLISHED = [
    # RFC 8785, section 3.2.2, without its fractions
    (
        r'{"string":"\u20ac$\u000F\u000aA\u0027\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}',
        r"""{"literals":[null,true,false],"string":"€$\u000f\nA'B\"\\\\\"/"}""",
    ),
    # RFC 8785, section 3.2.3: sorted by UTF-16 units, a smiley before a Hebrew letter
    (
        (
            r'{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",'
            r'"\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}'
        ),
        (
            '{"\\r":"Carriage Return","1":"One","\x80":"Control","ö":"Latin Small Letter O With Diaeresis",'
            '"€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}'
        ),
    ),
    # github.com/cyberphone/json-canonicalization, testdata: arrays (whole numbers), french, structures, unicode, weird
    (r'[56,{"d":true,"10":null,"1":[]}]', '[56,{"1":[],"10":null,"d":true}]'),
    (
        (
            '{"peach":"This sorting order","péché":"is wrong according to French","pêche":"but canonicalization MUST",'
            '"sin":"ignore locale"}'
        ),
        (
            '{"peach":"This sorting order","péché":"is wrong according to French","pêche":"but canonicalization MUST",'
            '"sin":"ignore locale"}'
        ),
    ),
    (
        r'{"1":{"f":{"f":"hi","F":5},"\n":56},"10":{},"":"empty","a":{},"111":[{"e":"yes","E":"no"}],"A":{}}',
        r'{"":"empty","1":{"\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{"E":"no","e":"yes"}],"A":{},"a":{}}',
    ),
    (r'{"Unnormalized Unicode":"A\u030a"}', '{"Unnormalized Unicode":"A\u030a"}'),
    (
        (
            r'{"\u20ac":"Euro Sign","\r":"Carriage Return","\u000a":"Newline","1":"One","\u0080":"Control\u007f",'
            r'"\ud83d\ude02":"Smiley","\u00f6":"Latin Small Letter O With Diaeresis","\ufb33":"Hebrew Letter Dalet With '
            r'Dagesh","</script>":"Browser Challenge"}'
        ),
        (
            '{"\\n":"Newline","\\r":"Carriage Return","1":"One","</script>":"Browser Challenge","\x80":"Control\x7f",'
            '"ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😂":"Smiley",'
            '"\ufb33":"Hebrew Letter Dalet With Dagesh"}'
        ),
    ),
    # RFC 8785, appendix B: whole numbers
    ("[0,-0,9007199254740991,-9007199254740991]", "[0,0,9007199254740991,-9007199254740991]"),
]
ESCAPES = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.text(
    "\ud7ff\ue000\uffff😀\U0010ffff", max_size=3
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_NUMBER, MAX_NUMBER) | TEXTS,
    lambda some: st.lists(some, max_size=4) | st.dictionaries(TEXTS, some, max_size=5),
    max_leaves=12,
)


def units(text):
    raw = text.encode("utf-16-be")
    return [raw[at] << 8 | raw[at + 1] for at in range(0, len(raw), 2)]


def by_the_rfc(value):
    """RFC 8785 for texts, whole numbers, literals and structures, as it is written there."""
    if isinstance(value, str):
        return '"' + "".join(ESCAPES.get(ord(one), one if one >= " " else f"\\u{ord(one):04x}") for one in value) + '"'
    if isinstance(value, dict):
        return "{" + ",".join(f"{by_the_rfc(key)}:{by_the_rfc(value[key])}" for key in sorted(value, key=units)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(by_the_rfc, value)) + "]"
    return (
        {None: "null", True: "true", False: "false"}[value]
        if value is None or value is True or value is False
        else str(value)
    )


@pytest.mark.parametrize(("given", "canonical"), PUBLISHED)
def test_the_published_vectors_are_spelt_as_published(given, canonical):
    assert spell(json.loads(given)) == canonical


@given(VALUES)
def test_any_other_value_is_spelt_as_the_rfc_has_it(value):
    assert spell(value) == by_the_rfc(value)
    assert json.loads(spell(value)) == value


@pytest.mark.parametrize(
    "value",
    [
        0.5,
        1.0,
        -0.0,
        math.nan,
        math.inf,
        1e30,
        MAX_NUMBER + 1,
        -MAX_NUMBER - 1,
        "\ud800",
        {"\udfff": 1},
        {1: 1},
        b"x",
        {1},
    ],
    ids=ascii,
)
def test_what_programs_spell_differently_is_refused(value):
    for one in (value, [value], {"a": {"b": value}}):
        with pytest.raises(ValueError, match=r"canonical form|no text|surrogates"):
            spell(one)


def test_free_members_are_signed_in_the_order_of_the_rfc():
    lines = [Line(f"oneroster.users.metadata.{name}", "allow") for name in ("\ufb33", "😀", "a")]
    covered = {name: one.action for name, one in settle(lines).items()}
    signed = json.loads(to_sign('{"id":"x"}', Expansion("", covered)))
    assert to_sign('{"id":"x"}', Expansion("", covered)).decode() == by_the_rfc(signed)
    assert [name.rpartition(".")[2] for name in signed["elements"]] == ["a", "😀", "\ufb33"]
