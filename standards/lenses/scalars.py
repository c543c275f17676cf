"""Pairs for single members, one function each."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from standards.codes import keep
from standards.lenses.exact_codes import tokens
from standards.lenses.pairs import Pair, place, put_in
from standards.lenses.types import WRONG, as_text, reading, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from standards.lenses.pairs import ColumnLayout, Context, MemberLayout, Step

EXPECTED = "what it should be"
KINDS_WITH_FEW_VALUES = frozenset(
    {"date", "until", "truth", "boolean", "integer"}
)  # kinds of which a file repeats the same few cells


def same(local: str, name: str, kind: str = "text") -> Pair:
    """Map a value that both sides write alike; *kind* is one of `standards.lenses.types`."""

    def bind(context: Context, places: MemberLayout | ColumnLayout) -> Step:
        take = places.at(local)
        if context.textual and kind == "text":
            return _copying(take, name)
        read = reading(kind, context.textual)
        if context.textual and kind in KINDS_WITH_FEW_VALUES:
            read = _remembering(read)
        return _checking(context, local, name, take, read, kind)

    def put(context: Context) -> Step:
        return _putting(context, local, name, writing(kind, context.textual), kind)

    return Pair("same", (local,), (name,), bind, put, kind=kind)


def converted(local: str, name: str, inward: Callable[[Any], Any], outward: Callable[[Any], Any]) -> Pair:
    """Map a value that two functions convert; either may answer `WRONG`."""

    def bind(context: Context, places: MemberLayout | ColumnLayout) -> Step:
        return _finding(context, local, name, places.at(local), inward)

    def put(context: Context) -> Step:
        return _putting(context, local, name, outward, EXPECTED)

    return Pair("converted", (local,), (name,), bind, put)


def coded(local: str, name: str, codes: str, many: bool = False) -> Pair:
    """Map one token, or a list, of the code set *codes*; the exact token is kept where it would not come back."""

    def bind(context: Context, places: MemberLayout | ColumnLayout) -> Step:
        take = places.at(local)
        return (_reading_tokens if many else _reading_token)(context, local, name, take, codes)

    def put(context: Context) -> Step:
        path, exact, known = place(context, local), f"{name}@{context.standard}", tokens(codes, context.dialect)
        if many:
            return lambda record, document: put_in(
                document, path, known.exact_list(record.get(name), record.get(exact))
            )

        def step(record: Any, document: dict[str, Any]) -> None:
            value = record.get(name)
            put_in(document, path, None if value is None else known.exact(value, record.get(exact)))

        return step

    return Pair("coded", (local,), (name,), bind, put, kind="code", codes=codes, facts={"many": many})


def split(
    locals: Sequence[str],  # noqa: A002  the word of the design
    name: str,
    kinds: Sequence[str] = (),
    prefix: tuple[str, ...] = (),
) -> Pair:
    """Map several members that together are the key of another record, after the constant parts in *prefix*.

    *kinds* says ``text`` or ``integer`` for each member; without it all are text.
    """
    members = tuple(locals)
    shapes = tuple(kinds) or ("text",) * len(members)

    def bind(context: Context, places: MemberLayout | ColumnLayout) -> Step:
        takes = tuple(places.at(member) for member in members)
        if len(takes) == 1 and not prefix:
            return _reading_single_key(context, members[0], name, takes[0])
        return _reading_key(context, members, name, takes, prefix)

    def put(context: Context) -> Step:
        paths = tuple(place(context, member) for member in members)
        writes = tuple(writing("integer_text" if shape == "integer" else shape, context.textual) for shape in shapes)

        def step(record: Any, document: dict[str, Any]) -> None:
            key = record.get(name)
            theirs = key is not None and tuple(key[: len(prefix)]) == prefix
            parts = key[len(prefix) :] if theirs else (None,) * len(members)
            for member, path, write, part in zip(members, paths, writes, parts, strict=True):
                value = None if part is None else write(part)
                if value is WRONG:
                    raise context.wrong(member, "a whole number")
                put_in(document, path, value)

        return step

    return Pair("split", members, (name,), bind, put, kind="ref", facts={"kinds": shapes, "prefix": prefix})


def opened(prefix: str, name: str) -> Pair:
    """Map all members whose name begins with *prefix*, as one open dictionary."""

    def bind(context: Context, places: MemberLayout | ColumnLayout) -> Step:  # noqa: ARG001  every pair is bound alike
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
    """Write a member that is always the same and reads as nothing."""

    def put(context: Context) -> Step:
        path = place(context, local)
        return lambda _record, document: put_in(document, path, deepcopy(value))

    return Pair("const", (local,), (), None, put, facts={"value": value})


def read_only(local: str | Sequence[str], name: str, convert: Callable[[Mapping[str, Any]], Any]) -> Pair:
    """Map a value that *convert* finds in the local record and that is never written; None is absent, `WRONG` an error.

    *local* names the members that are thereby read, so that they are no remainder.
    """
    members = (local,) if isinstance(local, str) else tuple(local)

    def bind(context: Context, places: MemberLayout | ColumnLayout) -> Step:
        return _finding(context, ",".join(members) or name, name, places.whole(), convert)

    return Pair("read_only", members, (name,), bind, None)


def _copying(take: Callable[[Any], Any], name: str) -> Step:
    def step(row: Any, record: dict[str, Any]) -> None:
        if value := take(row):
            record[name] = value

    return step


def _checking(
    context: Context, local: str, name: str, take: Callable[[Any], Any], read: Callable[[Any], Any], kind: str
) -> Step:
    def step(row: Any, record: dict[str, Any]) -> None:
        value = take(row)
        if value is None or value == "":
            return
        value = read(value)
        if value is WRONG:
            raise context.wrong(local, kind)
        record[name] = value

    return step


def _remembering(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    seen: dict[Any, Any] = {}

    def remember(cell: Any) -> Any:
        value = seen.get(cell)
        if value is None:
            value = read(cell)
            keep(seen, cell, value)
        return value

    return remember


def _finding(context: Context, local: str, name: str, take: Callable[[Any], Any], find: Callable[[Any], Any]) -> Step:
    """Make the step for a function of ours, which may also find nothing."""

    def step(row: Any, record: dict[str, Any]) -> None:
        value = take(row)
        if value is None or value == "":
            return
        value = find(value)
        if value is WRONG:
            raise context.wrong(local, EXPECTED)
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


def _reading_token(context: Context, local: str, name: str, take: Callable[[Any], Any], codes: str) -> Step:
    understand, exact = tokens(codes, context.dialect).understand, f"{name}@{context.standard}"

    def step(row: Any, record: dict[str, Any]) -> None:
        token = take(row)
        if token is None or token == "":
            return
        if type(token) is not str:
            raise context.wrong(local, "a code")
        record[name], kept = understand(token)
        if kept:
            record[exact] = token

    return step


def _reading_tokens(context: Context, local: str, name: str, take: Callable[[Any], Any], codes: str) -> Step:
    known = tokens(codes, context.dialect)

    def step(row: Any, record: dict[str, Any]) -> None:
        items = take(row)
        if items is None:
            return
        if type(items) is not list or not all(type(token) is str for token in items):
            raise context.wrong(local, "a list of codes")
        known.lay(items, name, context, record)

    return step


def _reading_single_key(context: Context, local: str, name: str, take: Callable[[Any], Any]) -> Step:
    def step(row: Any, record: dict[str, Any]) -> None:
        value = take(row)
        if value is None or value == "":
            return
        if type(value) is not str:
            value = as_text(value)
            if value is None:
                raise context.wrong(local, "a text")
        record[name] = (value,)

    return step


def _reading_key(
    context: Context,
    members: tuple[str, ...],
    name: str,
    takes: tuple[Callable[[Any], Any], ...],
    prefix: tuple[str, ...],
) -> Step:
    def step(row: Any, record: dict[str, Any]) -> None:
        parts = tuple([as_text(take(row)) for take in takes])
        if None not in parts:
            record[name] = prefix + parts
        elif any(parts):
            raise context.wrong(members[parts.index(None)], "there, and the reference needs it")

    return step
