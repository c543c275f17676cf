"""A document says one thing only, and a mistake in it is found at its place."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from policies.documents import loading
from standards.errors import SettingsError

COLON = "no colon can stand here: put a text that has one into quotes, and look whether a quote above is left open"
INDENT = "the line begins further left or right than those it belongs with, or its dash is missing"


def read(text: str | bytes):
    return loading.parse(text if isinstance(text, bytes) else text.encode(), "agreement.yaml")


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "3:1", "the key 'a' is here twice"),
        ("{a: deny, a: allow}", "1:11", "the key 'a' is here twice"),
        ("a: &x 1\nb: 2", "1:4", "anchors (&name) are not allowed"),
        ("a: 1\nb: *x", "2:4", "aliases (*name) are not allowed"),
        ("<<: {a: 1}", "1:1", "merge keys (<<) are not allowed"),
        ("a: !!python/object:os.system 1", "1:4", "tags (!name) are not allowed"),
        ("a: !!str 1", "1:4", "tags (!name) are not allowed"),
        ("!thing {a: 1}", "1:1", "tags (!name) are not allowed"),
        ("1: a", "1:1", "a key must be a text"),
        ("? [a]\n: b", "1:3", "a key must be a text"),
        ("true: a", "1:1", "a key must be a text"),
        ("%YAML 1.1\n---\na: yes", "2:1", "directives (%YAML, %TAG) are not allowed"),
        ("a: 1\n---\nb: 2", "2:1", "a second document begins here; one file holds one"),
        ("", "1:1", "the file is empty"),
        ("# nothing\n", "1:1", "the file is empty"),
        ("a: b: c", "1:5", f"this is not YAML: {COLON}"),
        ("a:\n\t- b", "2:1", "this is not YAML: a tab stands here: indent with spaces"),
        ("a:\n  b: 1\n c: 2", "3:2", f"this is not YAML: {INDENT}"),
        ("a:\n  - b\n  c: 2", "3:3", f"this is not YAML: {INDENT}"),
        (
            "a: {b: 1\nc: 2",
            "2:2",
            "this is not YAML: a comma is missing here, or a bracket that was opened above is not closed",
        ),
        ("a: 1\nb\nc: 2", "3:1", "this is not YAML: the line has no colon after its key"),
        ('a: "b\nc: 2', "2:5", "this is not YAML: a quote that was opened is not closed"),
        ("a: \x01", "1:4", "a control character is not allowed here"),
        ('a: "\\uD800"', "1:4", "half a character (a surrogate) is not allowed"),
        ('a: "\\U00110000"', "1:1", "this is not YAML"),
        (b"a: 1\nb: \xff", "2:4", "the file is not UTF-8 text"),
        ("a: " + "[" * 5000, "1:24", "nested deeper than 20 levels"),
        ("a: " + "{b: " * 5000, "1:84", "nested deeper than 20 levels"),
        ("a" * (256 * 1024 + 1), "1:1", "the file is larger than 256 KiB"),
    ],
)
def test_what_could_mean_something_else_is_refused(text, place, message):
    with pytest.raises(SettingsError) as error:
        read(text)
    assert str(error.value) == f"agreement.yaml:{place}: {message}"


def test_plain_words_mean_what_the_core_schema_says():
    document = read('grades: [KG, 01, "01", 08, 09, 010, 10, NO, yes, true, 2026-09-01, ~, 1.5, 0x1F]')
    content = document.content["grades"]
    assert content[:12] == ["KG", 1, "01", 8, 9, 10, 10, "NO", "yes", True, "2026-09-01", None]
    assert all(isinstance(one, float) and not one.is_integer() for one in content[12:])


def test_every_value_knows_its_place():
    document = read("a: 1\nb:\n  - x\n  - {c: d}\n")
    assert document.values["b", 1, "c"] == (4, 9)
    assert document.keys["b", 1, "c"] == (4, 6)
    assert str(document.error(("b", 1, "c", "missing"), "wrong")) == "agreement.yaml:4:9: wrong"


def test_a_file_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        loading.read(tmp_path / "no.yaml")


@given(st.text() | st.text("{}[]:-?!&*|>'\"%@`,# \n\tab1"))
def test_no_text_does_more_than_be_read_or_be_refused(text):
    try:
        place = read(text.encode("utf-8", "surrogatepass")).values[()]
    except SettingsError as error:
        place = (error.line, error.column)
    assert min(place) >= 1


KEYS = st.text().filter(lambda key: key != "<<")


@given(
    st.recursive(
        st.text() | st.integers(0, 10**6) | st.booleans(),
        lambda some: st.lists(some) | st.dictionaries(KEYS, some),
    )
)
@example("\x7f\x80\x85\x9f\u2028\u2029\ufeff\ufffe\uffff😀\t\r\n\x00\x1b")
@example({"*a": "*a", "no": "1", "&b": ["~", "2026-01-01"]})
def test_what_is_written_is_read_back_as_it_is(value):
    written = loading.write(value)
    assert "\n" not in written
    assert read(f"key: {written}\n").content == {"key": value}
