from __future__ import annotations

import pytest

from standards.lenses import formats


@pytest.mark.parametrize(
    ("value", "number"), [("255901", 255901), ("-3", -3), ("12a", None), ("", None), ("٣", None), (7, 7)]
)
def test_only_digits_become_a_number(value, number):
    assert formats.integer(value) == number


def test_yes_and_no_are_letters():
    assert [formats.truth(True), formats.truth(False)] == ["true", "false"]


def test_a_year_has_four_digits():
    assert [formats.year(2025), formats.year("987")] == ["2025", "0987"]


@pytest.mark.parametrize(
    ("value", "code"), [("uri://ed-fi.org/X#State ID", "State ID"), ("plain", "plain"), ("a#b#c", "c")]
)
def test_the_code_of_a_descriptor_is_its_last_part(value, code):
    assert formats.code_value(value) == code
