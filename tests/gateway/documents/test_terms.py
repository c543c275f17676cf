"""Terms in sentences: no word of an agreement is without one, and what is not ours is quoted."""

from __future__ import annotations

import pytest

from gateway.documents import population, terms
from gateway.documents.released import ACTIONS
from gateway.documents.words import Wording
from policies import transforms
from tests.gateway.documents.samples import SCHEMA

ENGLISH, SPANISH = Wording("en"), Wording("es")
SELECTORS = SCHEMA["properties"]["population"]["properties"]["all"]["items"]["properties"]


def people(*selectors, words=ENGLISH):
    return list(population.sentences({"population": {"all": list(selectors)}}, words))


def test_every_selector_of_the_schema_has_a_sentence():
    assert set(SELECTORS) <= population.SELECTORS


def test_every_kind_operation_and_action_has_words():
    properties = SCHEMA["properties"]
    assert set(properties["parties"]["properties"]["recipient"]["properties"]["kind"]["enum"]) == terms.KINDS.keys()
    assert set(properties["operations"]["items"]["enum"]) == terms.OPERATIONS.keys()
    assert set(properties["retention"]["properties"]["after"]["items"]["enum"]) == terms.ENDS.keys()
    assert set(transforms.ACTIONS) == ACTIONS.keys()


@pytest.mark.parametrize(
    ("selectors", "sentence"),
    [
        ([{"school": {"in": ["101"]}}], "The student is or was enrolled in school 101."),
        ([{"school": {"in": ["101", "102"]}}, {"enrollment": "active"}], "The student is enrolled today in school 101 or 102."),
        ([{"grade": {"in": ["KG"]}}], "The student is or was enrolled in grade KG."),
        ([{"grade": {"in": ["KG"]}}, {"enrollment": "active"}], "The student is enrolled today in grade KG."),
        ([{"enrollment": "active"}], "The student is enrolled in a school of the district today."),
        ([{"school": {"in": ["1"]}}, {"grade": {"in": ["01"]}}], "The student is or was enrolled in school 1, there in grade 01."),
        ([{"program": {"is": "CityYear"}}], "The student takes part in the program “CityYear”."),
        ([{"program": {"in": ["A", "B"]}}], "The student takes part in the program “A” or “B”."),
        ([{"age": {"from": 14}}], "The student is at least 14 years old."),
        ([{"age": {"to": 17}}], "The student is at most 17 years old."),
        ([{"age": {"from": 14, "to": 17}}], "The student is from 14 to 17 years old."),
        ([{"consent": {"form": "f", "status": "granted"}}], "The parent, or the eligible student, has given written consent by the form “f”."),
    ],
)  # fmt: skip
def test_a_selector_is_a_sentence(selectors, sentence):
    assert people(*selectors) == ["Only students for whom all of the following is true:", sentence]


def test_without_a_selector_it_is_everybody():
    assert people() == ["Every student of the school district."]


@pytest.mark.parametrize(
    ("basis", "says"),
    [
        ("99.30", ["34 CFR 99.30. Written consent of the parent or of the eligible student."]),
        ("99.31(a)(11)", ["34 CFR 99.31(a)(11). Directory information."]),
        ("99.31(a)(6)(i)", [("34 CFR 99.31(a)(6)(i). Studies for, or on behalf of, the school district, to develop, validate or administer predictive"
                               " tests, to administer student aid programs, or to improve instruction.")]),
        ("99.31(a)(3)+99.35", [("34 CFR 99.31(a)(3). Authorized representatives of the Comptroller General, the Attorney General or the Secretary of"
                               " Education of the United States, or of state or local educational authorities."),
                               ("34 CFR 99.35. Audit or evaluation of education programs that federal or state authorities support, or"
                               " enforcement of the federal requirements that relate to them.")]),
        ("99.31(a)(9)(ii)(A)", ["34 CFR 99.31(a)(9)(ii)(A). A judicial order or a lawfully issued subpoena."]),
        ("99.31(a)(9)(iii)(A)", ["34 CFR 99.31(a)(9)(iii)(A). Legal action between the school district and a parent or student, before a court."]),
        ("99.39", ["34 CFR 99.39."]),
    ],
)  # fmt: skip
def test_a_basis_is_its_section_with_what_that_is_about(basis, says):
    assert list(terms.bases(basis, ENGLISH)) == says


def test_a_section_that_begins_like_another_is_not_taken_for_it():
    assert list(terms.bases("99.31(a)(17)", ENGLISH)) == ["34 CFR 99.31(a)(17)."]


@pytest.mark.parametrize(
    ("period", "english", "spanish"),
    [
        ("P60D", "60 days", "60 días"),
        ("P1Y6M", "1 year and 6 months", "1 año y 6 meses"),
        ("P1W", "1 week", "1 semana"),
    ],
)
def test_a_period_is_written_in_words(period, english, spanish):
    assert ENGLISH.period(period) == english
    assert SPANISH.period(period) == spanish


def test_a_date_is_written_as_the_language_writes_it():
    assert ENGLISH.date("2026-09-01") == "September 1, 2026"
    assert SPANISH.date("2026-09-01") == "1 de septiembre de 2026"


@pytest.mark.parametrize("named", [{}, {"after": []}])
def test_a_retention_that_names_no_end_says_every_one(named):
    told = terms.retention({"retention": {"deleteWithin": "P60D", **named}}, ENGLISH)
    assert list(told) == [
        (
            "The recipient deletes the data within 60 days after the agreement ends, the school district revokes the"
            " agreement, or a consent is withdrawn, for the data of that student."
        ),
    ]


def test_an_obligation_that_is_not_ours_is_quoted():
    content = {"obligations": ["no-sale", "encrypt-at-rest", "log-99.32", "notify-on-breach:soon", "be nice"]}
    assert list(terms.obligations(content, SPANISH)) == [
        "No vender datos.", "Mantener los datos cifrados.",
        ("Llevar un registro propio de cada solicitud de los datos y de cada divulgación de ellos, con el contenido que"
        " 34 CFR 99.32 prescribe para el registro del distrito escolar."),
        "«notify-on-breach:soon»", "«be nice»",
    ]  # fmt: skip


def test_to_whom_data_are_passed_on_is_told_in_each_case():
    assert "34 CFR 99.33" in terms.redisclosure({}, ENGLISH)
    assert terms.redisclosure({"redisclosure": "prohibited"}, ENGLISH) == "The recipient passes no data on to anybody."
    named = {"redisclosure": {"named": ["A", "B"]}}
    assert terms.redisclosure(named, ENGLISH) == "The recipient passes data on to nobody but “A” and “B”."


def based(ferpa):
    return {"basis": {"ferpa": ferpa}}


@pytest.mark.parametrize(
    "ferpa", ["99.31(a)(1)", "99.30", "99.31(a)(10)+99.36", "99.31(a)(11)+99.30", "99.37", "99.31(a)(1)+99.31(a)(8)"]
)
def test_what_99_33_limits_is_said_to_be_limited(ferpa):
    assert "forbids it without consent" in terms.redisclosure(based(ferpa), ENGLISH)
    assert "only for the purpose" in "".join(terms.conditions(based(ferpa), ENGLISH))


@pytest.mark.parametrize(
    "ferpa", ["99.31(a)(11)+99.37", "99.31(a)(8)", "99.31(a)(9)(ii)", "99.31(a)(12)", "99.31(a)(16)"]
)
def test_what_99_33_does_not_limit_is_not_said_to_be_forbidden(ferpa):
    assert "does not limit it" in terms.redisclosure(based(ferpa), ENGLISH)
    assert list(terms.conditions(based(ferpa), ENGLISH)) == []
    assert (
        terms.redisclosure(based(ferpa) | {"redisclosure": "prohibited"}, ENGLISH)
        == "The recipient passes no data on to anybody."
    )


@pytest.mark.parametrize(
    ("ferpa", "says"),
    [
        ("99.31(a)(6)", ["only for the study that this agreement names", "representatives with legitimate interests", "destroys"]),
        ("99.31(a)(3)+99.35", ["the authority and its authorized representatives", "destroys"]),
        ("99.31(a)(1)(i)(B)", ["under the direct control of the school district"]),
    ],
)  # fmt: skip
def test_an_agreement_has_what_its_ground_wants_it_to_have(ferpa, says):
    told = "".join(terms.conditions(based(ferpa), ENGLISH))
    assert [word for word in says if word not in told] == []


@pytest.mark.parametrize("value", ["100% %(form)s", "%s %d %", "{0} {form}"])
def test_a_value_is_never_read_as_a_place_to_fill_in(value):
    selector = {"consent": {"form": value, "status": "granted"}}
    assert people(selector)[1].endswith(f"by the form “{value}”.")


def test_directory_terms_are_told():
    assert list(terms.directory({"directory": {"optOut": "honour"}}, ENGLISH)) == [
        "Students who are opted out of directory information are left out."
    ]
    (told,) = terms.directory({"directory": {"notice": ["student.email"]}}, ENGLISH)
    assert told.startswith("The school district's public notice names as directory information, too: ")
    assert told.endswith("The e-mail address of the student to use (student.email).")
