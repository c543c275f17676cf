"""The Ed-Fi Identities API finds the students of the caller's own district, in Ed-Fi's shapes, and nobody else's."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identities_api.app import folded_identities, is_identity_address
from gateway.identities_api.results import LIFE_SECONDS, MAX_WAITING
from gateway.identities_api.wire import MAX_ASKED, read_descriptions, read_ids
from standards.edfi.api.openapi import identities
from standards.edfi.api.openapi.schemas import OPENAPI
from standards.errors import CallerError
from tests.support.people.moving import moving_region
from tests.support.people.region import BASE

ROOT = "/identity/v2/identities"
MEMBERS = [
    "UniqueId", "LastSurname", "FirstName", "MiddleName", "GenerationCodeSuffix", "SexType", "BirthDate", "BirthOrder",
    "BirthLocation", "Score",
]  # fmt: skip


@pytest.fixture(scope="module")
def moving(tmp_path_factory):
    with moving_region(tmp_path_factory.mktemp("identities")) as found:
        yield found


@pytest.fixture
def agent(moving, request):
    """A program of Maple with a fresh budget of searches."""
    return moving.program(f"of-{abs(hash(request.node.name)) % 10**9}", "maple", "transfer:request", root=ROOT)


@pytest.fixture(scope="module")
def roll(moving):
    world = moving.world
    return world.desk.children.roll(world.region.gateway.districts["maple"])


def unique(roll, number):
    table = roll.snapshot.table("student")
    return (table.unique or table.ids)[number]


def description(moving, number=3):
    child = moving.world.student(number)
    return {"lastSurname": child.family, "firstName": child.given, "birthDate": f"{child.birth_date}T00:00:00"}


def conforms(content, schema):
    schemas = {"components": {"schemas": identities.schemas(OPENAPI)}}
    text = json.dumps({"$ref": f"#/components/schemas/{schema}", **schemas})
    text = text.replace('"type": "string", "nullable": true', '"type": ["string", "null"]')
    told = json.loads(text.replace('"format": "int32", "nullable": true', '"nullable": true').replace(
        '"type": "integer", "nullable": true', '"type": ["integer", "null"]'
    ).replace('"format": "date-time", "nullable": true', '"nullable": true'))  # fmt: skip
    told = json.loads(json.dumps(told).replace('"type": "string", "nullable": true', '"type": ["string", "null"]'))
    jsonschema.validate(content, told)


def test_students_are_found_by_their_unique_ids_in_the_order_asked(agent, roll):
    wanted = [unique(roll, 3), "nobody", unique(roll, 4)]
    answer = agent.post("/find", wanted)
    assert answer.status_code == 200, answer.text
    conforms(answer.json, "IdentitySearchResponse")
    assert answer.json["Status"] == "Complete"
    groups = [[one["UniqueId"] for one in each["Responses"]] for each in answer.json["SearchResponses"]]
    assert groups == [[wanted[0]], [], [wanted[2]]]
    (one,) = answer.json["SearchResponses"][0]["Responses"]
    assert list(one) == MEMBERS
    assert one["Score"] == 100
    assert one["BirthOrder"] is None
    assert set(one["BirthLocation"]) == {"City", "StateAbbreviation", "InternationalProvince", "Country"}
    assert answer.headers["Cache-Control"] == "no-store"


def test_one_student_is_read_by_the_unique_id_and_an_unknown_one_is_none(moving, agent, roll):
    answer = agent.get(f"/{unique(roll, 3)}")
    assert (answer.status_code, answer.json["LastSurname"]) == (200, moving.world.student(3).family)
    conforms(answer.json, "IdentityResponse")
    assert agent.get("/nobody").status_code == 404
    assert agent.get("/results").status_code == 404


def test_a_description_leads_to_likely_students_with_a_score(moving, agent, roll):
    answer = agent.post("/search", [description(moving), {"LastSurname": "Quetzalcoatl"}])
    assert answer.status_code == 200, answer.text
    conforms(answer.json, "IdentitySearchResponse")
    first, second = answer.json["SearchResponses"]
    assert unique(roll, 3) in {one["UniqueId"] for one in first["Responses"]}
    assert all(0 <= one["Score"] <= 100 for one in first["Responses"])
    assert second == {"Responses": []}


def later(caller, moving, number=3):
    answer = caller.post("/search", [description(moving, number)], Prefer="respond-async")
    assert (answer.status_code, answer.data) == (202, b"")
    assert answer.headers["Preference-Applied"] == "respond-async"
    return urlsplit(answer.headers["Location"])


def test_whoever_does_not_wait_reads_the_result_under_a_token(moving, agent):
    place = later(agent, moving)
    assert place.path.startswith(f"{ROOT}/results/")
    at_once = agent.post("/search", [description(moving)])
    read = agent.wsgi.get(place.path, headers=agent.headers, base_url=BASE)
    assert (read.status_code, read.data) == (200, at_once.data)


def test_the_token_of_another_caller_and_an_unknown_one_are_none(moving, agent):
    token = later(agent, moving).path.removeprefix(ROOT)
    other = moving.program("another", "maple", "transfer:request", root=ROOT)
    person = moving.person("rosa", ("maple", "registrar"), root=ROOT)
    stranger = moving.program("of-cedar", "cedar", "transfer:request", root=ROOT)
    answers = [one.get(token) for one in (other, person, stranger)] + [agent.get("/results/none")]
    assert {one.status_code for one in answers} == {404}
    assert len({one.json["detail"] for one in answers}) == 1
    assert agent.get(token).status_code == 200


def test_a_result_is_sealed_in_memory_and_gone_after_ten_minutes(moving, agent):
    token = later(agent, moving).path.removeprefix(ROOT)
    memory = moving.region.administered.memory
    kept = {name: value for name, (value, _) in memory._values.items() if name.startswith("identities:")}
    family = moving.world.student(3).family.encode()
    assert kept
    assert not any(family in value or token.encode() in name.encode() for name, value in kept.items())
    memory._clock, before = (lambda real=memory._clock: real() + LIFE_SECONDS + 1), memory._clock
    try:
        assert agent.get(token).status_code in {401, 404}
    finally:
        memory._clock = before


def test_a_caller_leaves_no_more_than_a_few_results_unread(moving, agent):
    for _ in range(MAX_WAITING):
        later(agent, moving)
    answer = agent.post("/search", [description(moving)], Prefer="respond-async")
    assert answer.status_code == 429
    assert "Retry-After" in answer.headers


def test_nobody_is_given_a_unique_id(agent):
    answer = agent.post("", {"LastSurname": "New"})
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("prefix", ["", "/maple", "/maple/2027", "/MAPLE"])
@pytest.mark.parametrize("root", [ROOT, "/Identity/V2/IDENTITIES"])
def test_the_own_district_is_served_under_every_prefix_in_any_case(moving, agent, roll, prefix, root):
    answer = agent.wsgi.get(f"{prefix}{root}/{unique(roll, 3)}/", headers=agent.headers, base_url=BASE)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("prefix", ["/cedar", "/oak", "/maple/1999"])
def test_another_district_is_no_address(agent, roll, prefix):
    answer = agent.wsgi.get(f"{prefix}{ROOT}/{unique(roll, 3)}", headers=agent.headers, base_url=BASE)
    assert (answer.status_code, answer.json["detail"]) == (404, answer.json["detail"])
    assert answer.json["type"].endswith(":not-found")


def test_another_districts_students_are_none(moving, roll):
    with_cedar = moving.program("cedar-only", "cedar", "transfer:request", root=ROOT)
    assert with_cedar.post("/find", [unique(roll, 3)]).json["SearchResponses"] == [{"Responses": []}]


@pytest.mark.parametrize("role", ["approver", "auditor", "privacy-officer", "district-admin", "educator"])
def test_a_person_who_is_no_registrar_searches_nobody(moving, roll, role):
    person = moving.person(f"one-{role}", ("maple", role), root=ROOT)
    for answer in (person.get(f"/{unique(roll, 3)}"), person.post("/find", ["x"]), person.post("/search", [{}])):
        assert answer.status_code == 403


def test_a_registrar_searches_in_a_session_with_the_token_of_the_page(moving, roll):
    registrar = moving.person("rita", ("maple", "registrar"), root=ROOT)
    assert registrar.post("/find", [unique(roll, 3)]).status_code == 200
    assert registrar.post("/find", [unique(roll, 3)], X_CSRF_Token="").status_code == 403


def test_a_program_that_may_only_receive_and_nobody_at_all_search_nobody(moving):
    receiver = moving.program("receives", "maple", "transfer:receive", root=ROOT)
    assert receiver.post("/find", ["x"]).status_code == 403
    answer = moving.nobody(ROOT).post("/find", ["x"])
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/find", b"{}"),
        ("/find", b"[]"),
        ("/find", b"[1]"),
        ("/find", b'[""]'),
        ("/find", b"["),
        ("/find", b"[" * 50_000),
        ("/find", json.dumps(["x"] * (MAX_ASKED + 1)).encode()),
        ("/find", b'["' + b"x" * 300 + b'"]'),
        ("/search", b'["x"]'),
        ("/search", b'[{"LastSurname": 7}]'),
        ("/search", b'[{"LastSurname": "A", "lastsurname": "B"}]'),
        ("/search", b'[{"BirthDate": "soon"}]'),
        ("/search", b"[{}]"),
        ("/search", b'[{"FirstName": "Mary"}]'),
        ("/search", b"\xff"),
    ],
)
def test_a_body_that_cannot_be_meant_is_refused_and_not_repeated(agent, path, sent):
    answer = agent.wsgi.post(
        f"{ROOT}{path}", data=sent, content_type="application/json", headers=agent.headers, base_url=BASE
    )  # fmt: skip
    assert answer.status_code == 400, answer.text
    assert answer.mimetype == "application/problem+json"
    assert not any(text in answer.text for text in ("soon", "Mary", "xxx"))


def test_a_body_beyond_the_bound_and_one_of_another_kind_are_refused(agent):
    for data, media, status in ((b" " * (1 << 19), "application/json", 413), (b"x", "text/plain", 415)):
        answer = agent.wsgi.post(f"{ROOT}/find", data=data, content_type=media, headers=agent.headers, base_url=BASE)
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/find"), ("PUT", "/x"), ("DELETE", "/results/x"), ("POST", "/x/y")]
)
def test_a_method_or_an_address_that_is_not_there_is_a_problem(agent, method, path):
    answer = agent.ask(method, path)
    assert answer.status_code in {404, 405}
    assert answer.mimetype == "application/problem+json"


def test_a_search_is_on_record_without_what_was_searched(moving, agent):
    agent.post("/search", [description(moving)])
    with moving.region.administered.store.engine.connect() as connection:
        acts = str(connection.exec_driver_sql("SELECT * FROM acts").all())
    assert "own students searched" in acts
    assert moving.world.student(3).birth_date not in acts


@given(st.binary(max_size=200))
def test_whatever_is_sent_is_read_or_refused(sent):
    for read in (read_ids, read_descriptions):
        try:
            found = read(sent)
        except CallerError:
            continue
        assert 1 <= len(found) <= MAX_ASKED


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_whatever_json_is_sent_is_read_or_refused(value):
    sent = json.dumps(value).encode("utf-8", "surrogatepass")
    for read in (read_ids, read_descriptions):
        try:
            found = read(sent)
        except CallerError:
            continue
        assert all(isinstance(one, str | dict) for one in found)


@pytest.mark.parametrize(
    ("path", "spelt"),
    [
        ("/Identity/V2/Identities/Find/", "/identity/v2/identities/find"),
        ("/Maple/2027/IDENTITY/v2/identities/Results/AbC", "/maple/2027/identity/v2/identities/results/AbC"),
        ("/identity/v2/identities/AbC", "/identity/v2/identities/AbC"),
        ("/console/x", "/console/x"),
    ],
)
def test_words_are_folded_and_ids_are_not(path, spelt):
    assert folded_identities(path) == spelt


def test_the_document_about_identities_is_none_of_them():
    assert not is_identity_address("/metadata/identity/v2/swagger.json")
    assert is_identity_address("/maple/identity/v2/identities")
