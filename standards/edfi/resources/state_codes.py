"""The state's id of a student, which a OneRoster source states among others, as an Ed-Fi identification code."""

from __future__ import annotations

from typing import Any, Final

from standards.lenses.formats import trimmed
from standards.view import Const, Follow, Items, List, value

STATE_WORDS: Final = frozenset({"state", "stateid", "statestudentid", "statestudentidentifier", "ssid", "sasid"})
"""What sources call the state's id of a student, in small letters and digits alone."""

STATE_SYSTEM: Final = "uri://ed-fi.org/StudentIdentificationSystemDescriptor#State"
ASSIGNER: Final = "State"
MAX_CODE_CHARACTERS: Final = 60


def is_state_system(system: str) -> bool:
    """Tell whether a system of ids, or a descriptor of one, is the state's."""
    word = "".join(letter for letter in system.rpartition("#")[2].casefold() if letter.isalnum())
    return word in STATE_WORDS


def state_code() -> List:
    """Show the state's id among the ids of a student; Ed-Fi has room for one of an assigner, which is the first."""
    return List(
        "studentIdentificationCodes",
        (Follow("student"), Items("identifiers")),
        (
            Const("assigningOrganizationIdentificationCode", ASSIGNER),
            value("studentIdentificationSystemDescriptor", "type", form=_system),
            value("identificationCode", "value", form=_code),
        ),
        settle=_first,
        needs=("studentIdentificationSystemDescriptor", "identificationCode"),
    )


def _system(kind: Any) -> str | None:
    return STATE_SYSTEM if is_state_system(str(kind)) else None


def _code(text: Any) -> str | None:
    """Return an id that fits into Ed-Fi; one that was cut would be another."""
    code = trimmed(text)
    return code if code and len(code) <= MAX_CODE_CHARACTERS else None


def _first(found: list[Any]) -> list[Any]:
    return found[:1]
