"""A district whose system is a OneRoster 1.2 server with a gradebook: the documents of the server."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from adapters.simulators.oneroster.documents import documents, reference
from gateway.demo.data.oneroster.csv_files import rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.demo.data.records import FictionalDistrict

    Document = dict[str, Any]

STAMP = "2026-08-01T00:00:00.000Z"
SCREENINGS = (("reading", "Fall reading screening", 240), ("mathematics", "Fall mathematics screening", 300))
MARKS = (("A", "90"), ("B", "80"), ("C", "70"), ("D", "60"), ("F", "0"))
EVERY = 4


def server_documents(district: FictionalDistrict) -> dict[str, dict[str, Document]]:
    """Return every collection of the server by name, each document by its sourcedId."""
    found = documents(rows(district))
    for identifier, section in found["classes"].items():
        if any(item["class"]["sourcedId"] == identifier for item in found["lineItems"].values()):
            found["scoreScales"].update(_named(_scale(section)))
    dice = Random(f"{district.name}/screenings")  # noqa: S311  (a fictional district, not a secret)
    for name, title, most in SCREENINGS:
        test = _screening(f"{district.name}-{name}", title, most)
        found["assessmentLineItems"].update(_named(test))
        for student in [one for one in found["users"].values() if one["roles"][0]["role"] == "student"][::EVERY]:
            found["assessmentResults"].update(_named(_score(test, student, dice, district.today.isoformat())))
    return found


def _named(document: Document) -> Iterator[tuple[str, Document]]:
    yield document["sourcedId"], document


def _head(identifier: str) -> Document:
    return {"sourcedId": identifier, "status": "active", "dateLastModified": STAMP}


def _scale(section: Document) -> Document:
    """Return the score scale of a class."""
    return _head(f"{section['sourcedId']}-letters") | {
        "title": "Letter grades",
        "type": "letter",
        "class": reference("class", section["sourcedId"]),
        "course": section["course"],
        "scoreScaleValue": [{"itemValueLHS": mark, "itemValueRHS": least} for mark, least in MARKS],
    }


def _screening(identifier: str, title: str, most: int) -> Document:
    return _head(identifier) | {"title": title, "resultValueMin": 0, "resultValueMax": most}


def _score(test: Document, student: Document, dice: Random, day: str) -> Document:
    percentile = dice.randint(1, 99)
    return _head(f"{test['sourcedId']}-{student['sourcedId']}") | {
        "assessmentLineItem": reference("assessmentLineItem", test["sourcedId"]),
        "student": reference("user", student["sourcedId"]),
        "score": round(test["resultValueMax"] * (40 + percentile / 2) / 100),
        "scorePercentile": percentile,
        "scoreStatus": "fully graded",
        "scoreDate": day,
    }
