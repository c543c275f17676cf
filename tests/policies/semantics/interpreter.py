"""An interpreter of agreements as they are written: the documents, the records and the registers, and nothing compiled.

It was written from the page of the semantics alone. It knows no clause, grant, snapshot or overlay: for each child it
asks each agreement whether the child is in it, takes for each fact the most that any of them lets out, and then
what the denies and the registers leave of that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

Record = dict[str, Any]
Records = dict[str, list[Record]]

ORDER = ("deny", "year", "month", "allow")
"""The actions that are compared here, each below the next; every other one lies between deny and allow alone."""
ADDRESS = "student.address"
PLACES = ("student.phone", "student.sms", "student.phones", "student.address.county")
"""What tells where a child of the address programme lives, besides the address."""
DATED = {"attendance": "date", "enrollment": "entry"}


@dataclass
class Entry:
    """An entry of a register about one child, by the child's key: no tag is needed to know who it is."""

    kind: str
    child: str
    begin: date
    until: date | None = None
    recipients: tuple[str, ...] = ()
    elements: tuple[str, ...] = ()
    substitute: dict[str, str] = field(default_factory=dict)
    agreement: str = ""
    form: str = ""
    signer: str = "parent"
    covers: tuple[str, ...] = ()

    def holds(self, day: date) -> bool:
        return self.begin <= day and (self.until is None or day <= self.until)


class Interpreter:
    """One client's requests for one purpose, on one day, of one district."""

    def __init__(
        self, documents: list[Record], client: str, purpose: str, day: date, records: Records, entries: list[Entry]
    ) -> None:
        self.day, self.records, self.entries = day, records, entries
        begun: dict[str, Record] = {}
        for one in documents:
            started = date.fromisoformat(one["validity"]["from"]) <= day
            if started and one["version"] > begun.get(one["id"], {"version": 0})["version"]:
                begun[one["id"]] = one
        self.agreements = [
            one
            for one in begun.values()
            if day <= date.fromisoformat(one["validity"]["to"])
            and client in one["clients"]
            and one["basis"]["purpose"] == purpose
        ]

    def exists(self, child: str) -> bool:
        """Whether the child is there at all, under any of the agreements."""
        return any(self._covers(one, child) for one in self.agreements)

    def row(self, entity: str, row: Record, names: dict[str, str]) -> Record | None:
        """What leaves of a row about a child: its fields by what they are released as (*names*); None if it is hidden."""
        child = row["key"][0] if entity == "student" else row["student"][0]
        dated = row.get(DATED[entity]) if entity in DATED else None
        under = [one for one in self.agreements if self._covers(one, child) and self._reaches(one, entity, row)]
        found = {}
        for name, released in names.items():
            action = self._action(under, child, released, dated)
            value = self._kept(child, name, released, row.get(name), action)
            if value is not None:
                found[name] = value
        return found if self._action(under, child, f"{entity}.id", dated) != "deny" else None

    def _kept(self, child: str, name: str, released: str, value: Any, action: str) -> Any:
        """What an action, and a protected address, leave of a value."""
        protected = self._protected(child)
        if action == "deny" or (protected is not None and released in PLACES):
            return None
        if protected is not None and released.startswith(f"{ADDRESS}."):
            return protected.substitute.get(name.rpartition(".")[2])
        if value is None or action == "allow":
            return value
        return {"year": f"{value[:4]}-01-01", "month": f"{value[:7]}-01"}[action]

    def _action(self, under: list[Record], child: str, name: str, dated: str | None) -> str:
        """What happens to a fact: the most that an agreement lets out, unless it is denied or objected to."""
        told = "deny"
        for one in under:
            mine = self._line(one, name, dated)
            if mine != "deny" and self._consented(one, child, name):
                told = max(told, mine, key=ORDER.index)
        denied = any(
            line["action"] == "deny" and _about(line["path"], name)
            for one in self.agreements
            for line in one["elements"]
        )
        return "deny" if denied or self._objected(child, name) else told

    def _reaches(self, one: Record, entity: str, row: Record) -> bool:
        """Whether a row is at a school that the agreement is about; other rows of a child are not of its population."""
        if "school" not in row:
            return True
        school = next((o for o in self.records["organization"] if o["key"] == row["school"]), {})
        chosen = [s["school"]["in"] for s in one.get("population", {}).get("all", []) if "school" in s]
        return all(school.get("identifier") in some for some in chosen)

    def _covers(self, one: Record, child: str) -> bool:
        for entry in self._of(child, "court-order", "parent-objection"):
            named = one["parties"]["recipient"]["org"] in entry.recipients or not entry.recipients
            if named and not entry.elements:
                return False
        if "99.31(a)(11)" in one["basis"]["ferpa"] and self._of(child, "directory"):
            return False
        pupil = self._pupil(child)
        same: list[dict[str, Any]] = []
        for selector in one.get("population", {}).get("all", []):
            ((name, asked),) = selector.items()
            if name in {"school", "grade", "enrollment"}:
                same.append({name: asked})
            elif not self._alone(one, name, asked, pupil):
                return False
        return not same or any(self._enrolled(same, row) for row in self._about(child, "enrollment"))

    def _alone(self, one: Record, name: str, asked: Any, pupil: Record) -> bool:
        """Whether a selector holds that is not about an enrollment."""
        child = pupil["key"][0]
        if name == "age":
            years = _age(pupil.get("birthDate"), self.day)
            return years is not None and asked.get("from", 0) <= years <= asked.get("to", 200)
        if name == "program":
            names = asked["in"] if "in" in asked else [asked["is"]]
            return any(self._takes_part(row, names) for row in self._about(child, "programParticipation"))
        if name == "consent":
            return bool(self._consents(one, child))
        raise AssertionError(name)

    def _takes_part(self, row: Record, names: list[str]) -> bool:
        program = next((p for p in self.records["program"] if p["key"] == row.get("program")), None)
        begun = row.get("begin") is not None and row["begin"] <= self.day.isoformat()
        ended = row.get("end") is not None and row["end"] < self.day.isoformat()
        return program is not None and program.get("name") in names and begun and not ended

    def _enrolled(self, selectors: list[dict[str, Any]], row: Record) -> bool:
        """Whether one and the same enrollment answers every selector."""
        for selector in selectors:
            ((name, asked),) = selector.items()
            if name == "school":
                school = next((o for o in self.records["organization"] if o["key"] == row.get("school")), {})
                if school.get("identifier") not in asked["in"]:
                    return False
            elif name == "grade" and row.get("grade") not in asked["in"]:
                return False
            elif name == "enrollment":
                today = self.day.isoformat()
                if row.get("entry") is None or row["entry"] > today or row.get("exit", today) < today:
                    return False
        return True

    def _consents(self, one: Record, child: str) -> list[Entry]:
        """The consents to an agreement that hold today: a parent's ends at eighteen, and needs the birth date."""
        form = next((s["consent"]["form"] for s in one.get("population", {}).get("all", []) if "consent" in s), None)
        years = _age(self._pupil(child).get("birthDate"), self.day)
        return [
            entry
            for entry in self._of(child, "consent")
            if (entry.agreement, entry.form) == (one["id"], form)
            and (entry.signer == "eligible-student" or (years is not None and years < 18))
        ]

    def _consented(self, one: Record, child: str, name: str) -> bool:
        """Whether a consent that an agreement asks for covers the fact."""
        if not any("consent" in s for s in one.get("population", {}).get("all", [])):
            return True
        return any(_about(path, name) for entry in self._consents(one, child) for path in entry.covers)

    def _line(self, one: Record, name: str, dated: str | None) -> str:
        """The lowest action of all lines about a fact; a line with a window says nothing of other days."""
        about = [line for line in one["elements"] if _about(line["path"], name)]
        if not about or any(not _inside(line.get("window", {}), dated) for line in about):
            return "deny"
        return min((line["action"] for line in about), key=ORDER.index)

    def _objected(self, child: str, name: str) -> bool:
        orgs = {one["parties"]["recipient"]["org"] for one in self.agreements}
        return any(
            entry.elements
            and (not entry.recipients or orgs & set(entry.recipients))
            and any(_about(path, name) for path in entry.elements)
            for entry in self._of(child, "parent-objection")
        )

    def _protected(self, child: str) -> Entry | None:
        return next(iter(self._of(child, "acp")), None)

    def _of(self, child: str, *kinds: str) -> list[Entry]:
        return [one for one in self.entries if one.child == child and one.kind in kinds and one.holds(self.day)]

    def _pupil(self, child: str) -> Record:
        return next(one for one in self.records["student"] if one["key"] == (child,))

    def _about(self, child: str, entity: str) -> list[Record]:
        return [row for row in self.records.get(entity, ()) if row.get("student") == (child,)]


def _about(path: str, name: str) -> bool:
    stem = path.removesuffix("*").removesuffix(".")
    return not stem or name == stem or name.startswith(f"{stem}.")


def _inside(window: dict[str, str], dated: str | None) -> bool:
    if not window:
        return True
    return dated is not None and window.get("since", dated) <= dated <= window.get("until", dated)


def _age(born: str | None, day: date) -> int | None:
    if born is None:
        return None
    there = date.fromisoformat(born)
    return day.year - there.year - ((day.month, day.day) < (there.month, there.day))
