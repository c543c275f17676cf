"""What is written into a gradebook has what the version of its system cannot do without."""

from __future__ import annotations

from standards.oneroster.api.rest_lenses import completed


def test_work_of_which_nobody_says_how_much_it_is_worth_is_worth_what_is_shown_of_it():
    def written(version, before=(), **said):
        return completed(version, "lineItem", said, dict(before), lambda *_: "")

    assert written("1.1", title="Essay") == {"title": "Essay", "resultValueMin": 0.0, "resultValueMax": 100.0}
    assert written("1.1", resultValueMin=1, resultValueMax=5) == {"resultValueMin": 1, "resultValueMax": 5}
    assert written("1.2", title="Essay") == {"title": "Essay"}
    assert written("1.1", {"title": "Old"}, title="Essay") == {"title": "Essay"}  # which its system does without
