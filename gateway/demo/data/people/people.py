"""Students: names, ages, places of birth, schools."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING

from gateway.demo.data.people.names import (
    BIRTHPLACES,
    FEMALE,
    HERITAGES,
    HOSTILE,
    MALE,
    NICKNAMES,
    SPOTLIGHTS,
    Heritage,
    slug,
)
from gateway.demo.data.records import GRADES, Birthplace, Name, Student
from gateway.demo.data.schools.schools import telephone

if TYPE_CHECKING:
    from random import Random

HERITAGE_WEIGHTS = tuple(accumulate(one.weight for one in HERITAGES))
STATE_IDS = 8_999_999_993
STATE_ID_STEP = 48_271
KINDERGARTEN = GRADES.index("KG")
OLD_ENOUGH_FOR_A_PHONE = GRADES.index("06")
ENGLISH = "eng"
HOSTILE_EVERY = 3
PRONOUNS = {"female": "she/her", "male": "he/him", "other": "they/them"}
RARE = {"Homeless": 0.02, "Foster Care": 0.006, "Parent in Military": 0.03, "Refugee": 0.01, "Immigrant": 0.02}
CHANCE_POOR = 0.38
CHANCE_RETAINED = 0.02
CHANCE_OTHER_SEX = 0.004
CHANCE_MIDDLE = 0.6
CHANCE_OWN_NAMES = 0.6
CHANCE_ABROAD = 0.12
CHANCE_SECOND_RACE = 0.08
CHANCE_UNLISTED = 0.02
CHANCE_PRONOUNS = 0.1
CHANCE_BUS = 0.45
CHANCE_LANGUAGE = 0.45


@dataclass(frozen=True, slots=True)
class Family:
    """The facts that the children of one family share."""

    heritage: Heritage
    surname: str
    language: str
    household: str
    phone: str
    poor: bool
    bus: str


def heritage(rng: Random) -> Heritage:
    """Choose a heritage, as often as it occurs."""
    return rng.choices(HERITAGES, cum_weights=HERITAGE_WEIGHTS)[0]


def family(household: str, phone: str, rng: Random) -> Family:
    """Generate a family that has its home already."""
    roots = heritage(rng)
    speaks = roots.language if rng.random() < CHANCE_LANGUAGE else ENGLISH
    bus = f"{rng.choice('ABCDEFG')}{rng.randrange(10, 90)}" if rng.random() < CHANCE_BUS else ""
    return Family(roots, rng.choice(roots.family), speaks, household, phone, rng.random() < CHANCE_POOR, bus)


def given_name(roots: Heritage, sex: str, rng: Random) -> str:
    """Choose a first name of this heritage, or one that everybody uses."""
    if rng.random() < CHANCE_OWN_NAMES:
        return rng.choice(roots.female if sex == "female" else roots.male)
    return rng.choice(FEMALE if sex == "female" else MALE)


def birth_date(grade: str, school_year: int, rng: Random) -> date:
    """Choose a birthday that puts a child in *grade*: five years old by the last of August for kindergarten."""
    age = 6 + GRADES.index(grade) - KINDERGARTEN + (rng.random() < CHANCE_RETAINED)
    return date(school_year - 1 - age, 9, 1) + timedelta(days=rng.randrange(365))


class Registrar:
    """Generates new students and gives out their ids."""

    def __init__(self, domain: str, school_year: int, rng: Random) -> None:
        self._domain, self._school_year, self._rng = domain, school_year, rng
        self._local = rng.randrange(100_000, 200_000)
        self._offset = rng.randrange(STATE_IDS)
        self._count = 0

    def _ids(self) -> tuple[str, str]:
        self._local += self._rng.randrange(1, 5)
        state = 1_000_000_000 + (self._offset + self._count * STATE_ID_STEP) % STATE_IDS
        return str(self._local), str(state)

    def enroll(self, home: Family, grade: str, school: str, born: date) -> Student:
        """Generate the next student of the district."""
        rng = self._rng
        local, state = self._ids()
        sex = self._sex()
        name = self._name(home, sex)
        self._count += 1
        username = f"{slug(name.given)[:1]}{slug(name.family)[:12]}{local}"
        races, hispanic = _races(home.heritage, rng)
        return Student(
            id=local,
            state_id=state,
            name=name,
            birth_date=born,
            birthplace=home.heritage.birthplace if rng.random() < CHANCE_ABROAD else rng.choice(BIRTHPLACES),
            sex=sex,
            pronouns=PRONOUNS[sex] if sex == "other" or rng.random() < CHANCE_PRONOUNS else "",
            races=races,
            hispanic=hispanic,
            grade=grade,
            school=school,
            household=home.household,
            email=f"{username}@students.{self._domain}",
            username=username,
            phone=telephone(rng) if GRADES.index(grade) >= OLD_ENOUGH_FOR_A_PHONE else home.phone,
            language=home.language,
            english=_english(home, rng),
            characteristics=_characteristics(home, rng),
            bus=home.bus,
            unlisted=rng.random() < CHANCE_UNLISTED,
        )

    def _sex(self) -> str:
        if not self._count:
            return "female"
        lot = self._rng.random()
        return "other" if lot < CHANCE_OTHER_SEX else "female" if lot < (1 + CHANCE_OTHER_SEX) / 2 else "male"

    def _name(self, home: Family, sex: str) -> Name:
        rng = self._rng
        number, rest = divmod(self._count - 2, HOSTILE_EVERY)
        if not rest and 0 <= number < len(HOSTILE):
            return Name(*HOSTILE[number])
        kind = sex if sex != "other" else rng.choice(("female", "male"))
        given = given_name(home.heritage, kind, rng)
        middle = given_name(home.heritage, kind, rng) if rng.random() < CHANCE_MIDDLE else ""
        suffix = "Jr." if kind == "male" and rng.random() < CHANCE_RETAINED / 2 else ""
        preferred = NICKNAMES.get(given, "") if rng.random() < CHANCE_MIDDLE else ""
        if sex == "other":
            preferred = rng.choice(("Quinn", "Rowan", "Sage", "River", "Sky"))
        return Name(given, middle, home.surname, suffix, preferred)


def spotlight(student: Student, domain: str, seed: int) -> Student:
    """Give *student* a memorable name, and no fact that would embarrass a demonstration."""
    given, middle, surname, preferred, sex = SPOTLIGHTS[seed % len(SPOTLIGHTS)]
    username = f"{slug(given)[:1]}{slug(surname)[:12]}{student.id}"
    return replace(
        student,
        name=Name(given, middle, surname, "", preferred),
        birthplace=Birthplace("Renton", "WA", "US"),
        sex=sex,
        pronouns=PRONOUNS[sex],
        email=f"{username}@students.{domain}",
        username=username,
        characteristics=(),
        bus="C42",
        unlisted=False,
    )


def _races(roots: Heritage, rng: Random) -> tuple[tuple[str, ...], bool]:
    races = roots.races
    if rng.random() < CHANCE_SECOND_RACE:
        other = heritage(rng).races
        races = tuple(sorted({*races, *other}))
    return races, rng.random() < roots.hispanic


def _english(home: Family, rng: Random) -> str:
    if home.language == ENGLISH:
        return "fluent"
    return rng.choice(("learner", "learner", "monitored", "fluent"))


def _characteristics(home: Family, rng: Random) -> tuple[str, ...]:
    rare = tuple(name for name, chance in RARE.items() if rng.random() < chance)
    return ("Economic Disadvantaged", *rare) if home.poor else rare
