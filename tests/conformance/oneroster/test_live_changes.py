"""A question for changes of what is read on each request is refused by name: nobody remembers what is gone from it."""

from __future__ import annotations

import pytest

ROOTS = {
    "1.1": ("/ims/oneroster/v1p1/", "/ims/oneroster/v1p1/"),
    "1.2": ("/ims/oneroster/rostering/v1p2/", "/ims/oneroster/gradebook/v1p2/"),
}
LISTS = ("categories", "lineItems", "results", "classes/{class}/lineItems", "classes/{class}/results",
         "classes/{class}/lineItems/{lineItem}/results", "classes/{class}/students/{student}/results")  # fmt: skip
ASKED = ("dateLastModified>'2026-01-01T00:00:00Z'", "status='tobedeleted'",
         "status='active' OR dateLastModified>='2026-01-01T00:00:00Z'")  # fmt: skip


@pytest.fixture(params=ROOTS)
def version(request):
    return request.param


@pytest.fixture
def lists(client, version):
    """The addresses of the gradebook's lists, with records that are there."""
    _, root = ROOTS[version]
    result = client.ask(root + "results?limit=1").json["results"][0]
    item = client.ask(f"{root}lineItems/{result['lineItem']['sourcedId']}").json["lineItem"]
    named = {
        "class": item["class"]["sourcedId"], "lineItem": item["sourcedId"], "student": result["student"]["sourcedId"],
    }  # fmt: skip
    return [root + one.format_map(named) for one in LISTS]


@pytest.mark.parametrize("filter_", ASKED)
def test_a_delta_of_a_gradebook_is_refused_in_the_envelope_of_the_standard(client, lists, version, filter_):
    for address in lists:
        answer = client.ask(address, filter=filter_)
        assert answer.status_code == 400, address
        if version == "1.1":
            (told,) = answer.json["statusInfoSet"]
            minor = told["imsx_codeMinor"]
        else:
            told = answer.json
            (minor,) = (one["imsx_codeMinorFieldValue"] for one in told["imsx_CodeMinor"]["imsx_codeMinorField"])
        assert (told["imsx_codeMajor"], told["imsx_severity"]) == ("failure", "error")
        assert minor == "invalid_filter_field"
        assert "compare whole lists" in told["imsx_description"]


def test_the_same_lists_answer_any_other_question(client, lists):
    for address in lists:
        assert client.ask(address, filter="status='active'").status_code == 200, address


def test_a_delta_of_a_roster_is_told_beside_them(client, version):
    answer = client.ask(ROOTS[version][0] + "classes", filter=ASKED[0])
    assert answer.status_code == 200
