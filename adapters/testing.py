"""The contract that every adapter keeps, as a suite: inherit `AdapterContract` and say what a source is.

class TestMapleton(AdapterContract):
    adapter = Mapleton

    def good(self, folder): ...       # make a source and return the settings that lead to it
    def broken(self, folder): ...     # one that cannot be understood
"""

# ruff: noqa: D102  a test's name is its sentence

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from standards.errors import SettingsError, SourceBroken
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from adapters.contract import Adapter, Record
    from standards.vocabulary import Field

DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
DATETIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z")
PLAIN: Mapping[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "open": (dict,),
    "json": (str, int, float, bool, list, dict),
}


def problems(entity: str, record: Record) -> Iterator[str]:
    """Yield everything in *record* that a record of *entity* may not be; never a value."""
    fields = fields_of(entity)
    if not _is_key(record.get("key")):
        yield "key is no tuple of texts"
    if record.keys() >= {"id"} and not (isinstance(record["id"], str) and record["id"]):
        yield "id is no text"
    for name, value in record.items():
        if name in {"key", "id"}:
            continue
        if name in fields:
            yield from _value(fields, fields[name], name, value)
        elif name.partition("@")[0] not in fields or not value:
            yield f"{name} is no field"


def _value(fields: Mapping[str, Field], field: Field, name: str, value: Any) -> Iterator[str]:
    if value is None or value in ("", [], {}):
        yield f"{name} is said to be nothing"
    elif field.type == "group":
        for item in value if isinstance(value, list) else ({"": value},):
            yield from _item(fields, name, item)
    elif field.many:
        if not isinstance(value, list) or not all(_fits(field, one) for one in value):
            yield f"{name} is no list of {field.type}"
    elif not _fits(field, value):
        yield f"{name} is no {field.type}"


def _item(fields: Mapping[str, Field], group: str, item: Any) -> Iterator[str]:
    if not isinstance(item, dict) or not item:
        yield f"{group} has an item that is nothing"
        return
    for name, value in item.items():
        full = f"{group}.{name}"
        if full in fields and group == "race":
            continue  # the items of this group have the source's token for a race, not a boolean
        if full in fields:
            yield from _value(fields, fields[full], full, value)
        elif f"{group}.{name.partition('@')[0]}" not in fields:
            yield f"{full} is no field"


def unresolved(records: Iterable[tuple[str, Record]], entities: Collection[str]) -> set[str]:
    """Return the fields of *records* with a reference to no record of the *entities*; never a value."""
    found, keys = list(records), dict[str, set[Any]]()
    for entity, record in found:
        keys.setdefault(entity, set()).add(record["key"])
    lost = set()
    for entity, record in found:
        for name, field in fields_of(entity).items():
            if field.type == "ref" and field.to in entities:
                targets = (one for value in _at(record, name.split(".")) for one in (value if field.many else [value]))
                if not keys.get(field.to, set()).issuperset(targets):
                    lost.add(f"{entity}.{name}")
    return lost


def _at(record: Record, parts: list[str]) -> Iterator[Any]:
    """Yield the values in a field of a record, or of the small records in it."""
    name = ".".join(parts)
    if name in record:
        yield record[name]
        return
    for cut in range(1, len(parts)):
        inner = record.get(".".join(parts[:cut]))
        for item in inner if isinstance(inner, list) else ():
            yield from _at(item, parts[cut:])


def _fits(field: Field, value: Any) -> bool:
    if field.type == "ref":
        return _is_key(value)
    if field.type in PLAIN:
        return isinstance(value, PLAIN[field.type]) and (isinstance(value, bool) <= (field.type in {"boolean", "json"}))
    if not isinstance(value, str) or not value:
        return False
    form = {"date": DATE, "datetime": DATETIME}.get(field.type)
    return form is None or form.fullmatch(value) is not None


def _is_key(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and all(isinstance(part, str) and part for part in value)


class AdapterContract(ABC):
    """The tests that every adapter must pass; each makes its own source."""

    adapter: ClassVar[type[Adapter]]

    @abstractmethod
    def good(self, folder: Path) -> Mapping[str, Any]:
        """Make a good source in *folder*; return the settings that lead to it."""

    @abstractmethod
    def broken(self, folder: Path) -> Mapping[str, Any]:
        """Make a source in *folder* that cannot be understood; return the settings that lead to it."""

    @pytest.fixture
    def source(self, tmp_path: Path) -> Iterator[Adapter]:
        """Yield the adapter over a good source."""
        with self.adapter("district", self.good(tmp_path)) as adapter:
            yield adapter

    @pytest.fixture
    def bad_source(self, tmp_path: Path) -> Iterator[Adapter]:
        """Yield the adapter over a broken source."""
        with self.adapter("district", self.broken(tmp_path)) as adapter:
            yield adapter

    def test_every_record_says_only_what_the_vocabulary_knows(self, source: Adapter) -> None:
        found = {problem for entity, record in _all(source) for problem in problems(entity, record)}
        assert not found

    def test_there_is_something_to_read(self, source: Adapter) -> None:
        assert {entity for entity, _ in _all(source)} <= source.manifest.entities
        assert any(entity == "student" for entity, _ in _all(source))

    def test_no_two_records_of_an_entity_share_a_key(self, source: Adapter) -> None:
        keys = [(entity, record["key"]) for entity, record in _all(source)]
        assert len(keys) == len(set(keys))

    def test_every_reference_leads_to_a_record_that_is_there(self, source: Adapter) -> None:
        assert unresolved(_all(source), source.manifest.entities) == set()

    def test_no_row_of_a_good_source_is_set_aside(self, source: Adapter) -> None:
        _all(source)
        assert [(row.place, row.told) for row in source.notes.page.aside] == []

    def test_what_is_read_twice_is_the_same(self, source: Adapter) -> None:
        assert _all(source) == _all(source)

    def test_no_more_than_the_wanted_fields_are_read(self, source: Adapter) -> None:
        for turn in (0, 1):
            wanted = {
                entity: frozenset(name for place, name in enumerate(sorted(fields_of(entity))) if place % 2 == turn)
                for entity in source.manifest.entities
            }
            for entity, record in source.read(wanted):
                for name in record.keys() - {"key", "id"}:
                    assert name in wanted[entity] or name.partition("@")[0] in wanted[entity], f"{entity}.{name}"

    def test_what_is_read_of_wanted_fields_is_what_is_read_of_all(self, source: Adapter) -> None:
        entities = {entity for entity, _ in _all(source)}
        wanted = {entity: frozenset(fields_of(entity)) for entity in entities}
        everything = sorted(map(repr, _all(source)))
        assert sorted(map(repr, source.read(wanted))) == everything

    def test_no_more_than_the_wanted_entities_are_read(self, source: Adapter) -> None:
        for entity in sorted({entity for entity, _ in _all(source)}):
            alone = list(source.read({entity: None}))
            assert {found for found, _ in alone} == {entity}
            assert len(alone) == sum(1 for found, _ in _all(source) if found == entity)

    def test_nothing_is_read_when_nothing_is_wanted(self, source: Adapter) -> None:
        assert list(source.read({})) == []

    def test_a_good_source_passes_the_check(self, source: Adapter) -> None:
        assert source.check() == []

    def test_the_stamp_of_a_source_stays_while_the_source_does(self, source: Adapter) -> None:
        assert source.stamp()
        assert source.stamp() == source.stamp()

    def test_a_broken_source_fails_the_check_with_a_place(self, bad_source: Adapter) -> None:
        found = bad_source.check()
        assert found
        assert all(problem.message and problem.place for problem in found)

    def test_a_broken_source_is_not_read(self, bad_source: Adapter) -> None:
        with pytest.raises(SourceBroken) as caught:
            _all(bad_source)
        assert caught.value.place

    def test_a_setting_that_does_not_exist_is_refused_with_the_nearest_name(self, tmp_path: Path) -> None:
        settings = dict(self.good(tmp_path))
        name = next(iter(settings))
        settings[f"{name}x"] = settings.pop(name)
        with pytest.raises(SettingsError, match=f"did you mean {name}"):
            self.adapter("district", settings)

    def test_an_adapter_has_a_name_and_describes_its_settings(self) -> None:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", self.adapter.name)
        assert all(field.metadata.get("description") for field in self.adapter.Settings().fields.values())


def _all(adapter: Adapter) -> list[tuple[str, Record]]:
    return list(adapter.read(dict.fromkeys(adapter.manifest.entities)))
