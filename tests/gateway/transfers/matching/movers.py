"""Movers: children of a made-up district as another district states them, each with the row that is truly the child's."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from random import Random

from gateway.demo.data import generate
from gateway.transfers.matching.children import ChildCandidate, OtherName, StatedChild

TODAY = date(2026, 11, 2)
STUDENTS = 500
PER_KIND = 40
CYRILLIC = (("Оксана", "Oksana"), ("Дарина", "Daryna"), ("Юлія", "Yuliia"), ("Богдан", "Bohdan"), ("Ярослав", "Yaroslav"),
            ("Софія", "Sofiya"), ("Микола", "Mykola"), ("Дмитро", "Dmytro"))  # fmt: skip
NICKNAMES = (("Elizabeth", "Liz"), ("William", "Bill"), ("Francisco", "Paco"), ("Katherine", "Kate"), ("Samuel", "Sam"))
NAMES = ("Emma", "Noah", "Ximena", "Mateo", "Imani", "Malik", "Linh", "Minh", "Tala", "Arjun", "Yuna", "Sione", "Layla")


@dataclass(frozen=True, slots=True)
class Mover:
    """One request: how it goes wrong, what is stated, the rows of the district, and whose row it is; empty for nobody's."""

    kind: str
    stated: StatedChild
    rows: tuple[ChildCandidate, ...]
    truth: str


@cache
def district():
    """Return the rows of a made-up district, with three pairs of twins among every hundred."""
    rng = Random("twins")
    rows = []
    for one in generate("maple", seed=3, students=STUDENTS, school_year=2027, today=TODAY).students:
        rows.append(ChildCandidate(one.id, one.state_id, one.name.given, one.name.family, one.name.middle, one.name.suffix,
                                   one.birth_date.isoformat(), one.sex, (one.school,), one.birthplace.city))  # fmt: skip
        if rng.random() < 0.03:
            rows.append(twin_of(rows[-1], rng))
    return tuple(rows)


def twin_of(row, rng):
    """Make a twin with an id of its own, and half of them of the other sex."""
    given = rng.choice([name for name in NAMES if name != row.given])
    return replace(
        row, id=f"{row.id}t", state_id=next_id(row), given=given, middle="", sex=rng.choice(("female", "male"))
    )


def next_id(row):
    return str(int(row.state_id) + 1)


def stated(row, **changed):
    """State the child of a *row* as it is, apart from what is *changed*."""
    told = StatedChild(row.state_id, row.given, row.family, row.middle, row.suffix, row.birth_date, row.sex,
                       row.schools[0] if row.schools else "", row.birth_city)  # fmt: skip
    return replace(told, **changed)


def swapped_day(row, _rng):
    born = date.fromisoformat(row.birth_date)
    day = born.replace(day=min(born.day, 12), month=born.month)
    if day.day == day.month:
        day = day.replace(day=day.day % 12 + 1)
    row = replace(row, birth_date=day.isoformat())
    return stated(row, birth_date=f"{day.year}-{day.day:02}-{day.month:02}"), (row,), row.id


def hyphen(row, rng):
    families = rng.sample(("Marsh", "Okafor", "Castañeda", "O'Rourke", "Nyland", "Tran"), 2)
    row = replace(row, family="-".join(families))
    return stated(row, family=rng.choice((" ".join(families), families[0], "".join(families)))), (row,), row.id


def typo(row, rng):
    at, digit = rng.randrange(2, len(row.state_id)), rng.randrange(1, 10)
    wrong = row.state_id[:at] + str((int(row.state_id[at]) + digit) % 10) + row.state_id[at + 1 :]
    return stated(row, state_id=wrong), (row,), row.id


def reused(row, rng):
    """The state gave the id of a row to another child, who never was in this district."""
    born = date.fromisoformat(row.birth_date) + timedelta(days=rng.randrange(20, 900))
    other = StatedChild(
        row.state_id, rng.choice(NAMES), rng.choice(("Vale", "Rook")), birth_date=born.isoformat(), last_school="Maple"
    )
    return other, (row,), ""


def twin_with_wrong_id(row, rng):
    twin = twin_of(row, rng)
    rows = (row, twin) if rng.random() < 0.5 else (row,)
    return stated(twin, state_id=row.state_id), rows, twin.id if len(rows) > 1 else ""


def twin_in_another_district(row, rng):
    """The family name, birth date and school are a row's, whose state id the district typed for its twin's."""
    twin = replace(twin_of(row, rng), given=f"{row.given} {row.middle or rng.choice(NAMES)}")
    return stated(twin, state_id=row.state_id), (row,), ""


def generation(row, rng):
    """A row is the uncle's, who left school; ids and names are alike."""
    uncle = replace(row, id="uncle", state_id=next_id(row), suffix="Jr", birth_date="2005-02-17", sex="male")
    row = replace(row, suffix=rng.choice(("III", "")), sex="male")
    return stated(row, suffix="", family=f"{row.family} III"), (row, uncle), row.id


def uncle_with_this_id(row, _rng):
    row = replace(row, suffix="Jr", sex="male")
    return stated(row, suffix="III"), (row,), ""


def cyrillic(row, rng):
    given, latin = rng.choice(CYRILLIC)
    row = replace(row, given=given, family=rng.choice(("Шевчук", "Коваленко", "Гончар")))
    family = {"Шевчук": "Shevchuk", "Коваленко": "Kovalenko", "Гончар": "Honchar"}[row.family]
    return stated(row, given=latin, family=family), (row,), row.id


def nickname(row, rng):
    formal, short = rng.choice(NICKNAMES)
    row = replace(row, given=formal)
    return stated(row, given=short), (row,), row.id


def from_before(row, _rng):
    row = replace(row, family="Newname", other_names=(OtherName(family=row.family),))
    return stated(row, family=row.other_names[0].family), (row,), row.id


def two_rows(row, rng):
    """The district has the child's id on another child's row too."""
    other = replace(row, id=f"{row.id}d", given=rng.choice(NAMES), family="Rook", birth_date="2012-01-31")
    return stated(row), (row, other), row.id


def stranger(row, rng):
    other = StatedChild(
        f"77{rng.randrange(10**7, 10**8)}", rng.choice(NAMES), "Zzyzx", birth_date="2013-07-09", last_school="Elsewhere"
    )
    return other, (row,), ""


def known(**changed):
    """Make a kind of mover whose row has all, and of whom something *changed* is stated."""
    return lambda row, _rng: (stated(row, **{name: change(row) for name, change in changed.items()}), (row,), row.id)


def upper(row):
    return row.family.upper()


def other_family(row):
    return "Vale" if row.family != "Vale" else "Rook"


def slip(row):
    return row.given[:-1] + ("x" if not row.given.endswith("x") else "y")


KINDS = {
    "as it is": (known(), "one"),
    "capitals": (known(family=upper), "one"),
    "zeros and blanks": (known(state_id=lambda row: f" 00{row.state_id} "), "one"),
    "another family name": (known(family=other_family), "one"),
    "hyphen": (hyphen, "one"),
    "from before": (from_before, "one"),
    "nickname": (nickname, "one"),
    "Cyrillic": (cyrillic, "one"),
    "generation": (generation, "one"),
    "no school": (known(last_school=lambda _row: ""), "one"),
    "both names": (known(given=lambda _row: "Wren", family=other_family), "several"),
    "slip in the name": (known(given=slip), "several"),
    "day and month": (swapped_day, "several"),
    "state id typed wrong": (typo, "several"),
    "no state id": (known(state_id=lambda _row: ""), "several"),
    "placeholder": (known(state_id=lambda _row: "9999999999"), "several"),
    "no birth date": (known(birth_date=lambda _row: ""), "several"),
    "id of the twin": (twin_with_wrong_id, ""),
    "twin elsewhere": (twin_in_another_district, ""),
    "uncle's id": (uncle_with_this_id, "several"),
    "reused state id": (reused, "conflict"),
    "on two rows": (two_rows, "conflict"),
    "stranger": (stranger, "none"),
}
"""How a request goes wrong, and the verdict that most of its kind have; empty where it depends."""


@cache
def movers():
    """Return some of every kind, the same ones always."""
    rng = Random("movers")
    rows = district()
    return tuple(
        mover(kind, make, rng.choice(rows), rows, rng) for kind, (make, _) in KINDS.items() for _ in range(PER_KIND)
    )


def mover(kind, make, row, rows, rng):
    told, changed, truth = make(row, rng)
    own = {one.id for one in changed} | {row.id}
    return Mover(kind, told, (*(one for one in rows if one.id not in own), *changed), truth)
