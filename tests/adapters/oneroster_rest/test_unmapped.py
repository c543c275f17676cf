"""A word of Ed-Fi that OneRoster has none for comes back as it was sent, until the system says another."""

from __future__ import annotations

import pytest

from adapters.oneroster_rest.unmapped import packed, unpacked

LATE = "uri://ed-fi.org/SubmissionStatusDescriptor#Late"


@pytest.mark.parametrize(("dialect", "said"), [("oneroster", "ext:Late"), ("oneroster11", "submitted")])
def test_a_status_that_only_ed_fi_knows_goes_around(dialect, said):
    kept = packed("result", {"status": LATE, "score": 1})
    assert unpacked("result", kept | {"status": said}, dialect) == {"status": LATE, "score": 1}


def test_a_status_that_the_system_has_changed_since_is_the_systems():
    kept = packed("result", {"status": LATE})
    assert unpacked("result", kept | {"status": "exempt"}, "oneroster")["status"] == "exempt"
