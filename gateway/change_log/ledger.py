"""The ledger of uncached reads: since when each record is as one consumer sees it, and deletions from its lists.

It keeps ids and keyed hashes, never values.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import orjson

from gateway.change_log.account import account_of
from gateway.change_log.doubts import doubtful, shown_of, unknown_of
from gateway.change_log.skeletons import BASE
from standards.view import Stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from gateway.cache.completeness import Unknown
    from gateway.change_log.projection import Place as Branch
    from gateway.engine.view_rows import ViewRows

    Place = tuple[tuple[str, ...], str]
    Below = tuple[tuple[str, str], ...]  # the records that a path names, from the outside in, by view and id

MOMENT_BITS = 48
LIST_WEIGHT_IDS = 8
"""The overhead of a remembered list, counted in ids."""


@dataclass(slots=True)
class _List:
    """The ids that a list showed last, and those that have left it, each with its moment."""

    present: frozenset[str]
    left: dict[str, int] = field(default_factory=dict)


class Ledger:
    """The hash of each record shown, by grant and view, and since when it has been so.

    A change that is hidden from a consumer leaves the hash and so the time as they were; a visible one gets the moment
    by the *clock* at which it was found, later than all that this consumer was told (without a clock, the version of
    the snapshot). A cached record never read before counts as unchanged since the district is cached, an uncached one
    as new. What was forgotten, and what another agreement shows, counts as changed: too much for a consumer, never too
    little.

    Of an uncached list it remembers the ids, so that deletions can be reported as long as this process runs.
    """

    def __init__(self, key: bytes, clock: Callable[[], float] | None = None, capacity: int = 2_000_000) -> None:
        self._key, self._clock, self._capacity = key, clock, capacity
        self._known: OrderedDict[Place, dict[str, int]] = OrderedDict()
        self._first: dict[Place, int] = {}
        self._met: set[tuple[str, ...]] = set()
        self._whole: set[Place] = set()
        self._lists: OrderedDict[tuple[Place, Below], _List] = OrderedDict()
        self._gone: dict[Place, dict[str, int]] = {}
        self._told: dict[tuple[str, ...], int] = {}
        self._since_when: dict[tuple[str, ...], tuple[str, int]] = {}
        self._begun = int(clock() * 1000) if clock else 0
        self._size = self._listed = 0
        self._lock = threading.Lock()

    def stamp(self, shown: ViewRows, rows: Sequence[int], records: Sequence[dict[str, Any]], base: str) -> None:
        """Fill in the stamps of freshly rendered *records*; another *base* URL is no change."""
        stamps = _stamps(shown)
        if not stamps:
            return
        history, followed = account_of(shown.visibility), _is_followed(shown)
        needed = not followed or any(node.kind == "etag" for node in stamps)
        hashes = [self._hash(record, base) for record in records] if needed else [0] * len(records)
        times = (
            history.times(shown.visibility, shown.branch.entity, rows)
            if history and followed
            else self._since(shown, rows, hashes)
        )
        modified = "%Y-%m-%dT%H:%M:%S" if shown.view.api != "edfi" else "%Y-%m-%dT%H:%M:%S.%f"
        texts = {at: _text(at, modified) for at in set(times)}
        for record, digest, at in zip(records, hashes, times, strict=True):
            for node in stamps:
                record[node.name] = str(digest) if node.kind == "etag" else texts[at]

    def tag(self, shown: ViewRows, record: dict[str, Any], base: str) -> None:
        """Fill in the ETag of one freshly rendered *record*, and leave out its time of change."""
        digest = str(self._hash(record, base))
        for node in _stamps(shown):
            if node.kind == "etag":
                record[node.name] = digest
            else:
                del record[node.name]

    def times(self, shown: ViewRows, rows: Sequence[int]) -> list[str]:
        """Return the time of change of each row, as text that sorts."""
        history = account_of(shown.visibility)
        if history is not None and _is_followed(shown):
            at = history.times(shown.visibility, shown.branch.entity, rows)
        else:
            records = shown.render(rows, BASE)
            at = self._since(shown, rows, [self._hash(record, BASE) for record in records])
        texts = {moment: _text(moment, "%Y-%m-%dT%H:%M:%S") for moment in set(at)}
        return [texts[moment] for moment in at]

    def _hash(self, record: dict[str, Any], base: str) -> int:
        text = orjson.dumps(record)
        text = text.replace(f'"{base}/'.encode(), b'"\0/') if base else text
        return int.from_bytes(blake2b(text, digest_size=8, key=self._key).digest()) >> 1

    def list_since(self, shown: ViewRows, below: Below) -> int | None:
        """Return the moment since which deletions from a list are known; None where it was never read whole.

        A consumer that has the list as of a later moment has read it then or later, in this process, under the same
        agreements.
        """
        consumer, epoch = _whose(shown)
        with self._lock:
            known, since = self._since_when.get(consumer, ("", 0))
            return since if known == epoch and (_place(shown), below) in self._lists else None

    def look(self, shown: ViewRows, rows: Iterable[int], below: Below, *, whole: bool) -> None:
        """Remember the *rows* that a list *below* some records shows, read for one request.

        Where all of the entity was read (*whole*), a record shown under any path that is not there is deleted, unless
        it may only be set aside.
        """
        place, whose, ids = (_place(shown), below), _whose(shown), shown.ids
        present = frozenset(ids[row] for row in rows)
        here = {ids[row] for row in shown.visibility.rows(shown.branch.entity)} if whole else None
        with self._lock:
            self._meet(whose)
            moment, lacking, before = self._moment(shown, later=True), self._lacking(shown), self._weight(place)
            known = self._lists.setdefault(place, _List(present))
            come = (present - known.present) if below else (present & known.left.keys())
            self._forget(whose, come)  # a record that joins a list is new in it
            known.left = {own: at for own, at in known.left.items() if own not in come}
            present |= _doubtful(shown, known.present - present, lacking)
            left = dict.fromkeys(known.present - present, moment)
            known.left |= left
            known.present = present
            self._lists.move_to_end(place)
            gone = self._find_gone(shown, here, moment, lacking) if here is not None else 0
            if left or gone:
                self._told[place[0][0][:2]] = moment
            self._listed += self._weight(place) - before
            self._fit()

    def gone(self, shown: ViewRows, below: Below) -> dict[str, int]:
        """Return the ids deleted from a list by the last read of it, each with its moment."""
        with self._lock:
            found = self._lists.get((_place(shown), below))
            return self._gone.get(_whose(shown), {}) | found.left if found else {}

    def wrote(self, shown: ViewRows, identifier: str) -> None:
        """Remember the id of a record that a consumer has created itself and was not shown yet."""
        if shown.view.api == "edfi" or _is_followed(shown):
            return
        with self._lock:
            self._meet(_whose(shown))
            known = self._open(_place(shown), 0)
            self._size += identifier not in known
            known.setdefault(identifier, 0)

    def _lacking(self, shown: ViewRows) -> frozenset[Unknown]:
        """Return the rows that the consumer was shown and that are set aside now."""
        snapshot, (consumer, epoch) = shown.visibility.snapshot, _whose(shown)
        own = snapshot.completeness.unknown if snapshot.completeness else frozenset()

        def known(entity: str) -> set[str]:
            places = self._places(((*consumer[:-1], entity), epoch))
            return {identifier for place in places for identifier in self._known[place]}

        return shown_of(shown.visibility, own | unknown_of(snapshot), known, shown.view.api)

    def _find_gone(self, shown: ViewRows, here: set[str], moment: int, lacking: frozenset[Unknown]) -> int:
        """Note the records of an entity that were shown and are not *here*; return how many there are."""
        whose = _whose(shown)
        missing = {own for place in self._places(whose) for own in self._known[place].keys() - here}
        missing -= _doubtful(shown, missing, lacking)
        self._forget(whose, missing)
        gone = {own: at for own, at in self._gone.get(whose, {}).items() if own not in here}
        self._gone[whose] = gone | dict.fromkeys(missing, moment)
        return len(missing)

    def _places(self, whose: Place) -> list[Place]:
        return [place for place in self._known if _whose_of(place) == whose]

    def _meet(self, whose: Place) -> None:
        """Note that a consumer is shown something; under other agreements forget what it was shown before."""
        consumer, epoch = whose
        known, _ = self._since_when.setdefault(consumer, (epoch, self._begun))
        if known != epoch:
            self._lose(consumer, epoch)

    def _lose(self, consumer: tuple[str, ...], epoch: str) -> None:
        """Forget the deletions from a consumer's lists; they are known again from now on."""
        now = int(self._clock() * 1000) if self._clock else 0
        self._since_when[consumer] = epoch, max(now, self._told.get(consumer[:2], 0) + 1)
        self._told[consumer[:2]] = self._since_when[consumer][1]
        for one in [one for one in self._gone if one[0] == consumer]:
            del self._gone[one]
        for place in [place for place in self._lists if _whose_of(place[0])[0] == consumer]:
            del self._lists[place]
        self._listed = sum(map(_weight_of, self._lists.values())) + sum(map(len, self._gone.values()))

    def _weight(self, place: tuple[Place, Below]) -> int:
        """Count the ids kept of a list, and of deletions from all lists of its entity."""
        known, gone = self._lists.get(place), self._gone.get(_whose_of(place[0]), ())
        return len(gone) + (_weight_of(known) if known else 0)

    def _forget(self, whose: Place, ids: Collection[str]) -> None:
        for place in self._places(whose) if ids else ():
            known = self._known[place]
            self._size -= sum(known.pop(own, None) is not None for own in ids)

    def _since(self, shown: ViewRows, rows: Sequence[int], hashes: Sequence[int]) -> list[int]:
        place, consumer = _place(shown), _place(shown)[0][:2]
        ids, found, given = shown.ids, [], set[int]()
        with self._lock:
            self._meet(_whose(shown))
            known = self._open(place, shown.visibility.snapshot.begun)
            changed, fresh = self._moment(shown, later=True), self._moment(shown, later=False)
            if place not in self._whole:
                fresh = self._first[place] or fresh
            for row, digest in zip(rows, hashes, strict=True):
                entry = known.get(ids[row])
                if entry is None or entry >> MOMENT_BITS != digest:
                    self._size += entry is None
                    at = fresh if entry is None else changed
                    given.add(at)
                    entry = known[ids[row]] = digest << MOMENT_BITS | at
                found.append(entry & ((1 << MOMENT_BITS) - 1))
            self._told[consumer] = max(self._told.get(consumer, 0), *given, 0)
            if len(rows) >= len(shown.rows):
                self._whole.add(place)
            self._fit()
        return found

    def _moment(self, shown: ViewRows, *, later: bool) -> int:
        """Return the moment for a difference found now; *later* than all reported to the consumer of its district."""
        if self._clock is None:
            return shown.visibility.snapshot.version
        now, told = int(self._clock() * 1000), self._told.get(_place(shown)[0][:2], 0)
        return now if now > told or (now == told and not later) else told + 1

    def _open(self, place: Place, begun: int) -> dict[str, int]:
        known = self._known.get(place)
        if known is None:
            known = self._known[place] = {}
            self._first[place] = 0 if place[0] in self._met else begun
            self._met.add(place[0])
        self._known.move_to_end(place)
        return known

    def _fit(self) -> None:
        """Forget what was requested longest ago, where there is too much."""
        while self._size + self._listed > self._capacity and len(self._known) > 1:
            self._forget_one()
        while self._size + self._listed > self._capacity and self._lists:
            self._lose(*_whose_of(next(iter(self._lists))[0]))

    def _forget_one(self) -> None:
        place, known = self._known.popitem(last=False)
        self._size -= len(known)
        del self._first[place]
        self._whole.discard(place)
        self._lose(*_whose_of(place))  # some of what it was shown is forgotten


def _weight_of(one: _List) -> int:
    return LIST_WEIGHT_IDS + len(one.present) + len(one.left)


def _is_followed(shown: ViewRows) -> bool:
    history = account_of(shown.visibility)
    return history is not None and history.follows(_branch(shown))


def _stamps(shown: ViewRows) -> list[Stamp]:
    return [node for node in shown.branch.nodes if isinstance(node, Stamp)]


def _branch(shown: ViewRows) -> Branch:
    return shown.view.api, shown.view.name, shown.branch.entity


def _place(shown: ViewRows) -> Place:
    """Return the consumer, the district, the view and the branch, with the epoch of the agreements."""
    grant, view = shown.visibility.grant, shown.view
    of = (shown.visibility.snapshot.district, grant.client, grant.purpose, view.api, view.name, shown.branch.entity)
    return of, grant.epoch


def _doubtful(shown: ViewRows, missing: Iterable[str], lacking: frozenset[Unknown]) -> set[str]:
    return doubtful(shown.visibility, shown.branch.entity, missing, lacking, shown.view.api)


def _whose(shown: ViewRows) -> Place:
    return _whose_of(_place(shown))


def _whose_of(place: Place) -> Place:
    """Return the consumer, the district and the entity; all OneRoster views of an entity count as one."""
    (district, client, purpose, api, _, entity), epoch = place
    return (district, client, purpose, "edfi" if api == "edfi" else "", entity), epoch


def _text(milliseconds: int, form: str) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.strftime(form) + ("Z" if form.endswith("%f") else f".{milliseconds % 1000:03d}Z")
