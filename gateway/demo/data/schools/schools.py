"""The organization tree: a district and its schools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.demo.data.people.names import SCHOOL_NAMES, STREET_KINDS, STREETS
from gateway.demo.data.records import GRADES, Address, Organization

if TYPE_CHECKING:
    from random import Random

LEVELS = {"elementary": GRADES[:7], "middle": GRADES[7:10], "high": GRADES[10:]}
TITLES = {"elementary": "Elementary School", "middle": "Middle School", "high": "High School"}
SHARES = {"elementary": 0.48 / 430, "middle": 0.22 / 640, "high": 0.30 / 1250}
FIRST_NUMBERS = {"elementary": 2001, "middle": 3001, "high": 5001}
MIN_SCHOOLS = 3
TITLE_ONE_SHARE = 0.4
ZIPS = ("98031", "98042", "98055", "98188", "98198", "98371", "98405", "98108")


@dataclass(frozen=True, slots=True)
class Zone:
    """A neighbourhood: the elementary, middle and high school its children go to."""

    elementary: Organization
    middle: Organization
    high: Organization

    def school(self, grade: str) -> Organization:
        """Return the school that teaches *grade* to the children of this neighbourhood."""
        if grade in LEVELS["elementary"]:
            return self.elementary
        return self.middle if grade in LEVELS["middle"] else self.high


def organizations(name: str, students: int, schools: int | None, rng: Random) -> tuple[Organization, ...]:
    """Return the district first, then its elementary, middle and high schools."""
    code = str(17000 + rng.randrange(100, 1000))
    title = name.replace("-", " ").title()
    place = Address(
        street(rng),
        "",
        town(name, rng),
        "WA",
        rng.choice(ZIPS),
    )
    district = Organization(
        code, f"{title} School District", f"{title} SD", "district", "", GRADES, place, telephone(rng), title_one=False
    )
    found = [district]
    words = rng.sample(SCHOOL_NAMES, len(SCHOOL_NAMES))
    for level, count in _counts(students, schools).items():
        for number in range(count):
            found.append(_school(district, level, number, words[(len(found) - 1) % len(words)], rng))
    return tuple(_without_twins(found))


def _school(district: Organization, level: str, number: int, word: str, rng: Random) -> Organization:
    place = Address(street(rng), "", district.address.city, "WA", district.address.postal_code)
    ident = f"{district.id}{FIRST_NUMBERS[level] + number:04d}"
    short = "".join(part[0] for part in f"{word} {TITLES[level]}".split())
    return Organization(
        ident,
        f"{word} {TITLES[level]}",
        short,
        level,
        district.id,
        LEVELS[level],
        place,
        telephone(rng),
        title_one=level == "elementary" and rng.random() < TITLE_ONE_SHARE,
    )


def _without_twins(found: list[Organization]) -> list[Organization]:
    seen: dict[str, int] = {}
    unique = []
    for one in found:
        seen[one.name] = seen.get(one.name, 0) + 1
        again = seen[one.name]
        unique.append(one if again == 1 else _renamed(one, f"{one.name} {again}"))
    return unique


def _renamed(one: Organization, name: str) -> Organization:
    return Organization(
        one.id, name, one.short_name, one.level, one.parent, one.grades, one.address, one.phone, one.title_one
    )


def _counts(students: int, schools: int | None) -> dict[str, int]:
    if schools is None:
        counts = {level: max(1, round(students * share)) for level, share in SHARES.items()}
        return counts | {"elementary": max(2, counts["elementary"])}
    if schools < MIN_SCHOOLS:
        raise ValueError(f"a district has at least {MIN_SCHOOLS} schools, not {schools}")
    high, middle = max(1, schools // 8), max(1, schools // 5)
    return {"elementary": schools - high - middle, "middle": middle, "high": high}


def zones(schools: tuple[Organization, ...]) -> tuple[Zone, ...]:
    """Return one neighbourhood for each elementary school; several share a middle and a high school."""
    by_level = {level: [one for one in schools if one.level == level] for level in LEVELS}
    elementary, middle, high = by_level.values()
    count = len(elementary)
    return tuple(
        Zone(one, middle[number * len(middle) // count], high[number * len(high) // count])
        for number, one in enumerate(elementary)
    )


def street(rng: Random) -> str:
    """Return a house number and a street that no town has."""
    side = rng.choice(("", "", "NE ", "SE ", "S "))
    return f"{rng.randrange(100, 19900)} {side}{rng.choice(STREETS)} {rng.choice(STREET_KINDS)}"


def town(name: str, rng: Random) -> str:
    """Return a town named after the district."""
    return f"{name.replace('-', ' ').title()} {rng.choice(('Harbor', 'Heights', 'Falls', 'Landing'))}"


def telephone(rng: Random) -> str:
    """Return a telephone number in the exchange reserved for fiction."""
    return f"({rng.choice(('206', '253', '360', '425'))}) 555-{rng.randrange(10000):04d}"
