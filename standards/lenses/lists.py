"""Pairs for members that hold several values, one function each."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from standards.lenses.exact_codes import parted, tokens
from standards.lenses.pairs import Pair, agrees, place, put_in, two_way

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from standards.lenses.pairs import ColumnLayout, Context, MemberLayout, Step, TwoWayPairs


def joined(local: str, name: str, separator: str = ",", codes: str = "", kind: str = "text") -> Pair:
    """Map one text that holds a list; *kind* ``ref`` makes each part the key of another record."""

    def bind(context: Context, places: MemberLayout | ColumnLayout) -> Step:
        take = places.at(local)
        known = tokens(codes, context.dialect) if codes else None

        def step(row: Any, record: dict[str, Any]) -> None:
            text = take(row)
            if not text:
                return
            if type(text) is not str:
                raise context.wrong(local, "a text")
            if known:
                known.lay_text(text, separator, name, context, record)
            elif parts := parted(text, separator):
                record[name] = [(part,) for part in parts] if kind == "ref" else parts

        return step

    def put(context: Context) -> Step:
        path, exact = place(context, local), f"{name}@{context.standard}"
        known = tokens(codes, context.dialect) if codes else None

        def step(record: Any, document: dict[str, Any]) -> None:
            parts = record.get(name) or ()
            if known:
                parts = known.exact_list(parts, record.get(exact)) or ()
            texts = (part for (part,) in parts) if kind == "ref" else parts
            put_in(document, path, separator.join(_quoted(part, separator) for part in texts) or None)

        return step

    return Pair("joined", (local,), (name,), bind, put, kind=kind, codes=codes, facts={"many": True})


def each(local: str, name: str, pairs: Sequence[Pair], by: Sequence[str] = ()) -> Pair:
    """Map a list of objects to a group; *by* names the sub-fields that identify an item.

    A pair with the empty name makes the vocabulary's items bare values, one with the empty path the local ones.
    """
    inner = tuple(pairs)
    wrapped = any(path == "" for pair in inner for path in pair.local_paths)
    bare = any(fill == "" for pair in inner for fill in pair.fields)

    def bind(context: Context, places: MemberLayout | ColumnLayout) -> Step:
        take, use = places.at(local), two_way(inner, context)

        def step(row: Any, record: dict[str, Any]) -> None:
            items = take(row)
            if not items:
                return
            if type(items) is not list or not (wrapped or all(type(item) is dict for item in items)):
                raise context.wrong(local, "a list of objects")
            found = [said for item in items if (said := use.read({"": item} if wrapped else item))]
            if found and bare:
                _lay_bare(found, name, f"@{context.standard}", record)
            elif found:
                record[name] = found

        return step

    def put(context: Context) -> Step:
        path, use = place(context, local), two_way(inner, context)

        def step(record: Any, document: dict[str, Any]) -> None:
            said = _dressed(record, name, f"@{context.standard}") if bare else record.get(name) or []
            olds = [{"": item} if wrapped else item for item in _old(document, path)]
            written = _merged(use, said, olds, by)
            put_in(document, path, [item.get("") if wrapped else item for item in written] or None)

        return step

    consumes = tuple(f"{local}.{inside}" if inside else local for pair in inner for inside in pair.local_paths)
    fills = (name,) if bare else (name, *(f"{name}.{inside}" for pair in inner for inside in pair.fields))
    return Pair("each", consumes, fills, bind, put, pairs=inner, facts={"bare": bare, "wrapped": wrapped})


def flags(local: str, prefix: str, codes: str, names: Sequence[str]) -> Pair:
    """Map a list of objects with one code each to a boolean for each of the values *names*.

    *local* is the list and its member, as ``races.raceDescriptor``. A list that is there means false for what it leaves
    out. The exact tokens are kept beside the fields where the booleans alone would not bring them back.
    """
    many, _, member = local.rpartition(".")
    fields, companion = tuple(f"{prefix}{value}" for value in names), prefix.rstrip(".")

    def bind(context: Context, places: MemberLayout | ColumnLayout) -> Step:
        take, known = places.at(many), tokens(codes, context.dialect)

        def step(row: Any, record: dict[str, Any]) -> None:
            items = take(row)
            if not items:
                return
            found: list[Any] = (
                [item.get(member) if type(item) is dict else None for item in items] if type(items) is list else []
            )
            if not found or not all(type(token) is str and token for token in found):
                raise context.wrong(local, "a list of codes")
            values = {known.understand(token)[0] for token in found}
            record.update(zip(fields, [value in values for value in names], strict=True))
            if found != [known.say(value) for value in names if value in values]:
                record[f"{companion}@{context.standard}"] = found

        return step

    def put(context: Context) -> Step:
        path, known = place(context, many), tokens(codes, context.dialect)

        def step(record: Any, document: dict[str, Any]) -> None:
            wanted = {value for value, name in zip(names, fields, strict=True) if record.get(name)}
            found = record.get(f"{companion}@{context.standard}") if any(name in record for name in fields) else None
            if not found or {known.understand(token)[0] for token in found} & set(names) != wanted:
                found = [known.say(value) for value in names if value in wanted]
            put_in(document, path, [{member: token} for token in found] or None)

        return step

    return Pair("flags", (local,), fields, bind, put, codes=codes, companion=companion, facts={"names": tuple(names)})


def _quoted(part: str, separator: str) -> str:
    plain = not (set(part) & {separator, '"', "\r", "\n"}) and part == part.strip()
    return part if plain else '"' + part.replace('"', '""') + '"'


def _old(document: dict[str, Any], path: Sequence[str]) -> list[Any]:
    found: Any = document
    for part in path:
        found = found.get(part) if isinstance(found, dict) else None
    return found if isinstance(found, list) else []


def _lay_bare(found: list[dict[str, Any]], name: str, exact: str, record: dict[str, Any]) -> None:
    record[name] = [item[""] for item in found if "" in item]
    if any(exact in item for item in found):
        record[name + exact] = [item.get(exact) for item in found if "" in item]


def _dressed(record: Mapping[str, Any], name: str, exact: str) -> list[dict[str, Any]]:
    values, kept = record.get(name) or [], record.get(name + exact) or []
    if len(kept) != len(values):
        kept = [None] * len(values)
    return [{"": v} if token is None else {"": v, exact: token} for v, token in zip(values, kept, strict=True)]


def _merged(use: TwoWayPairs, said: list[dict[str, Any]], olds: list[Any], by: Sequence[str]) -> list[dict[str, Any]]:
    """Merge the items to write: an old one where it is equal, updated where it is the same by *by*, else a new one."""
    left = [(old, use.writable(use.read(old))) for old in olds]
    same, near = _placed(left, _plain), _placed(left, lambda known: _plain([known.get(name) for name in by]))
    gone: set[int] = set()
    written = []
    for item in map(use.writable, said):
        alike = (at for at in same.get(_plain(item), ()) if at not in gone and agrees(item, left[at][1]))
        match = next(alike, None)
        if match is None and by:
            told = _plain([item.get(name) for name in by])
            match = next((at for at in near.get(told, ()) if at not in gone), None)
        old = None if match is None else left[match][0]
        document: dict[str, Any] = {} if old is None else deepcopy(old)
        use.write(item, document, old)
        if match is not None:
            gone.add(match)
        written.append(document)
    return written + [old for at, (old, known) in enumerate(left) if at not in gone and not known]


def _placed(left: Sequence[tuple[Any, Any]], told: Callable[[Any], Hashable]) -> dict[Hashable, list[int]]:
    """Return the indexes of old items by what is *told* of them."""
    found: dict[Hashable, list[int]] = {}
    for at, (_, known) in enumerate(left):
        found.setdefault(told(known), []).append(at)
    return found


def _plain(value: Any) -> Hashable:
    """Return a value without its exact tokens, hashable, and equal for values that agree."""
    if isinstance(value, dict):
        return frozenset((name, _plain(inner)) for name, inner in value.items() if "@" not in name)
    if isinstance(value, list):
        return tuple(map(_plain, value))
    return type(value), value
