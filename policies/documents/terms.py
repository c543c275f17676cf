"""Terms of an agreement: what its legal basis demands, directory information, obligations and retention."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from policies import elements
from policies.elements import Line
from standards.errors import SettingsError, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policies.documents.loading import Document
    from policies.elements import Element, Settled

CONSENT, OFFICIALS, DIRECTORY, TRANSFER = "99.30", "99.31(a)(1)", "99.31(a)(11)", "99.31(a)(2)"
EVALUATION, STUDY = "99.31(a)(3)", "99.31(a)(6)"
GROUNDS, PARAGRAPHS, DISCLOSURES = "99.31", ("a", "b", "c", "d"), tuple(str(number) for number in range(1, 17))
"""The section that lists who may be told without consent, its paragraphs, and those of its paragraph (a)."""
PERIOD = re.compile(r"P([0-9]{1,4}[DWMY]){1,3}")
ENDS = ("expiry", "revocation", "withdrawal")
"""What data may have to be deleted after: the agreement's last day, its revocation, the withdrawal of a consent."""
PERIODIC = frozenset({"notify-on-breach", "report-use", "review-access"})
"""The obligations that may name a period: within how long, or how often."""
OBLIGATIONS = PERIODIC | {
    "log-99.32", "no-ads", "no-sale", "no-profiling", "no-reidentification", "encrypt-at-rest", "encrypt-in-transit",
    "store-in-us", "train-staff", "delete-on-request", "assist-parents",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Obligation:
    """One duty of the recipient, by its known *word*, and its *period* where it has one."""

    word: str
    period: str = ""


def rests_on(basis: str, section: str) -> bool:
    """Tell whether a *basis*, which may name two sections of 34 CFR Part 99, names *section* or a part of it."""
    return any(one == section or one.startswith(f"{section}(") for one in basis.split("+"))


def _no_section(section: str) -> str:
    """Say that 34 CFR Part 99 has no such *section* on which a disclosure may rest; empty where it has."""
    number, *paragraphs = section.replace(")", "").split("(")
    if number != GROUNDS or not paragraphs:
        return ""
    if paragraphs[0] not in PARAGRAPHS:
        return f"34 CFR {GROUNDS} has the paragraphs ({', '.join(PARAGRAPHS)}), and no ({paragraphs[0]})"
    if paragraphs[0] == "a" and len(paragraphs) > 1 and paragraphs[1] not in DISCLOSURES:
        return f"34 CFR {GROUNDS}(a) has the paragraphs (1) to ({DISCLOSURES[-1]}), and no ({paragraphs[1]})"
    return ""


def obligation(text: str) -> Obligation | None:
    """Read an obligation; None where it is not one of the known words."""
    word, colon, period = text.partition(":")
    if word not in OBLIGATIONS or (colon and (word not in PERIODIC or not PERIOD.fullmatch(period))):
        return None
    return Obligation(word, period)


def retention_ends(retention: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the ends after which a *retention* wants data deleted: every one where it names none."""
    named = retention.get("after")
    return tuple(one for one in ENDS if one in named) if named else ENDS


def problems(document: Document) -> Iterator[SettingsError]:
    """Yield what the legal basis demands of an agreement and is not there."""
    basis = document.content["basis"]["ferpa"]
    selectors = document.content.get("population", {}).get("all", [])
    for section in basis.split("+"):
        if message := _no_section(section):
            yield document.error(("basis", "ferpa"), message)
    if rests_on(basis, CONSENT) and not any("consent" in one for one in selectors):
        message = (
            f"the basis {CONSENT} is consent, and no selector of the population asks for it:"
            " add - {consent: {form: NAME, status: granted}}"
        )
        yield document.error(("basis", "ferpa"), message)
    directory = document.content.get("directory", {})
    if rests_on(basis, DIRECTORY) and "optOut" not in directory:
        message = f"the basis {DIRECTORY} is directory information: directory: {{optOut: honour}} must be written"
        yield document.error(("basis", "ferpa"), message)
    elif rests_on(basis, DIRECTORY) and directory["optOut"] != "honour":
        message = f"the basis is directory information ({DIRECTORY}), so that an opt-out counts: write honour"
        yield document.error(("directory", "optOut"), message)
    for number, path in enumerate(directory.get("notice", ())):
        if not elements.under(Line(path, "allow")):
            where = ("directory", "notice", number)
            yield document.error(where, f"no element is called {path!r}{elements.guess(path)}")


def beyond_notice(document: Document, written: tuple[Line, ...]) -> Iterator[SettingsError]:
    """Yield the lines of an agreement about directory information that release something else, one mistake a line."""
    if not rests_on(document.content["basis"]["ferpa"], DIRECTORY):
        return
    notice = tuple(Line(path, "allow") for path in document.content.get("directory", {}).get("notice", ()))
    settled = elements.settle(written)
    told: set[Line] = set()
    for name, one in settled.items():
        if one.action != "deny" and not _directory(name, one, settled, notice):
            line = one.lines[0]
            if line not in told:
                told.add(line)
                message = (
                    f"{name} is no directory information: of another class, and not in directory: {{notice: [...]}}, "
                    "which lists what else the district's public notice names"
                )
                yield SettingsError(message, line.file, line.line, line.column)


def _directory(name: str, one: Settled, settled: Mapping[str, Settled], notice: tuple[Line, ...]) -> bool:
    """Tell whether an element may leave as directory information, or is only a pseudonym or a link to such a record."""
    about = elements.element(name)
    assert about is not None
    if any(line.covers(name) for line in notice) or one.action == "pseudonym" or about.container:
        return True
    if all(field.sensitivity == "directory" for field in about.fields) and not about.open and not about.member:
        return True
    return _links_only(about) and all(
        (there := settled.get(elements.id_of(field.to))) is not None
        and (there.action == "pseudonym" or _directory(elements.id_of(field.to), there, settled, notice))
        for field in about.fields
    )


def _links_only(about: Element) -> bool:
    return about.types == {"ref"} and {field.sensitivity for field in about.fields} <= {"identifier", "directory"}


def warnings(document: Document) -> Iterator[str]:
    """Yield what should be looked at again, since an earlier version took it or a person alone can judge it."""
    yield from _obligations(document)
    content = document.content
    basis, recipient = content["basis"]["ferpa"], content["parties"]["recipient"]
    place = _place(document, "basis", "ferpa")
    for section, what in ((STUDY, "a study"), (EVALUATION, "an audit or evaluation")):
        if rests_on(basis, section) and "retention" not in content:
            yield f"{place}: {section} is {what}: its data must be destroyed, and there is no retention that says when"
    if rests_on(basis, TRANSFER) and recipient["kind"] != "district":
        yield f"{place}: {TRANSFER} is the transfer to another school, and the recipient is a {recipient['kind']}"
    if recipient["kind"] == "vendor" and content.get("redisclosure", "prohibited") != "prohibited":
        yield f"{_place(document, 'redisclosure')}: a vendor that may pass data on; name it a subprocessor instead"
    if content.get("directory", {}).get("optOut") == "honour" and not rests_on(basis, DIRECTORY):
        place = _place(document, "directory")
        yield f"{place}: an opt-out of directory information does not touch an agreement that rests on {basis}"


def _obligations(document: Document) -> Iterator[str]:
    for number, text in enumerate(document.content.get("obligations", ())):
        if obligation(text) is not None:
            continue
        place, word = _place(document, "obligations", number), text.partition(":")[0]
        if word in OBLIGATIONS:
            said = "needs a period such as P3D behind the colon" if word in PERIODIC else "takes no period"
            yield f"{place}: the obligation {word} {said}"
        else:
            hint = suggestion(word, OBLIGATIONS)
            yield f"{place}: the obligation {text!r} is no known word, so nothing follows it{hint}"


def _place(document: Document, *where: str | int) -> str:
    return document.place(where)
