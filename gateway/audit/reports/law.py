"""The recordkeeping duties of 34 CFR 99.32 and 300.614: which disclosures must be on record, and which need not be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from standards import vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable

FERPA, IDEA = "34 CFR 99.32", "34 CFR 300.614"
PARENT: Final = "99.31(a)(12)"
GRAND_JURY, LAW_ENFORCEMENT, EX_PARTE = "99.31(a)(9)(ii)(A)", "99.31(a)(9)(ii)(B)", "99.31(a)(9)(ii)(C)"
SECRET: Final = (GRAND_JURY, LAW_ENFORCEMENT, EX_PARTE)
"""The bases of which the parent is not notified: a court may have ordered that nobody be told of them."""
EXEMPTIONS: Final = (
    (PARENT, "34 CFR 99.32(d)(1)", "the parent or the eligible student"),
    ("99.31(a)(1)", "34 CFR 99.32(d)(2)", "a school official with a legitimate educational interest"),
    ("99.30", "34 CFR 99.32(d)(3)", "a party with written consent of the parent or the eligible student"),
    ("99.31(a)(11)", "34 CFR 99.32(d)(4)", "a party seeking directory information"),
    (GRAND_JURY, "34 CFR 99.32(d)(5)", "a party with a grand jury subpoena that a court has ordered to keep secret"),
    (LAW_ENFORCEMENT, "34 CFR 99.32(d)(5)", "a party with a law enforcement subpoena that an order keeps secret"),
    (EX_PARTE, "34 CFR 99.32(d)(5)", "a party with an ex parte court order in an investigation of terrorism"),
)
"""The bases on which a disclosure rests that 34 CFR 99.32(d) exempts, where it does so, and to whom it was made."""
GROUNDS: Final = ("99.30", "99.31")
"""The sections that allow a disclosure; the others that a basis names are conditions of it."""
SPECIAL_EDUCATION: Final = re.compile(
    r"^(program|programParticipation)\.|special_?education|disabilit|individualized|\biep|section504", re.IGNORECASE
)
"""The names of facts that may be of records under Part B of IDEA: which program it is, the name does not say."""


@dataclass(frozen=True, slots=True)
class Duty:
    """What the law asks of a row of the record: *demanded* by 34 CFR 99.32, or exempt by *sections* for a *reason*.

    *special_education* says that facts are among it for which 34 CFR 300.614 has a list of its own, without the
    exemption of school officials who are no employees. *secret* says that the parent must not learn of it from the
    record: it rests on a subpoena or order of 34 CFR 99.31(a)(9)(ii)(A) to (C).
    """

    demanded: bool
    sections: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    special_education: bool = False
    secret: bool = False


def duty(basis: str, facts: Iterable[str]) -> Duty:
    """Return the duty of a disclosure on a *basis* of the *facts*; what is not plainly exempt is demanded."""
    grounds = [one for one in re.split(r"[,+\s]+", basis) if one and one.startswith(GROUNDS)]
    found = [_exemption(one) for one in grounds]
    special = any(is_special_education(name) for name in facts) and not (
        grounds and all(_rests_on(one, PARENT) for one in grounds)
    )
    secret = any(_rests_on(one, kept) for one in grounds for kept in SECRET)
    if not found or None in found:
        return Duty(demanded=True, special_education=special, secret=secret)
    known = dict.fromkeys(one for one in found if one)
    return Duty(False, tuple(section for section, _ in known), tuple(reason for _, reason in known), special, secret)


def is_special_education(name: str) -> bool:
    """Tell whether a fact may be of a record of special education."""
    field = vocabulary.names().get(name)
    return bool(SPECIAL_EDUCATION.search(name)) or (field is not None and field.sensitivity == "special")


def _exemption(ground: str) -> tuple[str, str] | None:
    return next(((section, whom) for basis, section, whom in EXEMPTIONS if _rests_on(ground, basis)), None)


def _rests_on(ground: str, basis: str) -> bool:
    return ground == basis or ground.startswith(f"{basis}(")
