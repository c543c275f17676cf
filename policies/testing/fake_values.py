"""Fake values for second worlds: of the right type, hostile, and never the same twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from policies.transforms import MIN_LAST4_CHARACTERS, month, year, zip3
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

    from standards.vocabulary import Field

HOSTILE = (
    "O'Brien", 'say "no"', "back\\slash", "two\nlines", "Zoe\u0308", "\u202egnirts", "a,b;c", "<b>&amp;", "%27 OR 1=1",
    "\u00df\u0130\ufb01", "\U0001f9d1\u200d\U0001f3eb", "zero\u200bwidth", "100%", "{}", "~", "  spaces  ",
)  # fmt: skip
FIRST_DAY, RANGE_DAYS = date(1990, 1, 1), 16_000
EMPTY: Mapping[str, Field] = {}


@dataclass(frozen=True, slots=True)
class RecordShape:
    """The layout of an entity's fields in a record: at its top, or inside the small records of a group."""

    top: Mapping[str, Field]
    inside: Mapping[str, Mapping[str, Field]]

    def members(self, group: str) -> Mapping[str, Field]:
        """Return the fields inside *group*, by the name they bear there."""
        return self.inside.get(group, EMPTY)


@cache
def shape(entity: str) -> RecordShape:
    """Return the shape of the records of *entity*."""
    fields = fields_of(entity)
    groups = sorted((name for name, field in fields.items() if field.type == "group"), key=len, reverse=True)
    top: dict[str, Field] = {}
    inside: dict[str, dict[str, Field]] = {}
    for name, field in fields.items():
        group = next((one for one in groups if name.startswith(f"{one}.")), None)
        if group is None:
            top[name] = field
        else:
            inside.setdefault(group, {})[name.removeprefix(f"{group}.")] = field
    return RecordShape(top, inside)


class FakeValues:
    """A maker of values; *seen* are values that occur, by entity and field, *telling* those that row rules look for."""

    def __init__(
        self,
        random: Random,
        seen: Mapping[tuple[str, str], Sequence[Any]],
        telling: Mapping[tuple[str, str], Sequence[str]],
    ) -> None:
        self.random, self.seen, self.telling = random, seen, telling
        self._count = 0

    def token(self) -> str:
        """Make a text that occurs nowhere else."""
        self._count += 1
        return f"hidden-{self._count}-{self.random.getrandbits(48):012x}"

    def value(self, field: Field) -> Any:
        """Make a value for *field*, which is neither a reference nor a group."""
        if field.many:
            return [self.one(field) for _ in range(self.random.randint(1, 3))]
        return self.one(field)

    def one(self, field: Field) -> Any:
        """Make one single value for *field*."""
        known = self.telling.get((field.entity, field.name), ())
        if known and self.random.random() < 0.5:  # noqa: PLR2004  half of them near the rule
            return self.random.choice(known)
        seen = self.seen.get((field.entity, field.name), ())
        if seen and self.random.random() < 0.3:  # noqa: PLR2004  some of them plausible
            return self.random.choice(seen)
        return self._made(field.type)

    def likely(self, field: Field, value: Any, today: str) -> Any:
        """Make a value that row rules likely do not tell from *value*, such as a day on the same side of *today*."""
        known = self.telling.get((field.entity, field.name), ())
        if value in known:
            return self.random.choice(known)
        if field.type != "date":
            return self._made(field.type)
        some = self.random.randint(1, 400)
        if value == today:
            return value  # the first day of one row and the last of another: only this day is on both sides
        if value is None or value > today:
            return None if self.random.random() < 0.3 else _shifted(today, some)  # noqa: PLR2004  absent is later, too
        return _shifted(today, -some)

    def _made(self, kind: str) -> Any:
        random = self.random
        made: Any = self.text() if kind == "text" else self.token()
        match kind:
            case "integer":
                made = random.randint(-5, 5000)
            case "number":
                made = random.randint(-5000, 5000) / 4
            case "boolean":
                made = random.random() < 0.5  # noqa: PLR2004  either
            case "date":
                made = self.day().isoformat()
            case "datetime":
                made = f"{self.day().isoformat()}T{random.randint(0, 23):02}:{random.randint(0, 59):02}:00Z"
            case "time":
                made = f"{random.randint(0, 23):02}:{random.randint(0, 59):02}:00"
            case "json" | "open":
                made = {self.token(): self.text()}
        return made

    def day(self) -> date:
        """Make some day."""
        return FIRST_DAY + timedelta(days=self.random.randrange(RANGE_DAYS))

    def text(self) -> str:
        """Make a text that is unlike any other and unpleasant to handle."""
        return f"{self.random.choice(HOSTILE)} {self.token()}"

    def alike(self, action: str, value: Any) -> Any:
        """Make another value of which *action* leaves the same; the value itself where there is none."""
        if isinstance(value, list):
            return [self.alike(action, one) for one in value]
        other = self._other(action, value) if isinstance(value, str) else None
        return value if other is None else other

    def _other(self, action: str, value: str) -> str | None:
        other = None
        match action:
            case "year" if year(value):
                first = date(int(value[:4]), 1, 1)
                other = f"{value[:4]}{(first + timedelta(days=self.random.randrange(365))).isoformat()[4:]}"
            case "month" if month(value):
                other = f"{value[:7]}-{self.random.randint(1, 28):02}"
            case "zip3" if zip3(value):
                other = f"{value.strip()[:3]}{self.random.randint(0, 99):02}"
            case "last4" if len(value.strip()) >= MIN_LAST4_CHARACTERS:
                other = f"{self.token()}{value.strip()[-4:]}"
            case "initial" if value[:1].isascii() and value[:1].isalnum():
                other = f"{value[0]} {self.text()}"
        return other


def _shifted(day: str, by: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=by)).isoformat()
