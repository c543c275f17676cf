"""Terms of an agreement in sentences: legal basis, operations, redisclosure, retention, obligations, limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.documents.words import message
from policies.documents.terms import EVALUATION, OFFICIALS, STUDY, rests_on, retention_ends
from standards import schedule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.documents.words import Wording

KINDS = {
    "district": message("school district"),
    "cbo": message("community organization"),
    "vendor": message("provider of a program or service"),
    "sea": message("state education agency"),
    "researcher": message("researcher"),
}
TRANSFER = message(
    "Officials of a school, school system or institution of postsecondary education in which the student seeks or"
    " intends to enroll, or is already enrolled, for purposes of the enrollment or transfer."
)
BASES = {
    "99.30": message("Written consent of the parent or of the eligible student."),
    "99.31(a)(1)": message(
        "School officials with a legitimate educational interest, among them those to whom the school district has"
        " outsourced a service for which it would otherwise use employees, and whose use and keeping of the records it"
        " controls directly."
    ),
    "99.31(a)(2)": TRANSFER,
    "99.31(a)(3)": message(
        "Authorized representatives of the Comptroller General, the Attorney General or the Secretary of Education of"
        " the United States, or of state or local educational authorities."
    ),
    "99.31(a)(4)": message(
        "Financial aid for which the student has applied or which the student has received, as far as the information"
        " is necessary for it."
    ),
    "99.31(a)(5)": message(
        "State and local officials or authorities to whom a state statute on the juvenile justice system specifically"
        " allows the disclosure."
    ),
    "99.31(a)(6)": message(
        "Studies for, or on behalf of, the school district, to develop, validate or administer predictive tests, to"
        " administer student aid programs, or to improve instruction."
    ),
    "99.31(a)(7)": message("Accrediting organizations, to carry out their accrediting functions."),
    "99.31(a)(8)": message("Parents of a student who is their dependent for federal income tax."),
    "99.31(a)(9)": message("A judicial order or a lawfully issued subpoena."),
    "99.31(a)(9)(iii)": message("Legal action between the school district and a parent or student, before a court."),
    "99.31(a)(10)": message("A health or safety emergency."),
    "99.31(a)(11)": message("Directory information."),
    "99.31(a)(12)": message("The parent of a student who is not an eligible student, or the student."),
    "99.31(a)(16)": message(
        "Information on sex offenders and others who must register, which was given to the school district under"
        " federal law."
    ),
    "99.34": TRANSFER,
    "99.35": message(
        "Audit or evaluation of education programs that federal or state authorities support, or enforcement of the"
        " federal requirements that relate to them."
    ),
    "99.36": message("A health or safety emergency."),
    "99.37": message("Directory information."),
}
"""What the sections of 34 CFR Part 99 on which a disclosure may rest are about; a subsection is about its section."""
OPERATIONS = {
    "read": message("Read pages of records and single records."),
    "search": message("Search for records by the facts that are released."),
    "bulk": message("Fetch files of all records at once."),
    "changes": message("Learn what has changed, or was deleted, since when."),
    "create": message("Create records in the school district's system."),
    "update": message("Change released facts in the school district's system."),
    "delete": message("Delete records in the school district's system."),
    "transfer": message("Ask for the record of a student who enrolls there, and receive it; nothing else."),
}
OBLIGATIONS = {
    "log-99.32": message(
        "Keep a record of its own of each request for the data and each disclosure of them, with the contents that 34"
        " CFR 99.32 prescribes for the school district's record."
    ),
    "no-ads": message("Show no advertising that is chosen by these data."),
    "no-sale": message("Sell no data."),
    "encrypt-at-rest": message("Keep the data encrypted."),
}
GROUNDS = ("99.30", "99.31")
"""The sections that allow a disclosure; the others are conditions of it."""
MAY_BE_PASSED_ON = tuple(f"99.31(a)({number})" for number in (8, 9, 11, 12, 14, 15, 16))
"""The grounds on which what is disclosed may be disclosed further: 34 CFR 99.33(c)."""
NOTIFY = "notify-on-breach:"
ENDS = {
    "expiry": message("the agreement ends"),
    "revocation": message("the school district revokes the agreement"),
    "withdrawal": message("a consent is withdrawn, for the data of that student"),
}


def bases(ferpa: str, words: Wording) -> Iterator[str]:
    """Yield a sentence for each section of 34 CFR Part 99 that an agreement rests on."""
    for section in ferpa.split("+"):
        known = section
        while known and known not in BASES:
            known = known.rpartition("(")[0]
        about = words.say(BASES[known]) if known else ""
        yield words.say("34 CFR %(section)s. %(about)s", section=section, about=about).strip()


def operations(allowed: frozenset[str], words: Wording) -> tuple[str, ...]:
    """Return a sentence for each operation that an agreement allows."""
    return tuple(words.say(said) for name, said in OPERATIONS.items() if name in allowed)


def redisclosure(content: Mapping[str, Any], words: Wording) -> str:
    """Say to whom the recipient may pass data on."""
    agreed = content.get("redisclosure")
    if agreed is None and not limited(content):
        return words.say(
            "The agreement says nothing of passing data on, and 34 CFR 99.33(a) does not limit it for what is disclosed"
            " on this ground (34 CFR 99.33(c))."
        )
    if agreed is None:
        return words.say(
            "The agreement says nothing of passing data on; 34 CFR 99.33(a) forbids it without consent, unless it is"
            " done on behalf of the school district, on one of the grounds of 34 CFR 99.31, and the school district has"
            " recorded to whom and why (34 CFR 99.33(b))."
        )
    if agreed == "prohibited":
        return words.say("The recipient passes no data on to anybody.")
    named = words.both(map(words.quoted, agreed["named"]))
    return words.say("The recipient passes data on to nobody but %(named)s.", named=named)


def limited(content: Mapping[str, Any]) -> bool:
    """Tell whether 34 CFR 99.33(a) limits what the recipient may do with the data: on all but a few grounds."""
    grounds = [one for one in content.get("basis", {}).get("ferpa", "").split("+") if one.startswith(GROUNDS)]
    return not grounds or not all(any(rests_on(one, free) for free in MAY_BE_PASSED_ON) for one in grounds)


def conditions(content: Mapping[str, Any], words: Wording) -> Iterator[str]:
    """Yield what 34 CFR Part 99 binds the recipient to on the grounds of the agreement, whatever else is agreed."""
    basis = content["basis"]["ferpa"]
    if limited(content):
        yield words.say(
            "The recipient and its officers, employees and agents use the data only for the purpose for which they were"
            " disclosed (34 CFR 99.33(a))."
        )
    if rests_on(basis, OFFICIALS):
        yield words.say(
            "The recipient uses and keeps the data under the direct control of the school district (34 CFR"
            " 99.31(a)(1)(i)(B))."
        )
    if rests_on(basis, STUDY):
        yield words.say(
            "The recipient uses the data only for the study that this agreement names, conducts it so that nobody but"
            " its own representatives with legitimate interests can identify students or parents, and destroys the data"
            " when they are no longer needed for it (34 CFR 99.31(a)(6)(iii))."
        )
    if rests_on(basis, EVALUATION):
        yield words.say(
            "The recipient protects the data so that nobody but the authority and its authorized representatives can"
            " identify anybody by them, and destroys them when they are no longer needed for the audit, evaluation or"
            " enforcement (34 CFR 99.35(b))."
        )


def retention(content: Mapping[str, Any], words: Wording) -> Iterator[str]:
    """Yield what becomes of the data when they are no longer needed."""
    agreed = content.get("retention")
    if agreed is None:
        yield words.say("The agreement states no time by which data are deleted.")
        return
    ends = words.either(words.say(ENDS[one]) for one in retention_ends(agreed))
    period = words.period(agreed["deleteWithin"])
    yield words.say("The recipient deletes the data within %(period)s after %(ends)s.", period=period, ends=ends)
    if agreed.get("certificate") == "required":
        yield words.say("It certifies the deletion to the school district in writing.")


def obligations(content: Mapping[str, Any], words: Wording) -> Iterator[str]:
    """Yield every obligation: those with a name of ours in words, others as the agreement writes them."""
    for one in content.get("obligations", ()):
        if one in OBLIGATIONS:
            yield words.say(OBLIGATIONS[one])
        elif one.startswith(NOTIFY) and (period := words.period(one.removeprefix(NOTIFY))):
            yield words.say("Tell the school district of a breach within %(period)s.", period=period)
        else:
            yield words.quoted(one)


def limits(content: Mapping[str, Any], words: Wording) -> Iterator[str]:
    """Yield the limits on counts and amounts."""
    agreed = content.get("limits", {})
    if cell := agreed.get("smallCell"):
        yield words.say("Counts of fewer than %(number)s records are not told.", number=words.number(cell))
    if rows := agreed.get("maxRowsPerDay"):
        yield words.say("No client is sent more than %(number)s records in a day.", number=words.number(rows))


def _noticed(path: str, words: Wording) -> str:
    """Name what a public notice names: in the words of the vocabulary, with its name in the agreement."""
    known = schedule.known(path)
    return f"{words.fact(known.about).rstrip('.')} ({path})" if known else path


def directory(content: Mapping[str, Any], words: Wording) -> Iterator[str]:
    """Yield what holds for families that have opted out of directory information."""
    agreed = content.get("directory", {})
    if agreed.get("optOut") == "honour":
        yield words.say("Students who are opted out of directory information are left out.")
    elif agreed.get("optOut") == "n/a":
        yield words.say(
            "The disclosure does not rest on directory information, so that opting out of it changes nothing here."
        )
    if notice := agreed.get("notice"):
        yield words.say(
            "The school district's public notice names as directory information, too: %(names)s.",
            names=words.both(_noticed(path, words) for path in notice),
        )
