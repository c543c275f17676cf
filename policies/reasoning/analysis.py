"""Static analysis of an agreement: lines that change nothing, and facts that together name a student.

It is exact, since elements and actions are finite: each line is left out in turn, and what is released compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies import elements
from policies.canonical import capped
from policies.compiler import rules
from policies.transforms import MASKS, below, meet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policies.agreement import Agreement
    from policies.elements import Line
    from policies.grant import Rule

    Actions = Mapping[str, str]
    All = Mapping[str, elements.Settled]

NAMING_TRAITS = 3
"""The number of quasi-identifiers that together name most people among others with the same."""
WHOLE = "allow"


def warnings(agreement: Agreement) -> Iterator[str]:
    """Yield what deserves a second look in the compiled form of an agreement, each with its place."""
    yield from _idle_lines(agreement)
    actions = {name: rule.action for name, rule in _released(agreement, agreement.lines).items()}
    found = quasi_identifiers(actions)
    if actions.get("student.id") == "pseudonym" and len(found) >= NAMING_TRAITS:
        named = f"{', '.join(found[:-1])} and {found[-1]}"
        yield f"{agreement.file}: {named} together name most students, so the pseudonym of student.id hides little"


def quasi_identifiers(actions: Actions) -> tuple[str, ...]:
    """Return the traits, in words, that leave whole and by which a student can be told from others."""

    def whole(*names: str) -> bool:
        return any(actions.get(name) == WHOLE for name in names)

    race = any(name.startswith(("student.race.", "student.ethnicity.")) and whole(name) for name in actions)
    school = whole("enrollment.school") and whole("organization.id", "organization.identifier", "organization.name")
    traits = {
        "full birth date": whole("student.birthDate"),
        "postal code": whole("student.address.postalCode"),
        "sex": whole("student.sex", "student.birthSex"),
        "race": race,
        "school with grade": school and whole("student.grades", "enrollment.grade"),
    }
    return tuple(name for name, there in traits.items() if there)


def _idle_lines(agreement: Agreement) -> Iterator[str]:
    """Yield each line of the document itself without which the same would be released.

    A line that denies is never idle: it also caps what other agreements release.
    """
    settled = elements.settle(agreement.lines)
    for line in agreement.lines:
        if line.action != "deny" and not line.bundle and _idle(line, agreement.lines, settled):
            why = _why(line, agreement.lines, settled)
            place = f"{line.file}:{line.line}:{line.column}"
            yield f"{place}: the line {line.path}: {line.action} changes nothing, {why}"


def _idle(line: Line, lines: tuple[Line, ...], settled: All) -> bool:
    """Tell whether the same is released without *line*.

    Where other lines decide alike on everything that it covers, it is. Where they do not and something of that leaves
    as they say, it is not. Only ids, and what is capped beyond all lines unless one names it, have to be settled anew.
    """
    covered = _covered(line)
    if any(one.window is not None for name in covered for one in settled[name].lines):
        return False  # a window is taken to change something
    alone = [name for name in covered if not _others_decide(line, settled[name].lines)]
    if any(settled[name].action != "deny" and not (settled[name].cap or _is_id(name)) for name in alone):
        return False
    if not alone and not any(_member(name) for name in covered):
        return True
    rest = elements.settle(one for one in lines if one != line)
    return all(_action(settled, name) == _action(rest, name) for name in {*settled, *rest})


def _is_id(name: str) -> bool:
    one = elements.element(name)
    return one is not None and one.is_id


def _covered(line: Line) -> list[str]:
    return [one.name for one in elements.under(line) if not (one.container and line.action in MASKS)]


def _others_decide(line: Line, about: tuple[Line, ...]) -> bool:
    """Tell whether the lines *about* an element come to the same without *line*."""
    others = [one.action for one in about if one != line]
    return bool(others) and meet(others) == meet(one.action for one in about)


def _action(settled: All, name: str) -> str:
    """Return what happens to an element; to a free member that no line names, what happens to its dictionary."""
    if name not in settled and (dictionary := _member(name)):
        return _action(settled, dictionary)
    return settled[name].action if name in settled else "deny"


def _member(name: str) -> str:
    """Return the dictionary that an element is a free member of; nothing where it is none."""
    one = elements.element(name)
    return one.fields[0].release.removesuffix(".*") if one and one.member else ""


def _why(line: Line, lines: tuple[Line, ...], settled: All) -> str:
    """Say what decides instead of a line: one that denies or masks, one that releases the same already, or a cap."""
    covered = _covered(line)
    others = [one for one in lines if one != line]
    lower = [one for one in others if below(one.action, line.action) and any(map(one.covers, covered))]
    broad = [one for one in others if one.action == line.action and all(map(one.covers, covered))]
    if broad and not lower:
        return f"since {broad[0].path}: {broad[0].action} ({broad[0].place}) does the same"
    if lower:
        return f"since {lower[0].path}: {lower[0].action} ({lower[0].place}) decides"
    cap = next((settled[name].cap for name in covered if settled[name].cap), "")
    return f"since {cap}" if cap else "since other lines do the same"


def _released(agreement: Agreement, lines: tuple[Line, ...]) -> Mapping[str, Rule]:
    return rules(capped(elements.settle(lines), agreement.expansion))
