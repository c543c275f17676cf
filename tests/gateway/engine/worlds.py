"""A small hostile district, made from the vocabulary itself: every field of every entity that a view shows."""

from __future__ import annotations

from random import Random
from typing import Any

from policies.testing.fake_values import shape
from standards import codes, registry
from standards.view import fields_of
from tests.policies import documents

Record = dict[str, Any]

TEXTS = (
    "O'Brien", 'say "no"', "back\\slash", "two\nlines", "tab\there", "Zoe\u0308", "\u1e9e", "Stra\u00dfe", "\u0130stanbul", "\ufb01",
    "\U0001f9d1\u200d\U0001f3eb", "\u202egnirts", "a,b;c", "<b>&amp;</b>", "%27 OR 1=1", "{}", " spaces ", "null", "-1", "\u2028",
    "98101", "98101-1234", "206-555-0199", "x" * 3000, "e\u0301cole", "STRASSE", "istanbul", "\x00nul", "{braces} %s", "q?x=1&y#z/\u00e4",
)  # fmt: skip
NUMBERS = (-3, 0, 1, 7, 2021, 2022, 255901, 4_000_000_000)
DAYS = ("1999-12-31", "2011-05-07", "2021-08-23", "2021-12-31", "2022-02-01", "2022-05-30", "2026-11-01")
VALUES: dict[str, tuple[Any, ...]] = {
    "integer": NUMBERS,
    "number": (*NUMBERS, 0.25, -1.5),
    "boolean": (True, False),
    "date": DAYS,
    "datetime": tuple(day + time for day in DAYS for time in ("T00:00:00Z", "T12:30:00.250Z")),
    "time": ("08:00:00", "15:30:00"),
    "json": (*([{"codeValue": text}] for text in TEXTS[:6]), {"x": 7}, [], "text"),
}
SCHOOLS = ("101", "102", "103")
STRAY = 0.07
GRADES = ("03", "04", "KG", "09")
NATIVE = (
    "edfi.disciplineActions",
    "edfi.surveyResponses",
    "edfi.studentSchoolAttendanceEvents",
    "edfi.studentTitleIPartAProgramAssociations",
    "edfi.calendars",
    "edfi.staffAbsenceEvents",
    "edfi.gradeLevelDescriptors",
    "edfi.studentCohortAssociations",
    "edfi.grades",
    "edfi.reportCards",
    "edfi.restraintEvents",
    "edfi.studentProgramEvaluations",
    "edfi.studentSectionAttendanceEvents",
)
INVOLVED = ("studentInvolvement", "staffInvolvement", "contactInvolvement")
SIZES = {
    "organization": 7, "session": 7, "schoolSession": 8, "course": 5, "offering": 7, "section": 8, "student": 14, "staff": 7, "contact": 10,
    "profile": 14, "guardianship": 14, "enrollment": 20, "placement": 26, "teaching": 11, "employment": 9, "resource": 4,
} | dict.fromkeys(NATIVE, 8) | dict.fromkeys(INVOLVED, 7)  # fmt: skip
ROOTED = frozenset(SIZES)
GRADEBOOK = ("gradebookCategory", "scoreScale", "lineItem", "result", "assessment", "assessmentResult", "resource")
ACCENTS = "éßİ\u0308"
TELLING = frozenset({"entry", "exit", "derivedEntry", "uniqueId", "kind", "grade"})
OWN_IDS = ("organization", "session", "section", "student", "staff", "enrollment", "edfi.disciplineActions")


def views() -> list[Any]:
    """Every view of both standards whose rows this district has."""
    every = [*registry.views("oneroster").values(), *registry.views("edfi").values()]
    return [view for view in every if all(branch.entity in ROOTED for branch in view.branches)]


def hostile(seed: int) -> list[tuple[str, Record]]:
    """The records of a district in which everything that may occur does."""
    return _World(Random(seed)).records()


def village(seed: int, stray: float = STRAY) -> dict[str, list[Record]]:
    """Three schools whose children are placed as in any district, with every other field filled by chance.

    A share of its references is *stray*: they lead nowhere.
    """
    records = documents.district()
    records["enrollment"][5]["exit"] = "2026-09-15"
    world = _World(Random(seed), stray)
    world.keys |= {entity: [row["key"] for row in rows] for entity, rows in records.items()}
    for entity, rows in records.items():
        for row in rows:
            world.complete(entity, row)
    for entity in NATIVE:
        records[entity] = [world.complete(entity, {"key": (entity, str(number))}) for number in range(9)]
    book = _World(Random(-seed), stray)  # by itself, so that the rest of the village stays as it is
    book.keys |= {entity: [row["key"] for row in rows] for entity, rows in records.items()}
    book.keys |= {entity: [(entity, str(number)) for number in range(8)] for entity in GRADEBOOK}
    kept = _World(Random(~seed), stray)
    kept.keys |= {entity: [row["key"] for row in rows] for entity, rows in records.items()}
    records["schoolSession"] = [
        kept.complete("schoolSession", {"key": ("term", *row["key"]), "school": row["school"], "session": row["key"]})
        for row in records["session"]
    ]
    for entity in GRADEBOOK:
        records[entity] = [book.complete(entity, {"key": key}) for key in book.keys[entity]]
    for entity in INVOLVED:
        records[entity] = [kept.complete(entity, {"key": (entity, str(number))}) for number in range(8)]
    return records


class _World:
    def __init__(self, random: Random, stray: float = STRAY) -> None:
        self.random, self.stray = random, stray
        self.keys = {entity: [self.key(entity, n) for n in range(size)] for entity, size in SIZES.items()}

    def key(self, entity: str, number: int) -> tuple[str, ...]:
        """Natural keys of one part, of several, short and long, with and without accents."""
        if entity == "organization":
            return ((*SCHOOLS, "9", "local", "10", "11")[number],)
        match self.random.randrange(4):
            case 0:
                return (f"{entity}-{number}",)
            case 1:
                return (f"{number}", self.random.choice("abc"), f"{number % 3}")
            case 2:
                return (f"{number}{self.random.choice(ACCENTS)}",)
        return (f"a rather long natural key {number}", "2021-08-23")

    def records(self) -> list[tuple[str, Record]]:
        made = [(entity, self.record(entity, n)) for entity, size in SIZES.items() for n in range(size)]
        self.random.shuffle(made)
        return made

    def record(self, entity: str, number: int) -> Record:
        random, record = self.random, {"key": self.keys[entity][number]}
        if entity in OWN_IDS and random.random() < 0.7:
            record["id"] = random.choice((f"{entity}/{number}", f"Own-{number}-É", f"{number:032x}", f"ID {number}?#"))
        for name, field in shape(entity).top.items():
            if name != "id" and random.random() < (0.95 if field.owner or field.type == "ref" else 0.6):
                self.fill(record, name, field)
        if entity == "organization" and number < len(SCHOOLS):
            record |= {"kind": "school", "identifier": SCHOOLS[number]}
        if entity in {"student", "staff", "contact"} and "uniqueId" in record:
            record["uniqueId"] = random.choice((f"{entity}{number}", f"Ü{number}", f"{number}" * 33))
        return record

    def complete(self, entity: str, record: Record) -> Record:
        """Fill what a record leaves open, except what decides who is seen."""
        for name, field in shape(entity).top.items():
            told = field.owner and entity in {*NATIVE, *GRADEBOOK, *INVOLVED}
            free = not field.owner and field.type != "id" and name not in TELLING and self.random.random() < 0.6
            if name not in record and (told or free):
                self.fill(record, name, field)
        return record

    def fill(self, record: Record, name: str, field: Any) -> None:
        value = self.value(field)
        if value is None:
            return
        record[name] = value
        if field.type == "code" and self.random.random() < 0.3:
            for api in ("edfi", "oneroster"):
                token = f"uri://local/x#{self.random.choice(TEXTS)}"
                record[f"{name}@{api}"] = [token] * len(value) if field.many else token

    def value(self, field: Any) -> Any:
        if field.type == "group":
            return [self.item(field) for _ in range(self.random.randint(0, 3))]
        if field.many:
            return [self.one(field) for _ in range(self.random.randint(0, 3))]
        return self.one(field)

    def item(self, group: Any) -> Record:
        item: Record = {}
        for name, field in shape(group.entity).members(group.name).items():
            nested = any(name.startswith(f"{other}.") for other in groups(group))
            if not nested and self.random.random() < 0.75:
                self.fill(item, name, field)
        return item

    def one(self, field: Any) -> Any:
        random, kind = self.random, field.type
        if kind == "ref":
            known = self.keys.get(field.to)
            return (
                random.choice(known)
                if known and random.random() >= self.stray
                else ("nowhere", str(random.randrange(3)))
            )
        if kind == "code":
            return random.choice((*codes.table(field.codes).values, "uri://local/Code#odd", GRADES[0]))
        if kind == "open":
            return {f"m{n}": random.choice(TEXTS) for n in random.sample(range(4), random.randint(0, 3))}
        return random.choice(VALUES.get(kind, TEXTS))


def groups(group: Any) -> list[str]:
    """The groups inside a group, by the names they bear there."""
    inner = shape(group.entity).members(group.name)
    return [name for name, field in inner.items() if field.type == "group"]


def names(entities: Any) -> list[tuple[str, str]]:
    """Every name by which a field of the *entities* is released, with the field's type."""
    found = {
        field.release: field.type
        for entity in entities
        for field in fields_of(entity).values()
        if field.sensitivity != "never"
    }
    return sorted(found.items())
