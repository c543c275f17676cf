"""What a consumer may not see changes nothing it gets: no body, count, order, link, tag, time or error."""

from __future__ import annotations

import copy
import os
import tempfile
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from random import Random

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from gateway import telemetry
from gateway.change_log.account import ClientHistory
from gateway.change_log.findings import ChangeFindings
from gateway.change_log.ledger import Ledger
from gateway.engine import codegen, renderer, row_index, view_rows
from gateway.engine.codegen import CodeWriter
from gateway.engine.renderer import Renderer
from gateway.engine.row_index import RowIndex
from gateway.engine.view_rows import ViewRows
from gateway.engine.visibility import Visibility
from gateway.reads import modes, nesting, pipeline
from gateway.web import edfi, oneroster
from policies.testing.non_interference import Coverage, difference, worlds
from standards.errors import Forbidden
from tests.gateway.engine import worlds as villages
from tests.support.consumers import CONSUMERS, EDFI, ONEROSTER, Consumer

EXAMPLES, ASKED, FILTERS = [60, pytest.param(300, marks=pytest.mark.slow)], 8, 4
FAULT_EXAMPLES, FAULT_ASKED = 120, 24
MEMORY = "/dev/shm"


@pytest.fixture(scope="module", autouse=True)
def _quiet():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(telemetry, "observe", lambda response: response)
        yield


@pytest.fixture(scope="module")
def consumers():
    """Each consumer, made when first asked for; their records are written to memory where the system has such a place."""
    made: dict[str, Consumer] = {}
    place = tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None)
    folder, village = Path(place.name), villages.village(1)

    def find(name: str) -> Consumer:
        if name not in made:
            made[name] = Consumer(folder / name.replace(" ", "-"), name, village)
        return made[name]

    yield find
    for consumer in made.values():
        consumer.close()
    place.cleanup()


class Examination:
    """Questions and their answers in the first world, put again in others."""

    def __init__(self, consumer: Consumer, questions: dict[str, list[str]]) -> None:
        self.consumer = consumer
        consumer.forget()
        consumer.load(consumer.records)
        self.expected = {one: consumer.ask(one) for some in questions.values() for one in some}
        self.telling = [one for one in questions.get("filter", ()) if found(self.expected[one])]
        self.others = sorted(set(self.expected) - set(self.telling))
        self.examples = self.asked = self.filtered = self.with_rows = 0

    def put(self, world, asked: int, filters: int) -> None:
        """Ask some of the questions in another world; the first other answer is a failure."""
        random = Random(world.recipe)
        chosen = random.sample(self.telling, min(filters, len(self.telling)))
        chosen += random.sample(self.others, min(asked - len(chosen), len(self.others)))
        self.consumer.load(world.records)
        for question in chosen:
            expected, answer = self.expected[question], self.consumer.ask(question)
            if answer != expected:
                raise AssertionError(f"{question} tells the two worlds apart: {difference(expected, answer)}")
        self.examples += 1
        self.asked += len(chosen)
        self.filtered += sum(one in self.telling for one in chosen)
        self.with_rows += any(one in self.telling for one in chosen)

    def __str__(self) -> str:
        return (
            f"{self.examples} second worlds, {self.with_rows} of them asked for rows by a filter; "
            f"{self.asked} questions of {len(self.expected)}, {self.filtered} with rows after filtering"
        )


def found(answer) -> bool:
    """Whether an answer has records."""
    if answer[0] != 200:
        return False
    body = orjson.loads(answer[-1])
    return bool(body if isinstance(body, list) else next(iter(body.values())))


def run(check, strategy, examples: int) -> None:
    """Run *check* over second worlds, without shrinking: a failure is the result."""
    limits = {"max_examples": examples, "derandomize": True, "database": None, "deadline": None}
    settings(**limits, phases=[Phase.generate], suppress_health_check=list(HealthCheck))(given(strategy)(check))()


@pytest.mark.parametrize("examples", EXAMPLES)
@pytest.mark.parametrize("name", CONSUMERS)
def test_a_consumer_cannot_tell_two_worlds_apart_that_show_it_the_same(name, examples, consumers, record_property):
    consumer = consumers(name)
    examination, coverage = Examination(consumer, consumer.questions(1)), Coverage(consumer.known)

    def check(world):
        coverage.add(world)
        examination.put(world, ASKED, FILTERS)

    run(check, worlds(consumer.known), examples)
    print(f"\n{name}: {examination}")
    record_property(name, str(examination))
    assert examination.examples >= examples
    assert examination.with_rows * 3 >= examination.examples
    assert examination.filtered * 3 >= examination.asked
    assert {answer[0] for answer in examination.expected.values()} >= {200, 400, 403, 404}
    assert not coverage.missing, coverage.report()


@pytest.mark.parametrize("name", CONSUMERS)
def test_the_same_world_gets_the_same_answers(name, consumers):
    consumer = consumers(name)
    questions = {kind: some[:40] for kind, some in consumer.questions(2).items()}
    examination = Examination(consumer, questions)
    consumer.load(consumer.records)
    assert {one: consumer.ask(one) for one in examination.expected} == examination.expected


TOLD = [
    "/oauth/token_info", "/maple/oauth/token_info", "/maple/", "/metadata/", "/metadata/data/v3/resources/swagger.json",
    "/metadata/data/v3/dependencies",
]  # fmt: skip
TOLD_EXAMPLES = 15


@pytest.mark.parametrize("name", CONSUMERS)
def test_what_the_gateway_tells_of_itself_and_of_a_token_is_the_same_in_both_worlds(name, consumers):
    consumer = consumers(name)
    examination = Examination(consumer, {"told": TOLD})
    assert {answer[0] for answer in examination.expected.values()} == {200}
    run(lambda world: examination.put(world, len(TOLD), 0), worlds(consumer.known), TOLD_EXAMPLES)
    assert examination.asked == TOLD_EXAMPLES * len(TOLD)


HIDDEN = {"users": "preferredMiddleName", "demographics": "sex", "classes": "location", "enrollments": "endDate"}


@pytest.mark.parametrize(
    "ask", ["filter={}%3D%27x%27", "sort={}", "fields={}", "fields=sourcedId,{}", "filter={}~%27%27"]
)
@pytest.mark.parametrize("view", HIDDEN)
def test_a_hidden_member_and_an_unknown_one_answer_alike(view, ask, consumers):
    consumer = consumers("tutoring organisation")
    hidden, unknown = (consumer.ask(f"{ONEROSTER}/{view}?{ask.format(name)}") for name in (HIDDEN[view], "shoeSize"))
    assert hidden[0] == 400
    assert HIDDEN[view].encode() in hidden[-1]
    assert hidden[-1].replace(HIDDEN[view].encode(), b"shoeSize") == unknown[-1]
    assert hidden[:-1] == unknown[:-1]


@pytest.mark.parametrize(
    ("view", "name"), [("students", "birthCity"), ("sections", "availableCredits"), ("contacts", "lastSurname")]
)
def test_a_hidden_parameter_and_an_unknown_one_answer_alike(view, name, consumers):
    consumer = consumers("tutoring organisation")
    hidden, unknown = (consumer.ask(f"{EDFI}/{view}?{one}=x") for one in (name, "shoeSize"))
    assert hidden[0] == 400
    assert hidden[-1].replace(name.encode(), b"shoeSize") == unknown[-1]
    assert hidden[:-1] == unknown[:-1]


# Faults, each planted in one exit


def every_row(shown) -> int:
    return sum(part.visibility.snapshot.table(part.branch.entity).size for part in shown)


def source_of(shown: ViewRows, row: int) -> bytes:
    """All that the source says of a row."""
    table = shown.visibility.snapshot.table(shown.branch.entity)
    return repr([(name, column[row]) for name, column in sorted(table.columns.items())]).encode()


def the_count_includes_hidden_rows(patch, _consumer):
    patch.setattr(RowIndex, "total", property(lambda self: every_row(self.shown)))


def the_last_link_counts_hidden_rows(patch, consumer):
    plain = oneroster.links

    def links(address, given, offset, limit, _total, **more):
        return plain(address, given, offset, limit, len(consumer.adapter.records), **more)

    patch.setattr(oneroster, "links", links)


def the_tag_of_an_answer_covers_the_source(patch, consumer):
    for module in (oneroster, edfi):
        plain = module.conditional

        def conditional(body, *media, plain=plain):
            response = plain(body, *media)
            response.set_etag(blake2b(repr(consumer.adapter.records).encode()).hexdigest())
            return response

        patch.setattr(module, "conditional", conditional)


def the_tag_of_an_item_covers_its_source(patch, _consumer):
    plain = Ledger.stamp

    def stamp(self, shown, some, records, base):
        plain(self, shown, some, records, base)
        for row, record in zip(some, records, strict=True):
            if "_etag" in record:
                record["_etag"] = blake2b(source_of(shown, row)).hexdigest()

    patch.setattr(Ledger, "stamp", stamp)


def an_offset_counts_hidden_rows(patch, _consumer):
    plain = RowIndex.slice

    def cut(self, offset, limit, base):
        passed = sum(row in part.members for part in self.shown for row in range(offset))
        return plain(self, passed, max(0, min(limit, self.total - offset)), base)

    patch.setattr(RowIndex, "slice", cut)


def pages_are_in_the_order_of_the_source(patch, _consumer):
    plain = ViewRows.rows.func
    ordered = cached_property(lambda self: sorted(plain(self)))
    ordered.__set_name__(ViewRows, "rows")
    patch.setattr(ViewRows, "rows", ordered)


def ties_are_broken_by_the_source(patch, _consumer):
    plain = row_index.index

    def index(shown, query, base="", *rest):
        made = plain(shown, query, base, *rest)
        if query.sort and len(shown) == 1:
            codes, keys = (
                list(made.codes),
                row_index._sort_keys(shown[0], [c & row_index.ROW_MASK for c in made.codes], query),
            )
            order = sorted(range(len(codes)), key=lambda at: codes[at])
            order.sort(key=lambda at: keys[at], reverse=query.descending)
            made.codes = type(made.codes)("Q", [codes[at] for at in order])
        return made

    patch.setattr(modes, "index", index)


def an_array_is_in_the_order_of_the_source(patch, _consumer):
    patch.setattr(renderer, "_arranged", lambda _node: lambda items: items)


def an_array_counts_hidden_children(patch, _consumer):
    def loop_children(self, step, here):
        kid, children = self.fresh("k"), self.visibility.snapshot.children(step.entity, step.via, here.entity)
        self.enter(f"for {kid} in {self.bind(children)}[{here.row}]:")
        return codegen.CodePosition(step.entity, kid)

    patch.setattr(Renderer, "loop_children", loop_children)


def an_error_tells_that_a_hidden_row_exists(patch, _consumer):
    plain = pipeline._find

    def find(shown, identifier):
        index = plain(shown, identifier)
        if index is None and any(identifier in part.ids for part in shown):
            raise Forbidden("This record is not for you.")
        return index

    patch.setattr(pipeline, "_find", find)


def an_error_text_says_how_many_rows_there_are(patch, consumer):
    plain = oneroster.status_info

    def status_info(error):
        status, body = plain(error)
        return status, body | {"imsx_description": f"None of {len(consumer.adapter.records)} records."}

    patch.setattr(oneroster, "status_info", status_info)


def the_modified_time_is_that_of_the_load(patch, _consumer):
    patch.setattr(
        ClientHistory, "times", lambda _self, visibility, _entity, some: [visibility.snapshot.version] * len(some)
    )


def a_hidden_change_moves_the_modified_time(patch, _consumer):
    plain = ChangeFindings.of

    def of(self, entity):
        found = plain(self, entity)
        found.changed |= self._dirty_new[entity]
        return found

    patch.setattr(ChangeFindings, "of", of)


def a_filter_reads_behind_a_mask(patch, _consumer):
    plain = view_rows.compile_value

    def compile_value(branch, visibility, api, chain):
        bare = copy.copy(visibility)
        bare.transform = lambda _field: None
        return plain(branch, bare, api, chain)

    patch.setattr(view_rows, "compile_value", compile_value)


def a_reference_shows_hidden_rows(patch, _consumer):
    patch.setattr(CodeWriter, "visible", lambda _self, _entity, row: f"{row} >= 0")


def a_row_rule_is_dropped(patch, _consumer):
    patch.setattr(Visibility, "_test", lambda *_: lambda _row: True)


def a_persons_own_number_stands_beside_the_pseudonym(patch, _consumer):
    patch.setattr(Visibility, "unique_ids", lambda self, entity: self.snapshot.table(entity).unique or self.ids(entity))


def a_mask_is_forgotten(patch, _consumer):
    patch.setattr(Visibility, "transform", lambda _self, _field: None)


def a_reference_that_is_not_released_tells_what_lies_below(patch, _consumer):
    patch.setattr(
        nesting.nesting, "ways", lambda entity, target, _grant: nesting.nesting.WAYS.get((entity, target), ())
    )


FAULTS = {
    a_reference_that_is_not_released_tells_what_lies_below: ("below",),
    the_count_includes_hidden_rows: ("collection", "page"),
    the_last_link_counts_hidden_rows: ("page",),
    the_tag_of_an_answer_covers_the_source: ("collection",),
    the_tag_of_an_item_covers_its_source: ("collection", "single"),
    an_offset_counts_hidden_rows: ("page",),
    pages_are_in_the_order_of_the_source: ("page",),
    ties_are_broken_by_the_source: ("sort",),
    an_array_is_in_the_order_of_the_source: ("collection",),
    an_array_counts_hidden_children: ("collection",),
    an_error_tells_that_a_hidden_row_exists: ("single",),
    an_error_text_says_how_many_rows_there_are: ("error",),
    the_modified_time_is_that_of_the_load: ("collection", "time"),
    a_hidden_change_moves_the_modified_time: ("collection", "time"),
    a_filter_reads_behind_a_mask: ("behind a mask",),
    a_reference_shows_hidden_rows: ("collection",),
    a_row_rule_is_dropped: ("collection",),
    a_persons_own_number_stands_beside_the_pseudonym: ("collection",),
    a_mask_is_forgotten: ("collection",),
}


BEHIND_A_MASK = [
    f"{ONEROSTER}/users?filter=familyName~%27hidden%27",
    *(f"{ONEROSTER}/demographics?filter=birthDate%3E%27201{year}-06-15%27" for year in range(8)),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_planted_leak_is_caught(fault, consumers, monkeypatch, record_property):
    consumer = consumers("tutoring organisation")
    questions = consumer.questions(1) | {"behind a mask": BEHIND_A_MASK}
    fault(monkeypatch, consumer)
    examination = Examination(consumer, {kind: questions[kind] for kind in FAULTS[fault]})

    def check(world):
        examination.put(world, FAULT_ASKED, FAULT_ASKED)

    with pytest.raises(AssertionError, match="tells the two worlds apart") as caught:
        run(check, worlds(consumer.known), FAULT_EXAMPLES)
    seen = str(caught.value).partition(" tells")[0]
    print(f"\n{fault.__name__.replace('_', ' ')}: caught in world {examination.examples + 1} by {seen}")
    record_property(fault.__name__, seen)
