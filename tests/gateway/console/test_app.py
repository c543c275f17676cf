"""The console answers beside the data APIs: pages under one policy, errors as pages, nothing without a session."""

from __future__ import annotations

import pytest

from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("console")
    sites = small_sites(folder / "data")
    with people_region(folder / "region", sites, [agreement(name) for name in sites]) as region:
        yield region


def test_a_page_that_does_not_exist_is_a_page_under_the_policy_of_all_pages(region):
    answer = region.stranger().get("/console/nowhere")
    assert answer.status_code == 404
    assert answer.mimetype == "text/html"
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "'unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_data_apis_answer_as_before(region):
    answer = region.stranger().get("/ims/oneroster/rostering/v1p2/users")
    assert answer.status_code == 401
    assert answer.mimetype == "application/json"
