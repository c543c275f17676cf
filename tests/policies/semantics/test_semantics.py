"""What the product shows is what the documents say: 10,000 agreements over records and registers, told twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from gateway.cache.program_members import with_members
from gateway.cache.snapshot import build_snapshot
from gateway.change_log.ledger import Ledger
from gateway.engine.laid_over import laid_over
from gateway.engine.view_rows import ViewRows
from gateway.engine.visibility import Visibility
from gateway.registers.effects.state import DistrictRegisters
from gateway.registers.entries import Consent, RegisterState, Restriction
from gateway.registers.tags import ID, STATE_ID, RegisterKeys
from policies import agreement, canonical
from policies.compiler import Grants
from standards.keys import Keyring
from standards.pruning import prune
from standards.query import Condition
from standards.view import Branch, Id, Items, List, Value, View
from tests.gateway.engine.source import RecordsAdapter
from tests.policies.documents import NOW
from tests.policies.documents import TODAY as WRITTEN
from tests.policies.semantics import worlds
from tests.policies.semantics.interpreter import Interpreter

if TYPE_CHECKING:
    from pathlib import Path

    from policies.grant import Grant
    from tests.policies.semantics.interpreter import Entry

KEYRING = Keyring(b"a key for tests, of thirty-two b")
KEYS = RegisterKeys(b"another key for tests, of 32 byt")
FIELDS = {
    "student": {
        "name.given": "student.name.given", "name.family": "student.name.family", "birthDate": "student.birthDate",
        "sex": "student.sex", "phone": "student.phone",
    },
    "enrollment": {"grade": "enrollment.grade", "entry": "enrollment.entry", "exit": "enrollment.exit"},
    "attendance": {"date": "attendance.date", "reason": "attendance.reason"},
}  # fmt: skip
ADDRESS = {f"address.{name}": f"student.address.{name}" for name in ("street", "city", "postalCode")}
VIEWS = {
    entity: View(entity, "oneroster", entity, (Branch(entity, (Id("id"), *(Value(n, (n,)) for n in names))),))
    for entity, names in FIELDS.items()
}
ADDRESSES = View("profile", "oneroster", "profile", (Branch("profile", (
    Id("id"), List("address", (Items("address"),), tuple(Value(n, (n,)) for n in ("street", "city", "postalCode"))),
)),))  # fmt: skip
AGREEMENTS_PER_WORLD = 25


def tags(child: str) -> dict[str, str]:
    own, state = f"source-{child}", f"SSID-{child}"
    return {ID: KEYS.tag(worlds.DISTRICT, ID, own), STATE_ID: KEYS.tag(worlds.DISTRICT, STATE_ID, state)}


def registers(entries: list[Entry]) -> DistrictRegisters:
    """The registers with the same entries, by tags."""
    restrictions, consents = [], []
    for number, one in enumerate(entries):
        place = {"entry": str(number), "district": worlds.DISTRICT, "tags": tags(one.child)}
        if one.kind == "consent":
            consents.append(
                Consent(
                    **place, agreement=one.agreement, form=one.form, form_hash="0" * 64, signer_role=one.signer,
                    method="paper", signed=one.begin, begin=one.begin, until=one.until, elements=frozenset(one.covers),
                )
            )  # fmt: skip
        else:
            kind: Any = one.kind
            restrictions.append(
                Restriction(
                    **place, kind=kind, begin=one.begin, until=one.until, recipients=one.recipients,
                    elements=one.elements, substitute=one.substitute,
                )
            )  # fmt: skip
    return DistrictRegisters(RegisterState(worlds.DISTRICT, 1, tuple(restrictions), tuple(consents)), KEYS)


def compiled(documents: list[dict[str, Any]], folder: Path) -> Grants | None:
    """The grants of the documents; None where they cannot stand together."""
    found = []
    for content in documents:
        one, mistakes = agreement.check(canonical.document(content, content["id"]), folder)
        assert one is not None, [str(mistake) for mistake in mistakes]
        found.append(one)
    if list(agreement.clashes(found)):
        return None
    return Grants(found, lambda: NOW)


def shown(view: View, visibility: Visibility, grant: Grant) -> ViewRows | None:
    pruned = prune(view, grant)
    return ViewRows(pruned.branches[0], pruned, visibility, Ledger(b"key")) if pruned and pruned.branches else None


def rows_of(part: ViewRows | None, entity: str) -> dict[int, dict[str, Any]]:
    if part is None:
        return {}
    rows = list(part.rows)
    return {
        row: {n: v for n, v in one.items() if n != "id"} for row, one in zip(rows, part.render(rows, ""), strict=True)
    }


class Case:
    """One client's agreements over one world, told by the interpreter and by the product."""

    def __init__(self, world: dict[str, list[Any]], snapshot: Any, grant: Grant | None, told: Interpreter) -> None:
        self.world, self.told, self.grant = world, told, grant
        self.visibility = laid_over(Visibility(snapshot, grant, KEYRING, WRITTEN)) if grant is not None else None

    def compare(self, random: Random) -> Counter[str]:
        """Compare every row and every value, and some filters."""
        counted: Counter[str] = Counter()
        for entity, names in FIELDS.items():
            part = shown(VIEWS[entity], self.visibility, self.grant) if self.grant and self.visibility else None
            mine = rows_of(part, entity)
            theirs = self.expected(entity, names)
            assert mine == theirs, (entity, self.told.agreements, self.told.entries)
            counted["rows"] += len(mine)
            counted["values"] += sum(map(len, mine.values()))
            if part is not None and theirs:
                self.ask(part, theirs, random, counted)
        addresses = shown(ADDRESSES, self.visibility, self.grant) if self.grant and self.visibility else None
        mine, theirs = rows_of(addresses, "profile"), self.addresses()
        assert mine == theirs, (self.told.agreements, self.told.entries)
        return counted

    def ask(self, part: ViewRows, theirs: dict[int, dict[str, Any]], random: Random, counted: Counter[str]) -> None:
        name = random.choice(sorted(part.chains.keys() - {"id"}) or ["id"])
        known = sorted({one[name] for one in theirs.values() if name in one}) or ["nothing"]
        value = random.choice(known)
        if name != "id":
            found = set(part.keep(list(part.rows), Condition(name, "=", value)))
            assert found == {row for row, one in theirs.items() if one.get(name) == value}
            counted["queries"] += 1

    def expected(self, entity: str, names: dict[str, str]) -> dict[int, dict[str, Any]]:
        found = {}
        for number, row in enumerate(self.world[entity]):
            child = row["key"][0] if entity == "student" else row["student"][0]
            one = self.told.row(entity, row, names) if self.told.exists(child) else None
            if one is not None:
                found[number] = one
        return found

    def addresses(self) -> dict[int, dict[str, Any]]:
        found = {}
        for number, row in enumerate(self.world["profile"]):
            child = row["student"][0]
            if not self.told.exists(child):
                continue
            item = {f"address.{name}": value for name, value in row["address"][0].items()}
            one = self.told.row("profile", {**row, **item}, ADDRESS)
            if one is not None:
                parts = {name.rpartition(".")[2]: value for name, value in one.items()}
                found[number] = {"address": [parts]} if parts else {}
        return found


def compare(seed: int, folder: Path, agreements: int) -> Counter[str]:
    """Compare *agreements* sets of agreements over one world."""
    random, counted = Random(seed), Counter[str]()
    world = worlds.records(random)
    flat = [(entity, row) for entity, rows in world.items() for row in rows]
    children = [row["key"][0] for row in world["student"]]
    whole = build_snapshot(flat, worlds.DISTRICT, KEYRING)
    snapshot = with_members(whole, RecordsAdapter(flat, worlds.DISTRICT), frozenset(worlds.PROGRAMS), WRITTEN)
    for _ in range(agreements):
        documents = worlds.agreements(random)
        entries = worlds.entries(random, children, documents)
        grants = compiled(documents, folder)
        if grants is None:
            counted["clashes"] += 1
            continue
        found = grants.of(worlds.CLIENT, purpose="tutoring")
        assert len(found) <= 1
        counted["parts"] += len(found[0].parts) if found else 0
        told = Interpreter(documents, worlds.CLIENT, "tutoring", worlds.TODAY, world, entries)
        with_registers = replace(snapshot, registers=registers(entries))
        counted += Case(world, with_registers, found[0] if found else None, told).compare(random)
        counted["agreements"] += len(documents)
    return counted


@pytest.mark.parametrize("worlds_compared", [10, pytest.param(250, marks=pytest.mark.slow)])
def test_what_is_shown_is_what_the_documents_say(worlds_compared, tmp_path):
    counted = Counter[str]()
    for seed in range(worlds_compared):
        counted += compare(seed, tmp_path, AGREEMENTS_PER_WORLD)
    print(f"\n{dict(counted)}")
    assert counted["agreements"] >= worlds_compared * AGREEMENTS_PER_WORLD
    assert counted["clashes"] * 2 < counted["agreements"]
    assert min(counted[name] for name in ("rows", "values", "queries", "parts")) > worlds_compared
