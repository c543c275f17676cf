"""Every column of the roster's files is told by a lens or has a reason, and what is read can be written back."""

from __future__ import annotations

import string
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from standards.errors import MappingError
from standards.oneroster.csv import specification
from standards.oneroster.csv.roster_lenses import LENSES, ROSTER, lens

VERSIONS = ("1.1", "1.2")
FILES = {f"{file}.csv" for file, _ in ROSTER}
STAMPED = "bulk files say nothing here, and the ledger says when a record changed"
ASSEMBLED = "the adapter puts several files together by it"
REASONS = {
    **{(name, column): STAMPED for name in FILES for column in (specification.STATUS, "dateLastModified")},
    ("users.csv", "password"): "a password is never read",
    ("userProfiles.csv", "password"): "a password is never read",
    ("users.csv", "role"): ASSEMBLED,
    ("users.csv", "orgSourcedIds"): ASSEMBLED,
    ("userProfiles.csv", "userSourcedId"): ASSEMBLED,
    ("enrollments.csv", "schoolSourcedId"): "it is the school of the class; another one is counted",
    ("scoreScales.csv", "orgSourcedId"): "it is the school of the class, and the API has no place for another",
}
LINKS = {
    "courseResources.csv", "classResources.csv", "userResources.csv", "lineItemScoreScales.csv",
    "resultScoreScales.csv", "lineItemLearningObjectiveIds.csv", "resultLearningObjectiveIds.csv",
}  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
def test_every_file_is_told_by_a_lens_or_is_a_list_of_links(version):
    assert set(specification.files(version)) <= FILES | LINKS


@pytest.mark.parametrize("version", VERSIONS)
def test_every_column_is_told_by_a_lens_or_has_a_reason(version):
    dialect = lens(version, "orgs.csv", "organization").dialect
    for name in FILES & specification.files(version).keys():
        told = {column for one in LENSES if (one.dialect, one.local) == (dialect, name) for column in one.local_paths}
        excused = {column for file, column in REASONS if file == name}
        assert set(specification.files(version)[name].columns) - told <= excused
        assert not told & excused


ids = st.text(string.ascii_letters + string.digits + "./@_-", min_size=1, max_size=12)
words = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "S"], exclude_characters='",{}:'), min_size=1, max_size=8
)
# An end is the day after the last one, and the first day that can be written is after none.
dates = st.dates(min_value=date(1, 1, 2)).map(lambda day: day.isoformat())
KINDS = {
    "text": words,
    "guid": ids,
    "guids": st.lists(ids, min_size=1, max_size=3).map(",".join),
    "date": dates,
    "moment": st.datetimes().map(lambda moment: moment.isoformat(timespec="milliseconds") + "Z"),
    "year": st.integers(1000, 9999).map(str),
    "boolean": st.sampled_from(["true", "false"]),
    "number": st.integers(0, 99).map(str),
    "pairs": st.lists(st.tuples(words, words), min_size=1, max_size=3).map(lambda ids: ",".join(f"{{{kind}:{one}}}" for kind, one in ids)),
}  # fmt: skip


def cells(column: specification.Column):
    """Cells that a column may hold."""
    if not column.values:
        return KINDS[column.kind]
    token = st.sampled_from(sorted(column.values))
    if column.extension:
        token |= st.from_regex(r"ext:[A-Za-z0-9._-]{1,8}", fullmatch=True)
    return st.lists(token, min_size=1, max_size=3).map(",".join) if column.kind == "enums" else token


@pytest.mark.parametrize("one", LENSES, ids=str)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_row_is_written_back_as_it_was_read(one, data):
    version = "1.1" if "11" in one.dialect else "1.2"
    columns = specification.files(version)[one.local].columns
    told = {column for column in one.local_paths if column in columns}
    row = {
        name: data.draw(cells(columns[name]), label=name)
        for name in sorted(told)
        if name in one.key or data.draw(st.booleans(), label=f"{name}?")
    }
    if any("metadata" in column for column in one.local_paths):
        row["metadata.maple.note"] = data.draw(words)
    written = {column for pair in one.pairs if pair.writer for column in pair.local_paths} | {"metadata.maple.note"}
    assert one.write(one.read(row)) == {name: cell for name, cell in row.items() if name in written}


@pytest.mark.parametrize(
    ("cell", "ids"),
    [
        ("{LDAP:m1}", [{"type": "LDAP", "value": "m1"}]),
        ("{LDAP:m1}, {SIS:7:7}", [{"type": "LDAP", "value": "m1"}, {"type": "SIS", "value": "7:7"}]),
        ("{:m1},{:}", [{"value": "m1"}]),
    ],
)
def test_user_ids_are_pairs_in_braces(cell, ids):
    assert lens("1.2", "users.csv", "student").read({"sourcedId": "u", "userIds": cell})["identifiers"] == ids


@pytest.mark.parametrize(
    "record",
    [
        {"identifiers": [{"type": "a:b", "value": "c"}]},
        {"identifiers": [{"type": "a", "value": "c}"}]},
    ],
)
def test_user_ids_that_would_be_read_otherwise_are_not_written(record):
    with pytest.raises(MappingError, match="userIds"):
        lens("1.2", "users.csv", "student").write(record)


def test_a_profile_is_an_address_outside_and_an_id_in_the_file():
    roles = lens("1.2", "roles.csv", "employment")
    row = {"sourcedId": "r", "userSourcedId": "u", "userProfileSourcedId": "p1"}
    assert roles.read(row)["account"] == "urn:oneroster:userProfile:p1"
    assert roles.write(roles.read(row))["userProfileSourcedId"] == "p1"
    with pytest.raises(MappingError, match="userProfileSourcedId"):
        roles.write({"account": "https://elsewhere.example"})
