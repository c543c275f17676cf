"""The state's id of a OneRoster source is an Ed-Fi identification code, and nothing else is."""

from __future__ import annotations

import pytest

from standards.edfi.from_oneroster.default_descriptors import standard
from standards.edfi.model.model import by_collection, validate
from standards.edfi.resources.state_codes import STATE_SYSTEM, is_state_system
from tests.gateway.engine.school import grant, students
from tests.standards.oneroster.resources.test_letter_of_views import show

COLLECTION = "studentEducationOrganizationAssociations"
PROFILE = {"key": ("Ann", "101"), "student": ("Ann",), "organization": ("101",)}


def codes(identifiers, of=None, **profile):
    """The identification codes that Ed-Fi shows of a student with such ids; None where there is no such member."""
    records = [*students("Ann", identifiers=identifiers), ("profile", {**PROFILE, **profile})]
    (found,) = show(records, COLLECTION, "edfi", of=of)
    wrong = validate(by_collection(COLLECTION), {**found, "_etag": "1", "_lastModifiedDate": "x"})
    assert [one for one in wrong if "studentIdentificationCodes" in one] == []
    some = found.get("studentIdentificationCodes")
    return (
        some
        if some is None
        else [(one["studentIdentificationSystemDescriptor"], one["identificationCode"]) for one in some]
    )


@pytest.mark.parametrize("kind", ["state", "State ID", "SSID", "sasid", "uri://x/Y#State"])
def test_the_states_id_is_a_code_whatever_a_source_calls_it(kind):
    assert codes([{"type": "local", "value": "7"}, {"type": kind, "value": " 12 "}]) == [(STATE_SYSTEM, "12")]


@pytest.mark.parametrize(
    "ids",
    [
        [], [{"type": "LDAP", "value": "7"}], [{"value": "7"}], [{"type": "state"}], [{"type": "state", "value": "  "}],
        [{"type": "estate", "value": "7"}], [{"type": "state", "value": "7" * 61}],
    ],
)  # fmt: skip
def test_without_one_there_is_no_code_and_no_empty_list(ids):
    assert codes(ids) is None


def test_of_several_the_first_is_shown_as_it_is_the_first_by_which_children_are_found():
    ids = [{"type": "state", "value": "2"}, {"type": "ssid", "value": "1"}, {"type": "state", "value": "2"}]
    assert codes(ids) == [(STATE_SYSTEM, "2")]


def test_codes_that_the_profile_states_stand_alone():
    stated = [{"system": STATE_SYSTEM, "assigner": "WA", "code": "9"}]
    assert codes([{"type": "state", "value": "2"}], identificationCodes=stated) == [(STATE_SYSTEM, "9")]


@pytest.mark.parametrize("hidden", ["student.identifiers.type", "student.identifiers.value"])
def test_an_id_that_is_not_released_is_no_code(hidden):
    assert codes([{"type": "state", "value": "2"}], grant(hidden)) is None


def test_the_system_is_among_the_descriptors_of_a_oneroster_source():
    assert STATE_SYSTEM in standard()
    assert is_state_system(STATE_SYSTEM)
