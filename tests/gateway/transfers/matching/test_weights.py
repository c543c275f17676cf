"""Weights: anybody can recompute a score from the published file, and more likeness never scores less."""

import copy
import json
import math
from importlib.resources import files
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.transfers.matching.children import ChildCandidate, StatedChild
from gateway.transfers.matching.comparison import compare
from gateway.transfers.matching.levels import ChildPart, PartLevel
from gateway.transfers.matching.spelling import spell_child
from gateway.transfers.matching.weights import published_weights, read_weights

FILE = json.loads(files("gateway.transfers.matching").joinpath("weights.json").read_text(encoding="utf-8"))
LEVELS = {ChildPart(part): [PartLevel(level) for level in levels] for part, levels in FILE["parts"].items()}


def by_hand(levels):
    """Recompute a score as the file's text says, from its figures alone."""
    odds = FILE["prior"]["match"] / (FILE["prior"]["among"] - FILE["prior"]["match"])
    for part, level in levels.items():
        odds *= FILE["parts"][part][level]["m"] / FILE["parts"][part][level]["u"]
    return 100 * odds / (1 + odds)


def test_a_score_is_what_an_auditor_computes_by_hand():
    stated = StatedChild("", "Liz", "Garcia", "", "", "2015-03-04", "female", "Maple Elementary")
    row = ChildCandidate("1", "1234567809", "Elizabeth", "García López", "Rose", "", "2015-04-03", "F", ("Maple",))
    levels = compare(spell_child(stated), spell_child(row))
    assert {part.value: level.value for part, level in levels.items() if level != "missing"} == {
        "birthDate": "swapped", "given": "nickname", "family": "contained", "sex": "agree", "school": "similar",
    }  # fmt: skip
    odds = 1 / 19_999 * (0.006 / 0.0001) * (0.04 / 0.001) * (0.05 / 0.002) * (0.98 / 0.5) * (0.15 / 0.05)
    assert published_weights().score(levels) == math.floor(1000 * odds / (1 + odds)) / 10 == 94.6


def test_an_equal_state_id_and_birth_date_under_other_names_score_90():
    levels = dict.fromkeys(ChildPart, PartLevel.MISSING)
    levels |= {ChildPart.STATE_ID: PartLevel.AGREE, ChildPart.BIRTH_DATE: PartLevel.AGREE}
    levels |= {ChildPart.GIVEN: PartLevel.DIFFERS, ChildPart.FAMILY: PartLevel.DIFFERS}
    assert published_weights().score(levels) == 90


def test_every_figure_has_a_sentence_why():
    sentences = [level["why"] for levels in FILE["parts"].values() for level in levels.values()]
    sentences += [cap["why"] for cap in FILE["caps"].values()] + [FILE["prior"]["why"], FILE["about"]]
    assert all(len(sentence) > 15 and sentence.endswith(".") for sentence in sentences)


@pytest.mark.parametrize("part", FILE["parts"])
def test_the_chances_of_a_part_are_those_of_all_its_levels(part):
    for chance in ("m", "u"):
        chances = [level[chance] for name, level in FILE["parts"][part].items() if name != "missing"]
        assert sum(chances) == pytest.approx(1)
        assert min(chances) > 0


@pytest.mark.parametrize("part", LEVELS)
def test_a_part_that_is_missing_says_nothing(part):
    assert published_weights().parts[part][PartLevel.MISSING] == 0


def test_a_file_that_lacks_a_part_or_has_levels_out_of_order_is_refused():
    short, mixed = copy.deepcopy(FILE), copy.deepcopy(FILE)
    del short["parts"]["sex"]
    mixed["parts"]["sex"]["differs"]["m"] = 0.6
    for wrong in (short, mixed):
        with pytest.raises(ValueError, match=r"parts only|order"):
            read_weights(wrong)


WEIGHED = st.fixed_dictionaries({part: st.sampled_from(levels) for part, levels in LEVELS.items()})


@given(WEIGHED)
def test_a_score_is_the_files_below_its_caps(levels):
    score = published_weights().score(levels)
    assert 0 <= score <= FILE["caps"]["notReleased"]["score"]
    assert score <= by_hand(levels) + 1e-9
    assert score >= min(by_hand(levels) - 0.1 - 1e-9, *(cap["score"] for cap in FILE["caps"].values()))


@given(WEIGHED, st.sampled_from(list(LEVELS)))
def test_a_part_that_agrees_more_never_scores_less(levels, part):
    scores = [published_weights().score(levels | {part: level}) for level in LEVELS[part]]
    assert all(better >= worse for better, worse in pairwise(scores))


@given(WEIGHED)
def test_without_an_equal_state_id_no_score_is_above_95(levels):
    for level in (PartLevel.DIGIT, PartLevel.MISSING, PartLevel.DIFFERS):
        assert published_weights().score(levels | {ChildPart.STATE_ID: level}) <= 95
