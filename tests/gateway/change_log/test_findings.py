"""What differs between two snapshots is found, whichever column of whichever table differs, and nothing else."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from adapters.simulators.edfi import Ods
from adapters.simulators.edfi import run as run_ods
from gateway.cache.snapshot import Snapshot
from gateway.cache.snapshot_differences import UNIQUE, Differences
from gateway.change_log.findings import ChangeFindings
from gateway.demo.data.edfi.server import ods_documents
from gateway.engine.visibility import Visibility
from tests.support.regions import Site, agreement, running, small_district

SECRET = "a secret of the test"
TRIALS = 12


@pytest.fixture(scope="module")
def district():
    return small_district(students=40)


@pytest.fixture(scope="module", params=["all", "some"])
def log(request, district, tmp_path_factory):
    """The change log of a client that is shown a district's ODS whole, or of some schools' students a part."""
    folder = tmp_path_factory.mktemp("ods")
    (folder / "secret").write_text(SECRET)
    schools = ", ".join(f'"{one.id}"' for one in district.schools[::2])
    people = f"\n  all:\n    - {{school: {{in: [{schools}]}}}}" if request.param == "some" else ""
    lines = [("*", "allow")] if request.param == "all" else [("*", "allow"), ("student.birthDate", "year")]
    with run_ods(Ods(ods_documents(district), secret=SECRET)) as ods:
        settings = {"url": ods.url, "client_id": "crossing", "client_secret": f"file:{folder / 'secret'}"}
        site = Site("edfi_ods", settings)
        site_toml = site.toml
        site.toml = lambda name: site_toml(name) + "allow_private = true\n"
        terms = agreement("fir", lines, population=people)
        with running(folder, {"fir": site}, [terms]) as region:
            (grant,) = region.gateway.grants.every("fir")
            visibility = region.gateway.views.held(grant)
            log = visibility.history.log
            log.follow(visibility)
            yield log


def test_whatever_column_differs_is_found_where_it_is_shown_and_nowhere_else(log):
    old, seen = log.visibility, log.render_state(log.visibility)
    before = {entity: digests(seen, one, old) for entity, one in log.projections.items()}
    random_numbers, found_some = random.Random(11), 0
    for trial in range(TRIALS):
        snapshot = changed(old.snapshot, random_numbers, trial + 1)
        visibility = Visibility(snapshot, old.grant, old.keyring, old.today)
        now = log.render_state(visibility)
        findings = ChangeFindings(seen, now, Differences(old.snapshot, snapshot), log.projections)
        for entity, projection in log.projections.items():
            after = digests(now, projection, visibility)
            right = {row for row, digest in after.items() if before[entity].get(row) != digest}
            assert findings.of(entity).changed == right, f"trial {trial}: {entity}"
            found_some += len(right)
    assert found_some > TRIALS


def test_whether_one_row_is_shown_is_found_out_alike_alone_and_among_all(log):
    answers = set()
    for projection in log.projections.values():
        for place in projection.branches:
            shown = log.render_state(
                Visibility(log.visibility.snapshot, log.visibility.grant, log.visibility.keyring, log.visibility.today)
            )
            one = shown.shown(projection, place)
            size = one.visibility.snapshot.table(projection.entity).size
            alone = [one.shows(row) for row in range(size)]
            assert alone == [row in one.members for row in range(size)], place
            answers |= set(alone)
    assert True in answers


def digests(sight, projection, visibility):
    """The hash of what is shown of each visible row."""
    return sight.digests(projection, list(visibility.rows(projection.entity)))


def changed(snapshot, random_numbers, number):
    """A snapshot in which one value of one column of each table is that of another row."""
    tables = {}
    for entity, table in snapshot.tables.items():
        names = [*table.columns, *table.refs, *([UNIQUE] * 9 if table.unique else ())]
        row, other = (random_numbers.randrange(table.size) for _ in "ab") if table.size else (0, 0)
        tables[entity] = altered(table, random_numbers.choice(names), row, other) if row != other and names else table
    return Snapshot(snapshot.district, snapshot.number + number, snapshot.loaded, tables, snapshot.dropped)


def altered(table, name, row, other):
    """The table with the value of an *other* row in one *row* of one column."""
    kind = "columns" if name in table.columns else "refs"
    column = (table.unique if name == UNIQUE else getattr(table, kind)[name])[:]
    column[row] = column[other]
    return replace(table, **({"unique": column} if name == UNIQUE else {kind: getattr(table, kind) | {name: column}}))
