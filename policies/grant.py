"""Grants: what one consumer may see of one district, a rule for every released name, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policies import population
from policies.records.windows import DATED_BY
from standards.errors import OperationMissing
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policies.population import Clause
    from policies.records.windows import DateWindow
    from standards.query import Query


@dataclass(frozen=True, slots=True)
class Rule:
    """The action on a released value: ``allow`` leaves it as it is."""

    action: str


@dataclass(frozen=True, slots=True)
class Registered:
    """What the registers decide under an agreement.

    *form* is the consent form that students must have signed; empty where none is asked for. Students who opted out are
    left out where the agreement rests on *directory* information. *kind* is the kind of the recipient.
    """

    form: str = ""
    directory: bool = False
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is limited however it is asked for: totals below *small_cell*, and *rows_per_day* in a *timezone*.

    Neither is limited where it is 0. Of a grant with parts, each part has its own limit of rows.
    """

    small_cell: int = 0
    rows_per_day: int = 0
    timezone: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """One agreement compiled for one client.

    *rules* has a rule for every released vocabulary or native name. The free members of an open dictionary
    are released by ``name.*``; a member's own rule comes first. *rows* has the row rule of each entity that
    has one. *epoch* changes when anything else here changes, but for *text* and *elements*, the names
    under which the agreement and what it stands for are on record. Elements with a window (*windows*, by released name)
    leave of records dated in it alone. A grant that combines several agreements of one client, district and purpose
    has the grant of each as its *parts*: an element leaves of a student's record as far as any part lets it.
    *person* is who asks through the client, where the agreement leaves in only the students assigned to that person.
    """

    client: str
    org: str
    agreement: str
    version: int
    purpose: str
    basis: str
    district: str
    operations: frozenset[str]
    rules: Mapping[str, Rule] = field(hash=False)
    rows: Mapping[str, Clause] = field(hash=False)
    epoch: str
    text: str = ""
    elements: str = ""
    registered: Registered = Registered()
    windows: Mapping[str, DateWindow] = field(default_factory=dict, hash=False)
    parts: tuple[Grant, ...] = ()
    limits: Limits = Limits()
    person: str = ""

    @property
    def each(self) -> tuple[Grant, ...]:
        """Each agreement's own grant: the parts, or this one where there are none."""
        return self.parts or (self,)

    @property
    def asks_registers(self) -> bool:
        """Whether a register decides, child by child, who is in it: by consent, by opting out, or by assignment."""
        return any(one.registered.form or one.registered.directory or one.person for one in self.each)

    def keyed_by(self, name: str) -> str:
        """Return the agreement whose key makes the hash of the value of *name*: that of the part with the hash."""
        return next((one.agreement for one in self.each if one.rule(name) == Rule("hash")), self.agreement)

    def releases(self, name: str) -> bool:
        """Tell whether the vocabulary or native *name* may leave."""
        return self.rule(name) is not None

    def plain(self, name: str) -> bool:
        """Tell whether *name* leaves as it is."""
        return self.rule(name) == Rule("allow")

    def rule(self, name: str) -> Rule | None:
        """Return the rule for the value of *name*; None where it is not released."""
        found = self.rules.get(name)
        if found is None:
            found = self._open_rule(name)
        return None if found is None or found.action == "deny" else found

    def parted(self, name: str) -> bool:
        """Tell whether something inside the free member *name* leaves otherwise than the member itself.

        A value that holds others is released whole or not at all: it is not, where an agreement tells its parts apart.
        """
        own, below = self.rule(name), f"{name}."
        return any(
            one.startswith(below) and one != f"{name}.*" and (None if rule.action == "deny" else rule) != own
            for one, rule in self.rules.items()
        )

    def _open_rule(self, name: str) -> Rule | None:
        head = name
        while head:
            head = head.rpartition(".")[0]
            found = self.rules.get(f"{head}.*")
            if found is not None:
                return found
        return None

    def unrestricted(self, entity: str) -> bool:
        """Tell whether no row rule touches *entity* or what its rows belong to, whatever a district holds.

        Only then may a lenient owner reference point to nothing: a rule that looked at the data instead would let a row
        that nobody may see decide about one that somebody may.
        """
        if self.parts:
            return all(part.unrestricted(entity) for part in self.parts)
        owners = (one.to for one in fields_of(entity).values() if one.owner and one.to != entity)
        dated = fields_of(entity)["id"].release in self.windows
        return entity not in self.rows and not dated and all(map(self.unrestricted, owners))

    def narrow(self, query: Query) -> Query:
        """Narrow *query* to what the agreement allows; its names were found on the pruned view already.

        Raises:
            OperationMissing: it asks what has changed, or has a filter, which the agreement does not let the client do.
        """
        if query.window is not None and "changes" not in self.operations:
            raise OperationMissing(["changes"])
        if query.filter is not None and "search" not in self.operations:
            raise OperationMissing(["search"])
        return query

    def reads(self, entity: str) -> frozenset[str]:
        """Return the fields of *entity* a source is asked for: the released ones, and those the row rules read."""
        fields = fields_of(entity)
        wanted = {name for name, one in fields.items() if one.owner or self.releases(one.release)}
        wanted.update(name for at, name in self.row_reads() if at == entity and name in fields)
        if self.windows and entity in DATED_BY:
            wanted.add(DATED_BY[entity])
        wanted = wanted.union(*(part.reads(entity) for part in self.parts))
        groups = {part for name in wanted for part in _heads(name)}
        return frozenset(wanted | (groups & fields.keys()))

    def row_reads(self) -> Iterator[tuple[str, str]]:
        """Yield every (entity, field) the row rules read."""
        for entity, clause in self.rows.items():
            yield from population.reads(entity, clause)

    @property
    def programs(self) -> frozenset[str]:
        """The names of the programs that its row rules ask for."""
        return frozenset(name for clause in self.rows.values() for name in population.programs(clause))


def _heads(path: str) -> Iterator[str]:
    """Yield a dotted path and everything above it."""
    while path:
        yield path
        path = path.rpartition(".")[0]
