"""The words of a lens: each makes one pair."""

from __future__ import annotations

import csv
import io
from copy import deepcopy
from functools import cache
from typing import TYPE_CHECKING, Any

from standards import codes as sets
from standards.kinds import WRONG, as_text, reading, writing
from standards.pairs import Pair, agrees, both, place, put_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from standards.pairs import Both, Columns, Context, Members, Step


def same(local: str, name: str, kind: str = "text") -> Pair:
    """A value that both call by its own kind; *kind* is one of `standards.kinds`."""

    def bind(context: Context, places: Members | Columns) -> Step:
        take = places.at(local)
        if context.textual and kind == "text":

            def step(row: Any, record: dict[str, Any]) -> None:
                if value := take(row):
                    record[name] = value

            return step
        return _checked(context, local, name, take, reading(kind, context.textual), kind)

    def put(context: Context) -> Step:
        return _putting(context, local, name, writing(kind, context.textual), kind)

    return Pair("same", (local,), (name,), bind, put, kind=kind)


def converted(local: str, name: str, inward: Callable[[Any], Any], outward: Callable[[Any], Any]) -> Pair:
    """A value that two functions turn into each other; either may answer `WRONG`."""

    def bind(context: Context, places: Members | Columns) -> Step:
        return _checked(context, local, name, places.at(local), inward, "what it should be")

    def put(context: Context) -> Step:
        return _putting(context, local, name, outward, "what it should be")

    return Pair("converted", (local,), (name,), bind, put)


def coded(local: str, name: str, codes: str, many: bool = False) -> Pair:
    """A token, or a list of tokens, of the code set *codes*; the exact token is kept where it would not come back."""

    def bind(context: Context, places: Members | Columns) -> Step:
        take, understand = places.at(local), _understanding(codes, context.dialect)
        exact = f"{name}@{context.standard}"

        def one(row: Any, record: dict[str, Any]) -> None:
            token = take(row)
            if token is None or token == "":
                return
            if type(token) is not str:
                raise context.wrong(local, "a code")
            record[name], kept = understand(token)
            if kept:
                record[exact] = token

        def list_of(row: Any, record: dict[str, Any]) -> None:
            tokens = take(row)
            if tokens is not None:
                _understand_all(context, local, tokens, understand, name, record)

        return list_of if many else one

    def put(context: Context) -> Step:
        path, exact = place(context, local), f"{name}@{context.standard}"
        understand, say = _understanding(codes, context.dialect), sets.outward(codes, context.dialect)

        def one(record: Any, document: dict[str, Any]) -> None:
            value, token = record.get(name), record.get(exact)
            if value is not None and (token is None or understand(token)[0] != value):
                token = say(value)
            put_in(document, path, token if value is not None else None)

        def list_of(record: Any, document: dict[str, Any]) -> None:
            put_in(document, path, _say_all(record.get(name), record.get(exact), understand, say))

        return list_of if many else one

    return Pair("coded", (local,), (name,), bind, put, kind="code", codes=codes, facts={"many": many})


def joined(local: str, name: str, separator: str = ",", codes: str = "", kind: str = "text") -> Pair:
    """One text that holds a list; *kind* ``ref`` makes each part the key of another record."""

    def bind(context: Context, places: Members | Columns) -> Step:
        take = places.at(local)
        understand = _understanding(codes, context.dialect) if codes else None

        def step(row: Any, record: dict[str, Any]) -> None:
            text = take(row)
            if not text:
                return
            if type(text) is not str:
                raise context.wrong(local, "a text")
            parts = _parts(text, separator)
            if understand:
                _understand_all(context, local, parts, understand, name, record)
            elif parts:
                record[name] = [(part,) for part in parts] if kind == "ref" else parts

        return step

    def put(context: Context) -> Step:
        path, exact = place(context, local), f"{name}@{context.standard}"

        def step(record: Any, document: dict[str, Any]) -> None:
            parts = record.get(name)
            if codes:
                understand, say = _understanding(codes, context.dialect), sets.outward(codes, context.dialect)
                parts = _say_all(parts, record.get(exact), understand, say)
            elif kind == "ref":
                parts = [part for (part,) in parts or ()]
            put_in(document, path, separator.join(_quoted(part, separator) for part in parts) if parts else None)

        return step

    return Pair("joined", (local,), (name,), bind, put, kind=kind, codes=codes, facts={"many": True})


def split(locals: Sequence[str], name: str, kinds: Sequence[str] = (), prefix: tuple[str, ...] = ()) -> Pair:  # noqa: A002  the word of the design
    """Several members that together are the key of another record, after the constant parts in *prefix*.

    *kinds* says ``text`` or ``integer`` for each member; without it all are text.
    """
    members, cut = tuple(locals), len(prefix)

    def bind(context: Context, places: Members | Columns) -> Step:
        takes = tuple(places.at(member) for member in members)

        def step(row: Any, record: dict[str, Any]) -> None:
            parts = tuple([as_text(take(row)) for take in takes])
            if None not in parts:
                record[name] = prefix + parts
            elif any(parts):
                raise context.wrong(members[parts.index(None)], "there, and the reference needs it")

        return step

    def put(context: Context) -> Step:
        paths = tuple(place(context, member) for member in members)
        writes = tuple(
            writing("integer_text" if k == "integer" else k, context.textual) for k in kinds or ("text",) * len(members)
        )

        def step(record: Any, document: dict[str, Any]) -> None:
            key = record.get(name)
            if key is None or (cut and key[:cut] != prefix):
                for path in paths:
                    put_in(document, path, None)
                return
            for member, path, write, part in zip(members, paths, writes, key[cut:], strict=True):
                value = write(part)
                if value is WRONG:
                    raise context.wrong(member, "a whole number")
                put_in(document, path, value)

        return step

    return Pair("split", members, (name,), bind, put, kind="ref", facts={"kinds": tuple(kinds), "prefix": prefix})


def each(local: str, name: str, pairs: Sequence[Pair], by: Sequence[str] = ()) -> Pair:
    """A list of objects and a group; *by* names the sub-fields that tell one item from another.

    A pair with the empty name makes the vocabulary's items bare values, one with the empty path the local ones.
    """
    inner = tuple(pairs)
    wrapped = any(path == "" for pair in inner for path in pair.consumes)
    bare = any(fill == "" for pair in inner for fill in pair.fills)

    def bind(context: Context, places: Members | Columns) -> Step:
        take, use = places.at(local), both(inner, context)

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
        path, use = place(context, local), both(inner, context)

        def step(record: Any, document: dict[str, Any]) -> None:
            said = _dressed(record, name, f"@{context.standard}") if bare else record.get(name) or []
            old: Any = document
            for part in path:
                old = old.get(part) if isinstance(old, dict) else None
            olds = [{"": item} if wrapped else item for item in old] if isinstance(old, list) else []
            written = _merged(use, said, olds, tuple(by))
            put_in(document, path, [item.get("") if wrapped else item for item in written] or None)

        return step

    consumes = tuple(f"{local}.{inside}" if inside else local for pair in inner for inside in pair.consumes)
    fills = (name,) if bare else (name, *(f"{name}.{inside}" for pair in inner for inside in pair.fills))
    return Pair(
        "each", consumes, fills, bind, put, pairs=inner, facts={"bare": bare, "wrapped": wrapped, "local": local}
    )


def flags(local: str, prefix: str, codes: str, names: Sequence[str]) -> Pair:
    """A list of objects with one code each, and a yes or no for each of the values *names*.

    *local* is the list and its member, as ``races.raceDescriptor``. A list that is there says no to what it leaves
    out. The exact tokens are kept beside the fields where the answers alone would not bring them back.
    """
    many, _, member = local.rpartition(".")
    fields, companion = tuple(f"{prefix}{value}" for value in names), prefix.rstrip(".")

    def bind(context: Context, places: Members | Columns) -> Step:
        take, understand = places.at(many), _understanding(codes, context.dialect)
        say = sets.outward(codes, context.dialect)

        def step(row: Any, record: dict[str, Any]) -> None:
            items = take(row)
            if not items:
                return
            tokens = [item.get(member) for item in items if isinstance(item, dict)] if isinstance(items, list) else []
            if not tokens or not all(type(token) is str and token for token in tokens):
                raise context.wrong(local, "a list of codes")
            values = {understand(token)[0] for token in tokens}
            record.update(zip(fields, [value in values for value in names], strict=True))
            if tokens != [say(value) for value in names if value in values]:
                record[f"{companion}@{context.standard}"] = tokens

        return step

    def put(context: Context) -> Step:
        path, understand = place(context, many), _understanding(codes, context.dialect)
        say = sets.outward(codes, context.dialect)

        def step(record: Any, document: dict[str, Any]) -> None:
            wanted = [value for value, name in zip(names, fields, strict=True) if record.get(name)]
            tokens = record.get(f"{companion}@{context.standard}")
            stated = any(name in record for name in fields)
            if not stated or not tokens or {understand(t)[0] for t in tokens} & set(names) != set(wanted):
                tokens = [say(value) for value in wanted]
            put_in(document, path, [{member: token} for token in tokens] if stated and tokens else None)

        return step

    return Pair("flags", (local,), fields, bind, put, codes=codes, companion=companion, facts={"names": tuple(names)})


def opened(prefix: str, name: str) -> Pair:
    """All members whose name begins with *prefix*, as one open dictionary."""

    def bind(context: Context, places: Members | Columns) -> Step:  # noqa: ARG001  every pair is bound alike
        take = places.starting(prefix)

        def step(row: Any, record: dict[str, Any]) -> None:
            if found := {key: value for key, value in take(row) if value is not None and value != ""}:
                record[name] = found

        return step

    def put(context: Context) -> Step:  # noqa: ARG001  every pair is bound alike
        def step(record: Any, document: dict[str, Any]) -> None:
            for key in [key for key in document if key.startswith(prefix)]:
                del document[key]
            document.update({f"{prefix}{key}": value for key, value in (record.get(name) or {}).items()})

        return step

    return Pair("opened", (f"{prefix}*",), (name,), bind, put, kind="open")


def const(local: str, value: Any) -> Pair:
    """A member that always says the same and tells nothing."""

    def put(context: Context) -> Step:
        path = place(context, local)
        return lambda _record, document: put_in(document, path, deepcopy(value))

    return Pair("const", (local,), (), None, put, facts={"value": value})


def read_only(
    local: str | Sequence[str], name: str, convert: Callable[[Mapping[str, Any]], Any], consumes: bool = True
) -> Pair:
    """A value that *convert* finds in the local record and that cannot go back; None is absent, `WRONG` an error."""
    members = (local,) if isinstance(local, str) else tuple(local)

    def bind(context: Context, places: Members | Columns) -> Step:
        return _checked(context, members[0], name, places.whole(), convert, "what it should be")

    return Pair("read_only", members if consumes else (), (name,), bind, None)


def _checked(
    context: Context, local: str, name: str, take: Callable[[Any], Any], read: Callable[[Any], Any], kind: str
) -> Step:
    def step(row: Any, record: dict[str, Any]) -> None:
        value = take(row)
        if value is None or value == "":
            return
        value = read(value)
        if value is WRONG:
            raise context.wrong(local, kind)
        if value is not None and value not in ("", []):
            record[name] = value

    return step


def _putting(context: Context, local: str, name: str, write: Callable[[Any], Any], kind: str) -> Step:
    path = place(context, local)

    def step(record: Any, document: dict[str, Any]) -> None:
        value = record.get(name)
        value = None if value is None else write(value)
        if value is WRONG:
            raise context.wrong(local, kind)
        put_in(document, path, value)

    return step


@cache
def _understanding(codes: str, dialect: str) -> Callable[[str], tuple[str, bool]]:
    """A token's value, and whether the token must be kept because the value would not bring it back."""
    understand, say = sets.inward(codes, dialect), sets.outward(codes, dialect)
    seen: dict[str, tuple[str, bool]] = {}

    def answer(token: str) -> tuple[str, bool]:
        found = seen.get(token)
        if found is None:
            value = understand(token)
            found = (value, say(value) != token)
            sets.keep(seen, token, found)
        return found

    return answer


def _understand_all(
    context: Context,
    local: str,
    tokens: Any,
    understand: Callable[[str], tuple[str, bool]],
    name: str,
    record: dict[str, Any],
) -> None:
    if type(tokens) is not list or not all(type(token) is str for token in tokens):
        raise context.wrong(local, "a list of codes")
    tokens = [token for token in tokens if token]
    answers = [understand(token) for token in tokens]
    if answers:
        record[name] = [value for value, _ in answers]
    if any(kept for _, kept in answers):
        record[f"{name}@{context.standard}"] = tokens


def _say_all(
    values: list[str] | None,
    tokens: list[str] | None,
    understand: Callable[[str], tuple[str, bool]],
    say: Callable[[str], str | None],
) -> list[str] | None:
    if values and tokens and [understand(token)[0] for token in tokens] == values:
        return tokens
    return [token for value in values if (token := say(value))] or None if values else None


def _parts(text: str, separator: str) -> list[str]:
    if '"' not in text:
        return [part for raw in text.split(separator) if (part := raw.strip())]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    return [part for row in rows for part in row if part]


def _quoted(part: str, separator: str) -> str:
    plain = not (set(part) & {separator, '"', "\r", "\n"}) and part == part.strip()
    return part if plain else '"' + part.replace('"', '""') + '"'


def _lay_bare(found: list[dict[str, Any]], name: str, exact: str, record: dict[str, Any]) -> None:
    record[name] = [item[""] for item in found if "" in item]
    if any(exact in item for item in found):
        record[name + exact] = [item.get(exact) for item in found if "" in item]


def _dressed(record: Mapping[str, Any], name: str, exact: str) -> list[dict[str, Any]]:
    values = record.get(name) or []
    tokens = record.get(name + exact) or []
    if len(tokens) != len(values):
        tokens = [None] * len(values)
    return [{"": v} if t is None else {"": v, exact: t} for v, t in zip(values, tokens, strict=True)]


def _merged(use: Both, said: list[dict[str, Any]], olds: list[Any], by: tuple[str, ...]) -> list[dict[str, Any]]:
    """The items to write: an old one where it says the same, mended where it is the same by *by*, else a new one."""
    left = [(old, use.read(old)) for old in olds]
    written = []
    for item in said:
        match = next((pair for pair in left if agrees(item, pair[1])), None)
        if match is None and by:
            match = next((pair for pair in left if all(item.get(n) == pair[1].get(n) for n in by)), None)
        document: dict[str, Any] = deepcopy(match[0]) if match else {}
        use.write(item, document, match[0] if match else None)
        if match:
            left.remove(match)
        written.append(document)
    return written + [old for old, known in left if not known]
