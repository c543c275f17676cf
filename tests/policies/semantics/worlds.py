"""Districts, agreements and registers made up for the comparison, each from one number."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from tests.policies.semantics.interpreter import Entry

TODAY = date(2026, 10, 1)
CLIENT, ORG, DISTRICT = "reading-partners-prod", "reading-partners", "maple"
SCHOOLS, GRADES, PROGRAMS = ("101", "102", "103"), ("03", "04", "05", "07"), ("City Year", "Migrant", "Homeless")
SUBSTITUTE = {"street": "PO Box 257", "city": "Olympia", "postalCode": "98507"}
FORM = "tutoring-2026"
PERIODS = (
    *[("2026-09-01", "2027-08-31")] * 6, ("2026-10-01", "2027-08-31"), ("2026-10-02", "2027-08-31"),
    ("2026-09-01", "2026-10-01"), ("2026-09-01", "2026-09-30"),
)  # fmt: skip
SOME = (
    "student.id", "student.name.given", "enrollment.id", "enrollment.school", "enrollment.student", "profile.id",
    "profile.student", "student.address", "student.address.city",
)  # fmt: skip
COVERED = (
    *SOME, "student.name.family", "student.birthDate", "student.sex", "student.phone", "student.address.street",
    "student.address.postalCode", "enrollment.grade", "enrollment.entry", "enrollment.exit", "attendance.id",
    "attendance.student", "attendance.school", "attendance.date", "attendance.reason",
)  # fmt: skip
LINES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("student.name.given", ("allow", "deny")),
    ("student.name.family", ("allow",)),
    ("student.name", ("allow",)),
    ("student.birthDate", ("allow", "year", "month", "deny")),
    ("student.sex", ("allow", "deny")),
    ("student.phone", ("allow",)),
    ("student.address", ("allow", "deny")),
    ("student.address.city", ("allow",)),
    ("student.address.postalCode", ("allow", "deny")),
    ("enrollment.grade", ("allow",)),
    ("enrollment.exit", ("allow", "deny")),
    ("attendance.reason", ("allow", "deny")),
    ("attendance.*", ("allow",)),
)
ALWAYS = (
    "organization.*", "student.id", "enrollment.id", "enrollment.student", "enrollment.school", "enrollment.entry",
    "profile.id", "profile.student",
)  # fmt: skip


def records(random: Random, children: int = 12) -> dict[str, list[dict[str, Any]]]:
    """Children at three schools, with what is missing, unknown or over in real districts too."""
    found: dict[str, list[dict[str, Any]]] = {
        "organization": [{"key": (one,), "identifier": one, "kind": "school"} for one in SCHOOLS]
        + [{"key": ("1",), "identifier": "1", "kind": "district"}],
        "program": [{"key": ("1", name), "name": name, "organization": ("1",)} for name in PROGRAMS],
    }
    for name in ("student", "profile", "enrollment", "attendance", "programParticipation"):
        found[name] = []
    for number in range(children):
        _child(random, found, f"s{number}")
    return found


def _child(random: Random, found: dict[str, list[dict[str, Any]]], child: str) -> None:
    pupil = {
        "key": (child,), "id": f"source-{child}", "name.given": f"Given {child}", "name.family": f"Family {child}",
        "birthDate": (TODAY - timedelta(days=random.choice((7 * 365, 13 * 365, 6574, 6575, 6576, 19 * 366)))).isoformat(),
        "sex": random.choice(("F", "M")), "phone": f"206-555-{child}", "masterIdentifier": f"SSID-{child}",
    }  # fmt: skip
    if random.random() < 0.15:
        del pupil["birthDate"]
    found["student"].append(pupil)
    found["profile"].append({
        "key": ("1", child), "student": (child,), "organization": ("1",),
        "address": [{"kind": "Home", "street": f"{child} Pine", "city": "Kent", "postalCode": f"9803{len(child)}"}],
    })  # fmt: skip
    for school in random.sample(SCHOOLS, random.choice((0, 1, 1, 1, 2))):
        row = {
            "key": ("2026-09-01", school, child), "student": (child,), "school": (school,),
            "grade": random.choice(GRADES), "entry": random.choice(("2026-09-01", "2025-09-01", "2026-12-01")),
        }  # fmt: skip
        if random.random() < 0.2:
            row["exit"] = random.choice(("2026-09-30", "2026-10-01", "2027-06-01"))
        if random.random() < 0.1:
            del row["entry"]
        found["enrollment"].append(row)
        for day in random.sample(("2026-08-31", "2026-09-01", "2026-09-15", "2026-10-01"), random.randint(0, 3)):
            found["attendance"].append({
                "key": (child, school, day), "student": (child,), "school": (school,), "date": day,
                "reason": f"reason of {child}",
            })  # fmt: skip
    for name in random.sample(PROGRAMS, random.choice((0, 0, 1, 2))):
        row = {
            "key": (child, "1", name, "2026-09-01"), "student": (child,), "organization": ("1",), "program": ("1", name),
        }  # fmt: skip
        if random.random() < 0.9:
            row["begin"] = random.choice(("2026-09-01", "2026-10-02"))
        if random.random() < 0.3:
            row["end"] = random.choice(("2026-09-30", "2026-10-01"))
        found["programParticipation"].append(row)


def agreements(random: Random) -> list[dict[str, Any]]:
    """One to three agreements of one client, most of them for one purpose, as their documents say it."""
    return [_agreement(random, number) for number in range(random.choice((1, 1, 2, 3)))]


def _agreement(random: Random, number: int) -> dict[str, Any]:
    chosen = random.sample(LINES, random.randint(2, 7))
    lines: list[dict[str, Any]] = [{"path": path, "action": "allow"} for path in ALWAYS]
    for path, actions in chosen:
        line: dict[str, Any] = {"path": path, "action": random.choice(actions)}
        if path == "attendance.*" and random.random() < 0.6:
            line["window"] = random.choice(
                ({"since": "2026-09-01"}, {"until": "2026-09-15"}, {"since": "2026-09-02", "until": "2026-09-30"})
            )
        lines.append(line)
    population = _population(random)
    consent = any("consent" in one for one in population)
    directory = not consent and random.random() < 0.15
    document: dict[str, Any] = {
        "apiVersion": "dsa/v1", "id": f"reading-{number}", "version": 1,
        "parties": {"provider": {"district": DISTRICT}, "recipient": {"org": ORG, "kind": "cbo"}},
        "basis": {
            "ferpa": "99.30" if consent else "99.31(a)(11)" if directory else "99.31(a)(1)",
            "purpose": "tutoring" if random.random() < 0.85 else "research",
            "legitimateInterest": "plan weekly reading support",
        },
        "validity": dict(zip(("from", "to"), random.choice(PERIODS), strict=True)) | {"timezone": "America/Los_Angeles"},
        "clients": [CLIENT], "operations": ["read", "search"], "elements": lines,
    }  # fmt: skip
    if directory:
        document["directory"] = {"optOut": "honour", "notice": sorted({one["path"] for one in lines})}
    if population:
        document["population"] = {"all": population}
    return document


def _population(random: Random) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if random.random() < 0.5:
        found.append({"school": {"in": random.sample(SCHOOLS, random.randint(1, 2))}})
    if random.random() < 0.4:
        found.append({"grade": {"in": random.sample(GRADES, random.randint(1, 3))}})
    if random.random() < 0.5:
        found.append({"enrollment": "active"})
    if random.random() < 0.25:
        found.append({"program": random.choice(({"is": "City Year"}, {"in": ["Migrant", "Homeless"]}))})
    if random.random() < 0.25:
        found.append({"age": random.choice(({"from": 13}, {"to": 17}, {"from": 13, "to": 18}))})
    if random.random() < 0.3:
        found.append({"consent": {"form": FORM, "status": "granted"}})
    random.shuffle(found)
    return found


def entries(random: Random, children: list[str], documents: list[dict[str, Any]]) -> list[Entry]:
    """Entries of both registers, some of them over, some for other recipients and agreements."""
    found = []
    for child in children:
        if random.random() < 0.3:
            found.append(_restriction(random, child))
        found += [_consent(random, child, one["id"]) for one in documents if random.random() < 0.6]
    return found


def _restriction(random: Random, child: str) -> Entry:
    kind = random.choice(("directory", "acp", "court-order", "parent-objection", "parent-objection"))
    begin, until = _days(random)
    recipients: tuple[str, ...] = random.choice(((ORG,), ("another-org",), (ORG, "another-org")))
    elements: tuple[str, ...] = ()
    if kind == "parent-objection":
        recipients = random.choice(((), recipients))
        elements = random.choice(
            ((), ("student.birthDate",), ("student.name.*", "attendance.*"), ("enrollment.grade",))
        )
    substitute = SUBSTITUTE if kind == "acp" else {}
    return Entry(
        kind, child, begin, until, recipients if kind not in {"acp", "directory"} else (), elements, substitute
    )


def _consent(random: Random, child: str, agreement: str) -> Entry:
    begin, until = _days(random)
    covers = random.choice((COVERED, COVERED, SOME))
    return Entry(
        "consent", child, begin, until,
        agreement=random.choice((agreement, agreement, agreement, "reading-9")), form=random.choice((FORM, FORM, "other")),
        signer=random.choice(("parent", "parent", "eligible-student")), covers=covers,
    )  # fmt: skip


def _days(random: Random) -> tuple[date, date | None]:
    begin = random.choice((date(2026, 9, 1), date(2026, 9, 1), TODAY, TODAY + timedelta(days=1)))
    return begin, random.choice((None, None, date(2027, 8, 31), TODAY, TODAY - timedelta(days=1)))
