"""What a load cannot use is set aside under a limit, counted and told, or the load is refused: never a silent loss."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from adapters.contract import Aside, Hint
from gateway.cache.completeness import Completeness, SetAsideRows, told_lines
from gateway.cache.needed_fields import wanted_by
from gateway.config.load_limits import MAX_ROWS, Shares
from gateway.districts.district import District
from gateway.districts.status import StatusCollector
from standards.errors import Incomplete
from standards.keys import Keyring
from tests.gateway.engine.school import grant, students
from tests.gateway.engine.source import FollowedAdapter, RecordsAdapter

KEYRING = Keyring(b"a key for tests, of thirty-two b")
HELD = ("organization", "session", "course", "offering", "section", "student", "staff", "contact", "profile",
        "enrollment", "placement", "teaching")  # fmt: skip


def pupils(count):
    """A school with so many students."""
    return students(*(f"S{number:03}" for number in range(count)))


def classes(count, school="101", session=("t",)):
    term = ("session", {"key": ("t",), "id": "t", "name": "Fall", "kind": "term"})
    return [term] + [
        ("section", {"key": (f"c{n}",), "id": f"c{n}", "title": "Art", "school": (school,), "terms": [session]})
        for n in range(count)
    ]


def placements(count, section="c0"):
    return [
        ("placement", {"key": (f"p{n}",), "id": f"p{n}", "student": (f"S{n:03}",), "section": (section,)})
        for n in range(count)
    ]


class Town:
    """A district of which the tests move the time."""

    def __init__(self, records, adapter=RecordsAdapter, **shares) -> None:
        self.time = 0.0
        self.source = adapter(records) if adapter is FollowedAdapter else adapter(records, entities=HELD)
        self.district = District(
            "maple", self.source, KEYRING, self.now, seconds=100.0, wanted=wanted_by([grant()]), monotonic=self.now,
            shares=Shares(**shares),
        )  # fmt: skip

    def now(self) -> float:
        return self.time

    def load(self, records):
        """Let the source have other records, and read them at once."""
        self.source.load(records)
        self.time += 1
        self.district.refresh_now()

    def refusal(self) -> Incomplete:
        with pytest.raises(Incomplete) as caught:
            self.district.cached_snapshot()
        return caught.value

    def told(self) -> list[str]:
        return self.district.status().lines()


def lacks(error):
    return {one.entity: (one.gone, one.held) for one in error.lacks}


@pytest.mark.parametrize(
    ("read", "most"), [(1, 1), (199, 1), (400, 2), (12_000, 60), (20_000, 100), (1_000_000, MAX_ROWS)]
)
def test_a_half_percent_may_be_set_aside_and_at_least_one_and_at_most_a_hundred(read, most):
    assert Shares().most_rows("placement", read) == most


@pytest.mark.parametrize("entity", ["organization", "session"])
def test_no_organization_and_no_session_is_ever_set_aside(entity):
    assert Shares({entity: 1.0}).most_rows(entity, 1000) == 0
    town = Town([*pupils(3), *classes(2)])
    town.source.aside = (Aside(entity, "orgs.csv:3:5", "is not one of the listed values", ("x",), "type"),)
    assert lacks(town.refusal()).keys() == {entity}


def test_a_district_says_what_may_be_set_aside():
    shares = Shares({"placement": 0.0, "default": 0.1}, {"section.terms": 1.0, "default": 0.0})
    assert (shares.most_rows("placement", 1000), shares.most_rows("teaching", 1000)) == (0, 100)
    assert (shares.most_references("section.terms", 10), shares.most_references("section.offering", 10)) == (10, 0)


def test_classes_whose_school_leads_nowhere_by_a_typo_are_refused_and_never_an_empty_list():
    error = Town([*pupils(108), *classes(20, school="l01"), *placements(108)]).refusal()
    assert lacks(error) == {"section": (20, 20), "placement": (108, 108)}
    assert any("none is left" in one.used for one in error.lacks)


def test_a_row_without_its_owner_is_hidden_counted_and_told():
    town = Town([*pupils(3), *classes(2), *placements(300)[:3], *placements(5)[4:]])
    held = town.district.cached_snapshot()
    assert held.completeness is not None
    assert [(one.entity, one.read, one.aside) for one in held.completeness.rows if one.aside] == [("placement", 4, 1)]
    assert "set aside: 1 of 4 rows of placement: student leads nowhere (1)" in town.told()


def test_what_belongs_to_a_row_without_owner_counts_too():
    town = Town([*pupils(3), *classes(3), *classes(5, school="none")[5:], *placements(2), *placements(3, "c4")[2:]])
    town.district.cached_snapshot()
    told = [line for line in town.told() if line.startswith("set aside")]
    assert told == [
        "set aside: 1 of 3 rows of placement: section belongs to a row that is set aside (1)",
        "set aside: 1 of 4 rows of section: school leads nowhere (1)",
    ]


def test_a_row_that_names_no_person_counts_like_one_whose_person_is_not_there():
    records = [*pupils(30), *classes(2), *placements(30)]
    town = Town(
        [(name, {k: v for k, v in one.items() if (name, k) != ("placement", "student")}) for name, one in records]
    )
    assert lacks(town.refusal()) == {"placement": (30, 30)}


def test_any_other_reference_to_nothing_vanishes_and_is_told_by_field():
    town = Town([*pupils(3), *classes(40), *classes(42, session=("x",))[41:]])
    section = town.district.cached_snapshot().table("section")
    assert section.size == 42
    assert "references that lead nowhere: 2 of 42 of section.terms" in town.told()


def test_more_references_to_nothing_than_may_be_are_refused_and_a_district_may_let_them():
    records = [*pupils(3), *classes(10), *classes(13, session=("x",))[11:]]
    assert lacks(Town(records).refusal()) == {"section.terms": (3, 13)}
    Town(records, references={"section.terms": 0.5}).district.cached_snapshot()


def test_the_rows_that_an_adapter_sets_aside_count_under_the_same_limit():
    town = Town([*pupils(399), *classes(1), *placements(399), *placements(400)[399:]])
    row = Aside("placement", "enrollments.csv:5:9", "is not a date (YYYY-MM-DD)", ("x",), "beginDate")
    town.source.aside = (row,)
    town.district.cached_snapshot()
    town.source.aside = (row, row)
    town.source.load(town.source.records)
    with pytest.raises(Incomplete) as caught:
        town.district.refresh_now()
    assert lacks(caught.value) == {"placement": (3, 402)}
    assert caught.value.places == (("enrollments.csv:5:9", "beginDate is not a date (YYYY-MM-DD)"),) * 2


def test_the_only_row_of_an_entity_may_not_be_set_aside():
    town = Town([*pupils(3), *classes(1)])
    town.source.aside = (Aside("contact", "users.csv:9:4", "is neither true nor false", ("x",)),)
    assert lacks(town.refusal()) == {"contact": (1, 1)}


def test_a_row_that_is_set_aside_keeps_the_form_that_it_had_with_all_that_was_made_of_it():
    records = [*pupils(300), *classes(2), *placements(300)]
    town = Town(records)
    before = town.district.cached_snapshot()
    made = frozenset({"enrollment"})
    town.source.aside = (Aside("user", "users.csv:7:4", "is neither true nor false", ("S004",), made=made),)
    town.load(
        [
            (name, {**one, "name.given": "New"} if name == "student" else one)
            for name, one in records
            if not (name == "student" and one["key"] == ("S004",))
            and not (name == "enrollment" and "S004" in one["key"])
        ]
    )
    after = town.district.cached_snapshot()
    row = after.table("student").rows["S004",]
    assert after.table("student").columns["name.given"][row] == "S004"
    assert after.table("student").columns["name.given"].count("New") == 299
    for entity in ("student", "enrollment", "placement"):
        assert set(after.table(entity).ids) == set(before.table(entity).ids)
    assert -2 not in after.table("placement").refs["student"]
    assert "set aside: 1 of 300 rows of user: is neither true nor false (1)" in town.told()


def test_a_part_that_is_set_aside_leaves_the_whole_record_as_it_was():
    records = [*pupils(300)]
    town = Town(records)
    town.district.cached_snapshot()
    town.source.aside = (Aside("user", "demographics.csv:7:4", "is not a date (YYYY-MM-DD)", ("S004",), part=True),)
    town.load([(name, {**one, "name.given": "New"} if name == "student" else one) for name, one in records])
    student = town.district.cached_snapshot().table("student")
    assert student.columns["name.given"][student.rows["S004",]] == "S004"


def test_a_row_whose_owner_went_wrong_keeps_the_owner_that_it_had():
    records = [*pupils(300), *classes(2), *placements(300)]
    town = Town(records)
    town.district.cached_snapshot()
    town.load([(n, {**one, "section": ("c9",)} if one.get("id") == "p7" else one) for n, one in records])
    held = town.district.cached_snapshot()
    row = held.table("placement").row_of("p7")
    assert held.table("section").key(held.table("placement").refs["section"][row]) == ("c0",)
    assert "set aside: 1 of 300 rows of placement: section leads nowhere (1)" in town.told()


def test_while_nobody_can_tell_whose_a_row_is_nobody_of_its_kind_goes():
    records = [*pupils(300)]
    town = Town(records)
    town.district.cached_snapshot()
    town.source.aside = (Aside("student", "users.csv:9:1", "is not a sourcedId"),)
    with pytest.raises(Incomplete, match="cannot be told"):
        town.load([one for one in records if one[1]["key"][-1] != "S007"])


def test_a_row_that_never_said_whose_it_is_holds_nobody_back():
    records = [*pupils(300)]
    town = Town(records, rows={"student": 0.01})
    town.source.aside = (Aside("student", "users.csv:9:1", "is not a sourcedId"),)
    town.district.cached_snapshot()
    town.load([one for one in records if one[1]["key"][-1] != "S007"])
    assert "S007" not in town.district.cached_snapshot().table("student").columns["name.given"]
    town.source.aside *= 2
    with pytest.raises(Incomplete, match="cannot be told"):
        town.load([one for one in records if one[1]["key"][-1] not in {"S007", "S008"}])


def test_what_has_changed_is_judged_as_what_is_read_whole():
    records = [*pupils(40), *classes(2), *placements(40)]
    records = [(name, {**one, "id": one.get("id", "-".join(one["key"]))}) for name, one in records]
    town = Town(records, FollowedAdapter)
    town.district.cached_snapshot()
    town.source.put("placement", {"key": ("p3",), "id": "p3", "student": ("S003",), "section": ("c9",)})
    town.time += 60
    town.district.refresh_now()
    assert "set aside: 1 of 40 rows of placement: section leads nowhere (1)" in town.told()
    town.source.put("placement", {"key": ("p4",), "id": "p4", "student": ("S004",), "section": ("c9",)})
    town.time += 60
    with pytest.raises(Incomplete):
        town.district.refresh_now()


def test_what_is_read_for_one_request_is_judged_by_itself():
    entities = frozenset({"result", "student", "organization"})
    results = [("result", {"key": (f"r{n}",), "id": f"r{n}", "student": (f"S{n:03}",)}) for n in range(60)]
    source = RecordsAdapter([*pupils(50), *results], entities=[*HELD, "result"])
    district = District("maple", source, KEYRING, lambda: 0.0, seconds=100.0, wanted=wanted_by([grant()]))
    with pytest.raises(Incomplete) as caught:
        district.snapshot(entities, grant())
    assert lacks(caught.value) == {"result.student": (10, 60)}
    source.load([*pupils(50), *results[:52]])
    assert district.snapshot(entities, grant()).table("result").size == 52


def test_one_record_that_cannot_be_read_is_not_told_apart_from_one_that_is_hidden_or_not_there():
    entities, asked = frozenset({"result", "student", "organization"}), {"result": (Hint("id", "=", "r1"),)}
    source = RecordsAdapter(pupils(50), entities=[*HELD, "result"])
    source.aside = (Aside("result", "results[0]", "is not a number", ("r1",), "score"),)
    district = District("maple", source, KEYRING, lambda: 0.0, seconds=100.0, wanted=wanted_by([grant()]))
    assert district.snapshot(entities, grant(), asked).table("result").size == 0
    for of_one in ({}, {"result": (Hint("student", "=", "s001"),)}):
        with pytest.raises(Incomplete, match="none is left"):
            district.snapshot(entities, grant(), of_one)


def test_rows_whose_owners_the_system_does_not_show_at_all_are_told_and_no_reason_to_refuse_the_rest():
    town = Town([*pupils(3), ("guardianship", {"key": ("c", "S000"), "student": ("S000",), "contact": ("c",)})])
    town.source.entities = frozenset({"organization", "student", "enrollment", "guardianship"})
    town.district.cached_snapshot()
    assert (
        "references that lead nowhere: 1 of 1 of guardianship.contact,"
        " since the source shows nothing that they could lead to"
    ) in town.told()


def test_the_numbers_tell_what_is_set_aside_by_district_and_entity():
    town = Town([*pupils(3), *classes(40), *classes(42, session=("x",))[41:], *placements(3), *placements(5)[4:]])
    town.district.cached_snapshot()
    registry = CollectorRegistry()
    registry.register(StatusCollector([town.district.status()]))
    text = generate_latest(registry).decode()
    assert 'crossing_district_rows_set_aside{district="maple",entity="placement"} 1.0' in text
    assert 'crossing_district_unresolved_references{district="maple",field="section.terms"} 2.0' in text


def test_the_many_descriptors_of_a_source_are_counted_together():
    rows = tuple(SetAsideRows(name, 2) for name in ("edfi.sexDescriptors", "student", "edfi.termDescriptors"))
    assert list(told_lines(Completeness(rows))) == ["rows read: student 2, descriptors 4 of 2 kinds"]
