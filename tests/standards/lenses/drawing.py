"""Records that a lens could have read, drawn at random from what its pairs say about themselves."""

from __future__ import annotations

from datetime import date
from functools import cache

from hypothesis import strategies as st

from standards import codes

LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
TEXT = st.text(LETTERS, min_size=1, max_size=12)
DATES = st.dates().map(lambda day: day.isoformat())
KINDS = {
    "text": TEXT,
    "integer": st.integers(-(10**9), 10**9),
    "number": st.integers(-999, 999) | st.floats(-1e6, 1e6, allow_nan=False),
    "boolean": st.booleans(),
    "truth": st.booleans(),
    "date": DATES,
    "until": st.dates(date(1, 1, 2), date(9999, 12, 30)).map(lambda day: day.isoformat()),
    "datetime": st.datetimes().map(lambda moment: moment.isoformat(timespec="milliseconds") + "Z"),
    "time": st.times().map(lambda moment: moment.isoformat(timespec="seconds")),
    "json": st.dictionaries(TEXT, TEXT, min_size=1, max_size=2) | st.lists(TEXT, min_size=1, max_size=2),
    "integer_text": st.integers(0, 10**9).map(str),
}


@cache
def values(name, dialect):
    """Values of a code set that its tokens bring back, or that no token stands for."""
    inward, outward = codes.inward(name, dialect), codes.outward(name, dialect)

    def comes_back(value):
        token = outward(value)
        return token is not None and inward(token) == value

    table = [value for value in codes.table(name).values if comes_back(value)]
    if dialect == "edfi":
        stranger = TEXT.map(lambda text: f"uri://example.org/SomeDescriptor#{text}")
    elif codes.table(name).open == "free":
        stranger = TEXT.map(lambda text: text.replace("#", "."))
    else:
        stranger = st.from_regex(r"ext:[A-Za-z0-9._-]{1,9}", fullmatch=True)
    closed = dialect != "edfi" and (codes.table(name).open == "closed" or dialect == "oneroster11")
    return (
        st.sampled_from(table)
        if closed and table
        else (st.sampled_from(table) | stranger if table else stranger).filter(comes_back)
    )


def pair_records(pair, dialect):
    """What one pair may say, as the part of a record it fills."""
    return WORDS.get(pair.word, _nothing)(pair, dialect)


def _nothing(pair, dialect):
    return st.just({})


def _same(pair, dialect):
    return st.fixed_dictionaries({pair.fields[0]: KINDS[pair.kind]})


def _coded(pair, dialect):
    value = values(pair.codes, dialect)
    return st.fixed_dictionaries(
        {pair.fields[0]: st.lists(value, min_size=1, max_size=3) if pair.facts["many"] else value}
    )


def _joined(pair, dialect):
    item = values(pair.codes, dialect) if pair.codes else TEXT.filter(str.strip)
    item = item.map(lambda text: (text,)) if pair.kind == "ref" else item
    return st.fixed_dictionaries({pair.fields[0]: st.lists(item, min_size=1, max_size=3)})


def _split(pair, dialect):
    kinds = [KINDS["integer_text" if kind == "integer" else "text"] for kind in pair.facts["kinds"]]
    return st.fixed_dictionaries({pair.fields[0]: st.tuples(*kinds).map(lambda key: pair.facts["prefix"] + key)})


def _flags(pair, dialect):
    some = st.lists(st.booleans(), min_size=len(pair.fields), max_size=len(pair.fields)).filter(any)
    return some.map(lambda answers: dict(zip(pair.fields, answers, strict=True)))


def _opened(pair, dialect):
    return st.fixed_dictionaries({pair.fields[0]: st.dictionaries(TEXT, TEXT, min_size=1, max_size=3)})


def _each(pair, dialect):
    name = pair.fields[0]
    inner = st.tuples(*(pair_records(part, dialect) for part in pair.pairs)).map(lambda parts: _merged(parts, ()))
    if pair.facts["bare"]:
        return st.lists(inner.map(lambda item: item[""]), min_size=1, max_size=3).map(lambda items: {name: items})
    return st.lists(inner.filter(bool), min_size=1, max_size=3).map(lambda items: {name: items})


WORDS = {
    "same": _same,
    "coded": _coded,
    "joined": _joined,
    "split": _split,
    "flags": _flags,
    "opened": _opened,
    "each": _each,
}


@cache
def records(lens):
    """Records of a lens, always with what its key needs, otherwise with any of its pairs."""
    dialect = lens.context.dialect
    needed = [pair for pair in writable(lens) if set(pair.local_paths) & set(lens.key)]
    others = [pair for pair in writable(lens) if pair not in needed]
    return st.builds(
        _merged,
        st.tuples(*(pair_records(pair, dialect) for pair in needed)),
        st.tuples(*(st.just({}) | pair_records(pair, dialect) for pair in others)),
    )


def writable(lens):
    """The pairs that write, each local member by the first that claims it."""
    taken, found = set(), []
    for pair in lens.pairs:
        if pair.writer and pair.reader and not taken & set(pair.local_paths):
            taken |= set(pair.local_paths)
            found.append(pair)
    return found


def _merged(*groups):
    return {name: value for parts in groups for part in parts for name, value in part.items()}
