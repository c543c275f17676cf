"""The population of an agreement as a document tells it: who is in it, sentence by sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.documents.words import message
from standards.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.documents.words import Wording

SELECTORS = frozenset({"school", "grade", "enrollment", "consent", "program", "age"})
"""The selectors for which there is a sentence."""
ENROLLED = {
    (True, True, True): message("The student is enrolled today in school %(schools)s, there in grade %(grades)s."),
    (True, True, False): message("The student is enrolled today in school %(schools)s."),
    (True, False, True): message("The student is enrolled today in grade %(grades)s."),
    (True, False, False): message("The student is enrolled in a school of the district today."),
    (False, True, True): message("The student is or was enrolled in school %(schools)s, there in grade %(grades)s."),
    (False, True, False): message("The student is or was enrolled in school %(schools)s."),
    (False, False, True): message("The student is or was enrolled in grade %(grades)s."),
}
"""What is asked of an enrollment: that it is one of today, in some schools, in some grades."""


def selectors(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the selectors of an agreement's population by name."""
    return {name: value for one in content.get("population", {}).get("all", ()) for name, value in one.items()}


def consent_form(content: Mapping[str, Any]) -> str:
    """Return the name of the consent form that an agreement asks for; empty where it asks for none."""
    return str(selectors(content).get("consent", {}).get("form", ""))


def sentences(content: Mapping[str, Any], words: Wording) -> Iterator[str]:
    """Yield a sentence for each condition on the students that an agreement is about.

    Raises:
        SettingsError: there is a selector that no sentence tells, which a document must not leave out.
    """
    chosen = selectors(content)
    if unknown := sorted(chosen.keys() - SELECTORS):
        raise SettingsError(f"no document can tell the selector {unknown[0]} of the population")
    if not chosen and "staffAssignment" not in content.get("population", {}):
        yield words.say("Every student of the school district.")
        return
    yield words.say("Only students for whom all of the following is true:")
    yield from filter(None, (_enrollment(chosen, words), _program(chosen, words), _age(chosen, words)))
    if "consent" in chosen:
        said = message("The parent, or the eligible student, has given written consent by the form %(form)s.")
        yield words.say(said, form=words.quoted(chosen["consent"]["form"]))
    if "staffAssignment" in content.get("population", {}):
        yield words.say("The student is assigned to the staff member of the recipient who asks.")


def _enrollment(chosen: Mapping[str, Any], words: Wording) -> str:
    """Tell school, grade and enrollment together: they hold for one and the same enrollment."""
    schools = words.either(chosen.get("school", {}).get("in", ()))
    grades = words.either(chosen.get("grade", {}).get("in", ()))
    said = ENROLLED.get(("enrollment" in chosen, bool(schools), bool(grades)), "")
    return words.say(said, schools=schools, grades=grades) if said else ""


def _program(chosen: Mapping[str, Any], words: Wording) -> str:
    if "program" not in chosen:
        return ""
    named = chosen["program"]
    programs = words.either(map(words.quoted, named["in"] if "in" in named else [named["is"]]))
    return words.say("The student takes part in the program %(programs)s.", programs=programs)


def _age(chosen: Mapping[str, Any], words: Wording) -> str:
    age = chosen.get("age", {})
    if "from" in age and "to" in age:
        return words.say("The student is from %(low)s to %(high)s years old.", low=age["from"], high=age["to"])
    if "from" in age:
        return words.say("The student is at least %(low)s years old.", low=age["from"])
    return words.say("The student is at most %(high)s years old.", high=age["to"]) if age else ""
