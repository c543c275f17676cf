"""A Link header stays under 8 kB: what it would repeat beyond that is refused before anything is read."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from standards.oneroster.api.link_header import MAX_LINK_BYTES
from tests.support.regions import ROSTER, agreement, running, small_sites

PUBLIC = "https://gateway.of-a-region-with-a-rather-long-name.example.org/records/of/seven/districts"


@pytest.fixture(scope="module")
def consumer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("links")
    sites = {"maple": small_sites(folder / "data", 20)["maple"]}
    with running(folder / "region", sites, [agreement("maple")], f'[server]\npublic_url = "{PUBLIC}"\n') as made:
        yield made.consumer()


def filtered(size, letter):
    """A filter of *size* characters that every class passes."""
    return f"title!='{letter * (size - 9)}'"


@pytest.mark.parametrize(("letter", "growth"), [("x", 1), ("é", 6), ("𝒳", 12)])
def test_the_longest_filter_there_may_be_has_links_under_the_limit_and_the_next_is_refused(consumer, letter, growth):
    def ask(size):
        return consumer.ask(f"{ROSTER}classes", filter=filtered(size, letter), limit=1, offset=1)

    least, most = 1200 // growth, 2200 // growth  # the longest size that is served lies between them
    assert ask(least).status_code == 200
    assert ask(most).status_code == 400
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (middle, most) if ask(middle).status_code == 200 else (least, middle)
    served, refused = ask(least).headers["Link"], ask(most)
    assert len(served.encode()) <= MAX_LINK_BYTES
    assert len(served.encode()) > MAX_LINK_BYTES - 4 * growth - 200
    assert f"may have {MAX_LINK_BYTES}" in refused.json["imsx_description"]
    assert (
        refused.json["imsx_CodeMinor"]["imsx_codeMinorField"][0]["imsx_codeMinorFieldValue"] == "invalid_filter_field"
    )
    assert "Link" not in refused.headers


def test_a_limit_that_is_named_can_be_kept(consumer):
    refused = consumer.ask(f"{ROSTER}classes", filter=filtered(3000, "x"))
    said = int(refused.json["imsx_description"].split(" may have ")[1].split()[0])
    shorter = filtered(3000 - (len(quote(filtered(3000, "x"), safe="")) - said), "x")
    assert len(quote(shorter, safe="")) == said
    assert consumer.ask(f"{ROSTER}classes", filter=shorter).status_code == 200
    assert consumer.ask(f"{ROSTER}classes", filter=f"{shorter[:-1]}x'").status_code == 400


@pytest.mark.parametrize("name", ["fields", "sort", "orderBy"])
def test_other_parameters_that_links_repeat_are_measured_too(consumer, name):
    value = ",".join(["title"] * 500) if name == "fields" else "title" * 500
    refused = consumer.ask(f"{ROSTER}classes", **{name: value})
    assert refused.status_code in {400, 422}
    assert f"may have {MAX_LINK_BYTES}" in refused.json["imsx_description"]


def test_a_refusal_tells_nothing_of_what_there_is(consumer):
    asked = {"filter": filtered(4000, "x")}
    some, none = consumer.ask(f"{ROSTER}classes", **asked), consumer.ask(f"{ROSTER}gradingPeriods", **asked)
    assert some.data == none.data or some.json["imsx_description"][:20] == none.json["imsx_description"][:20]
    assert (some.status_code, none.status_code) == (400, 400)
