"""Suggestions: own students whose record may be at another district, as the district's own system alone says."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from operator import is_not
from typing import TYPE_CHECKING, Any, Final

from gateway.admin.transfers.asking import TransferAsking, TransferForm
from gateway.admin.transfers.office import TransferOffice
from gateway.admin.transfers.own_children import candidate_of, enrollments, own_child
from gateway.registers.overlay import derived
from gateway.storage.transfers.asked_children import AskedChildren
from gateway.tasks.store import Tasks
from gateway.tasks.task import ID_CHARACTERS, REGISTRAR, TRANSFER_SUGGESTED, PersonTask
from gateway.transfers.districts.restrictions import restrictions_by_row
from gateway.transfers.machine.errors import TransferKeyReused
from gateway.transfers.matching.children import StatedChild
from standards.errors import Conflict, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.admin.transfers.own_children import OwnChild
    from gateway.cache.snapshot import Table
    from gateway.transfers.districts.children import DistrictRoll
    from gateway.transfers.machine.outward import OutwardTransfer

PLACE: Final = ("transfer suggestions",)
ABOUT: Final = "suggestion"
MAX_SUGGESTED: Final = 100
MAX_LOOKED_AT: Final = 5000
WORDS: Final = re.compile(r"[a-z0-9]+")
DISTRICT: Final = frozenset({"district", "school", "schools", "public", "unified", "no", "number"})
"""Words of the names of districts that do not tell one from another."""
NO_SUGGESTION: Final = "This is suggested no more: it was asked for or dismissed, or the record says so no longer."


@dataclass(frozen=True, slots=True)
class TransferSuggestion:
    """An own student who came from the district *sender*, by the own record; the *handle* is sealed."""

    handle: str
    sender: str
    child: OwnChild


class TransferSuggestions(TransferOffice):
    """What may be asked for by one click; nothing of the other district is looked at before it."""

    @property
    def asking(self) -> TransferAsking:
        """The requests of the same district, by the same actor."""
        return TransferAsking(self.region, self.actor, self.org, self.scopes)

    def listed(self) -> tuple[TransferSuggestion, ...]:
        """List the suggestions that nobody has taken or dismissed; none for a child with a restriction.

        There are none where the district is not cached.
        """
        if not self._reads():
            return ()
        roll = self.roll()
        found = tuple(
            TransferSuggestion(self.handle(f"{ABOUT}\0{sender}", roll.id_of(row)), sender, own_child(roll, row))
            for row, sender in self._waiting(roll)
        )
        if found:
            self.record("transfer suggestions shown", content={"shown": len(found)})
        return found

    def count(self) -> int:
        """Count the suggestions: nobody is shown."""
        return len(self._waiting(self.roll())) if self._reads() else 0

    def ask(self, handle: str, *, again: bool = False) -> OutwardTransfer:
        """Make a suggestion a request, once: every further click of whoever has made it leads to that request.

        Raises:
            NotFound: it is none any more.
            Conflict: somebody has taken or dismissed it.
        """
        self.need_children()
        roll = self.roll()
        row, sender = self._of(roll, handle)
        task = self._task(roll, row, sender)
        key = f"suggestion\0{task.id}"
        if self._is_over(task) and not self.asking.has_begun(key):
            raise Conflict(NO_SUGGESTION)
        candidate = candidate_of(roll, row)
        stated = {
            "stateId": candidate.state_id, "given": candidate.given, "family": candidate.family,
            "middle": candidate.middle, "suffix": candidate.suffix, "birthDate": candidate.birth_date,
        }  # fmt: skip
        try:
            begun = self.asking.ask(TransferForm(sender, stated, again=again), key)
        except TransferKeyReused:
            raise Conflict(NO_SUGGESTION) from None  # somebody else's click was the first
        with suppress(Conflict):  # closed by the same click before, or by somebody else meanwhile: the request is made
            self._close(task, "asked")
        return begun

    def dismiss(self, handle: str) -> None:
        """Suggest this no more."""
        self.need_children()
        roll = self.roll()
        self._close(self._task(roll, *self._of(roll, handle)), "dismissed")

    def _reads(self) -> bool:
        """Tell whether the district is cached: a click does not read the whole of a system."""
        self.need_children()
        return "student" in self.gateway.districts[self.org].cached_entities

    def _of(self, roll: DistrictRoll, handle: str) -> tuple[int, str]:
        """Return the row of a suggested student, and the district that is suggested."""
        for sender in self.asking.districts():
            with suppress(NotFound):
                row = roll.rows.get(self.opened(f"{ABOUT}\0{sender}", handle))
                if row is not None and (row, sender) in set(self._suggested(roll)):
                    return row, sender
        raise NotFound(NO_SUGGESTION)

    def _waiting(self, roll: DistrictRoll) -> list[tuple[int, str]]:
        """Return the suggestions that nobody has decided upon, and for whom nobody has asked in another way."""
        found = islice(self._suggested(roll), MAX_LOOKED_AT)
        ids = {self._task(roll, *one).id: one for one in found}
        over = Tasks(self.region.store, self.region.clock).known(ids)
        left = [one for name, one in ids.items() if name not in over]
        tags = {one: frozenset(self.asking.child_tags(_stated(roll, one[0]))) for one in left}
        every = frozenset().union(*tags.values())
        asked = AskedChildren(self.region.store).known(self.org, every)
        return [one for one in left if not tags[one] & asked][:MAX_SUGGESTED]

    def _suggested(self, roll: DistrictRoll) -> Iterator[tuple[int, str]]:
        """Yield each own student who is enrolled here now, and was at another district before, with that district."""
        today, kinds = self.today().isoformat(), restrictions_by_row(roll.snapshot, self.today().isoformat())
        named = {sender: self._names(sender) for sender in self.asking.districts()}
        for row, before in came_from(roll, named, today):
            if not kinds.get(row):
                yield from ((row, sender) for sender in before)

    def _names(self, district: str) -> frozenset[str]:
        """Return what the own system may call another district: its name here, and its number in the agreement."""
        agreement, _ = self.agreement(district, self.org)
        nces = str(json.loads(agreement.text)["parties"]["provider"].get("nces", ""))
        return frozenset(filter(None, (spelt(district), nces)))

    def _task(self, roll: DistrictRoll, row: int, sender: str) -> PersonTask:
        """Return the task by whose closing a suggestion is over: its id is a keyed tag, and says nothing."""
        text = f"{self.org}\0{sender}\0{roll.own_id(row)}"
        about = {"sender": sender}
        name = self.tag(b"suggestions", text)[:ID_CHARACTERS]
        return PersonTask(name, TRANSFER_SUGGESTED, self.org, REGISTRAR, about, self.region.clock())

    def _is_over(self, task: PersonTask) -> bool:
        """Tell whether somebody has taken or dismissed a suggestion."""
        return task.id in Tasks(self.region.store, self.region.clock).known([task.id])

    def _close(self, task: PersonTask, outcome: str) -> None:
        Tasks(self.region.store, self.region.clock).close(task, outcome, self.actor.name)


def spelt(name: str) -> str:
    """Spell the name of a district without case, signs and the words that all of them have."""
    return " ".join(word for word in WORDS.findall(name.casefold()) if word not in DISTRICT)


def came_from(
    roll: DistrictRoll, named: Mapping[str, frozenset[str]], day: str
) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """Return each student who is enrolled here on a *day* and was at districts of these names, with those.

    It is computed once for a state of the district's data and a day, and kept with that.
    """
    facts: dict[tuple[str, ...], Any] = derived(roll.snapshot.table("student")).facts
    beside = tuple(roll.snapshot.table(name) for name in ("enrollment", "organization"))
    known = facts.get(PLACE)
    if known is None or known[0] != (day, named) or any(map(is_not, known[1], beside)):
        known = facts[PLACE] = (day, named), beside, tuple(_came_from(roll, named, day))
    found: tuple[tuple[int, tuple[str, ...]], ...] = known[2]
    return found


def _came_from(
    roll: DistrictRoll, named: Mapping[str, frozenset[str]], day: str
) -> Iterator[tuple[int, tuple[str, ...]]]:
    districts = _districts_of(roll, named)
    for row in range(roll.snapshot.table("student").size if districts else 0):
        before = {districts[one["school"]] for one in enrollments(roll, row) if one["school"] in districts}
        if before and is_enrolled_at_home(roll, row, day, districts):
            yield row, tuple(sorted(before))


def is_enrolled_at_home(roll: DistrictRoll, row: int, day: str, elsewhere: Mapping[int, str]) -> bool:
    """Tell whether a student has an enrollment at an own school that has not ended before a *day*."""
    here = (one for one in enrollments(roll, row) if one["school"] not in elsewhere)
    return any(not one["exit"] or one["exit"] >= day for one in here)


def _districts_of(roll: DistrictRoll, named: Mapping[str, frozenset[str]]) -> dict[int, str]:
    """Return the organizations of the own system that are, or belong to, a district of the region; by their row."""
    table = roll.snapshot.table("organization")
    parents = table.refs.get("parent")
    found: dict[int, str] = {}
    for row in range(table.size):
        at, seen = row, set[int]()
        while at >= 0 and at not in seen:
            seen.add(at)
            called = _called(table, at)
            if sender := next((name for name, names in named.items() if names & called), ""):
                found[row] = sender
                break
            at = parents[at] if parents else -1
    return found


def _called(table: Table, row: int) -> frozenset[str]:
    """Return the names and numbers of an organization that is a district."""
    kinds = table.columns.get("kind")
    if kinds is None or kinds[row] != "district":
        return frozenset()
    columns = (table.columns.get(name) for name in ("name", "shortName", "identifier"))
    texts = [str(column[row]) for column in columns if column is not None and column[row]]
    return frozenset((*texts, *map(spelt, texts)))


def _stated(roll: DistrictRoll, row: int) -> StatedChild:
    one = candidate_of(roll, row)
    return StatedChild(one.state_id, one.given, one.family, birth_date=one.birth_date)
