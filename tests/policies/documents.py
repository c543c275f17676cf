"""Agreements written by tests, and a district of nine rooms to apply them to."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from policies import agreement, compiler

SAMPLES = Path(__file__).parent / "samples"
TODAY = "2026-10-01"
NOW = datetime(2026, 10, 1, 19, 0, tzinfo=UTC)
CLIENT = "reading-partners-prod"

HEAD = """\
apiVersion: dsa/v1
id: {id}
version: {version}
parties: {{provider: {{district: {district}}}, recipient: {{org: reading-partners, kind: cbo}}}}
basis: {{ferpa: "99.31(a)(1)", purpose: {purpose}, legitimateInterest: "plan weekly reading support"}}
validity: {{from: {begin}, to: {end}, timezone: America/Los_Angeles}}
clients: [reading-partners-prod]
operations: {operations}
"""
USUAL = {
    "id": "reading",
    "version": 1,
    "district": "maple",
    "purpose": "tutoring",
    "begin": "2026-09-01",
    "end": "2027-08-31",
    "operations": "[read, search]",
}


def text(elements: str, population: str = "", **changes: object) -> str:
    """An agreement whose element lines are `path action` pairs, one per line."""
    lines = [line.split() for line in elements.strip().splitlines()]
    written = "".join(f'  - {{path: "{path}", action: {action}}}\n' for path, action in lines)
    people = f"population: {population}\n" if population else ""
    return HEAD.format(**USUAL | changes) + people + "elements:\n" + written


def load(elements: str, population: str = "", **changes: object) -> agreement.Agreement:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "agreement.yaml")
        path.write_text(text(elements, population, **changes), "utf-8")
        return agreement.load(path)


def grant(elements: str, population: str = "", **changes: object):
    return compiler.compile(load(elements, population, **changes), CLIENT)


def district() -> dict[str, list[dict]]:
    """Three schools, seven children and those around them."""
    schools = {"101": "Maple Elementary", "102": "Cedar Elementary", "103": "Alder Middle"}
    records: dict[str, list[dict]] = {
        "organization": [{"key": ("1",), "identifier": "1", "name": "Maple District", "kind": "district"}]
    }
    records["organization"] += [
        {"key": (key,), "identifier": key, "name": name, "kind": "school", "parent": ("1",)}
        for key, name in schools.items()
    ]
    records["session"] = [
        {"key": ("fall", key), "name": "Fall", "kind": "term", "begin": "2026-09-01", "school": (key,)}
        for key in schools
    ]
    records["course"] = [{"key": ("ELA",), "code": "ELA", "title": "Reading", "organization": ("1",)}]
    records["offering"] = [
        {"key": ("ELA", key), "course": ("ELA",), "school": (key,), "session": ("fall", key)} for key in schools
    ]
    records["section"] = [
        {"key": ("ELA", key, "1"), "identifier": "1", "title": f"Reading {key}", "offering": ("ELA", key), "school": (key,),
         "terms": [("fall", key), ("fall", "none")]} for key in schools
    ]  # fmt: skip
    children = [
        ("s1", "101", "03"), ("s2", "101", "03"), ("s3", "101", "KG"), ("s4", "102", "04"),
        ("s5", "103", "06"), ("s6", "103", "07"), ("s7", "102", "05"),
    ]  # fmt: skip
    for name in ("student", "profile", "enrollment", "placement", "contact", "guardianship"):
        records[name] = []
    for number, (key, school, grade) in enumerate(children):
        _child(records, number, key, school, grade)
    records["staff"] = [
        {"key": (f"t{key}",), "uniqueId": f"t{key}", "name.given": "Alex", "name.family": f"Teacher {key}"}
        for key in schools
    ]
    records["teaching"] = [
        {"key": ("ELA", key, f"t{key}"), "staff": (f"t{key}",), "section": ("ELA", key, "1"), "primary": True}
        for key in schools
    ]
    records["employment"] = [
        {"key": (key, f"t{key}"), "staff": (f"t{key}",), "organization": (key,)} for key in schools
    ]
    return records


def _child(records: dict[str, list[dict]], number: int, key: str, school: str, grade: str) -> None:
    records["student"].append({
        "key": (key,), "uniqueId": key, "id": f"source-{key}", "name.given": f"Given{number}", "name.family": f"Family{number}",
        "birthDate": f"201{number}-05-07", "birthSex": "Female", "birthSex@edfi": "uri://local/SexDescriptor#F",
        "phone": f"206-555-010{number}", "identifier": f"SSID{number}", "grades": [grade],
        "race.asian": number % 2 == 0, "identifiers": [{"type": "state", "value": f"WA{number}"}, {"type": "district", "value": f"M{number}"}],
        "oneroster.users.metadata": {"club": f"club {number}", "lunch": f"code {number}"},
    })  # fmt: skip
    records["profile"].append({
        "key": ("1", key), "student": (key,), "organization": ("1",), "sex": "Female",
        "address": [{"kind": "Home", "street": f"{number} Pine", "city": "Kent", "postalCode": f"9810{number}"},
                    {"kind": "Mailing", "street": f"Box {number}", "city": "Kent", "postalCode": "98032-1234"}],
    })  # fmt: skip
    records["enrollment"].append(
        {
            "key": ("2026-09-01", school, key),
            "student": (key,),
            "school": (school,),
            "grade": grade,
            "entry": "2026-09-01",
        }
    )
    records["placement"].append(
        {"key": ("ELA", school, key), "student": (key,), "section": ("ELA", school, "1"), "begin": "2026-09-01"}
    )
    records["contact"].append(
        {"key": (f"c{key}",), "uniqueId": f"c{key}", "name.given": f"Parent{number}", "email": f"p{number}@example.org"}
    )
    records["guardianship"].append(
        {"key": (f"c{key}", key), "student": (key,), "contact": (f"c{key}",), "relation": "Mother", "priority": number}
    )
