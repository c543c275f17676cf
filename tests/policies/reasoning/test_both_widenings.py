"""What `diff` calls wider is what needs both signatures again: two comparisons, written apart, agree."""

from __future__ import annotations

import copy
from collections import Counter
from random import Random
from typing import Any

from policies import agreement, canonical
from policies.comparison.widening import widens
from policies.reasoning.diff import diff
from tests.policies.semantics import worlds

PAIRS = 150
PARTS = ("elements", "population", "validity", "directory", "basis")


def changed(random: Random, content: dict[str, Any]) -> dict[str, Any]:
    """The next version of an agreement, with some parts of another one, or with some lines less."""
    found, other = copy.deepcopy(content) | {"version": 2}, worlds.agreements(random)[0]
    for name in random.sample(PARTS, random.choice((0, 1, 1, 2))):
        found.pop(name, None)
        found |= {name: other[name]} if name in other else {}
    if random.random() < 0.3:
        found["elements"] = [one for one in found["elements"] if random.random() < 0.8]
    if random.random() < 0.2:
        found["operations"] = ["read"]
    return found


def test_a_version_is_wider_in_both_comparisons_or_in_none(tmp_path):
    told: Counter[bool] = Counter()
    for seed in range(PAIRS):
        random = Random(seed)
        before = worlds.agreements(random)[0]
        pair = [agreement.check(canonical.document(one, "a"), tmp_path)[0] for one in (before, changed(random, before))]
        if pair[0] is not None and pair[1] is not None:
            wider = widens(pair[0], pair[1])
            assert bool(wider) is diff(pair[0], pair[1]).widens, (seed, wider)
            told[bool(wider)] += 1
    assert min(told[True], told[False]) > PAIRS // 10
