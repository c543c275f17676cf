"""Several versions of one record: a supplement holds what has changed alone, and is filed after what came before."""

from __future__ import annotations

import json
from dataclasses import replace

from gateway.transfers.package.contents.record import RecordContents
from gateway.transfers.package.supplement import EarlierVersions, supplement
from tests.gateway.receiving import fake_gateway
from tests.gateway.receiving.houses import ADDED, TRANSFER, header, mover, packed, run, sealed
from tests.gateway.transfers.package.worlds import plan


def supplemented():
    """A further version in which a grade has come, and nothing else has changed."""
    later = mover()
    later["courseTranscripts"].append(
        {**later["courseTranscripts"][2], "courseAttemptResultDescriptor": later["courseTranscripts"][0]["courseAttemptResultDescriptor"],
         "earnedCredits": 0.5}
    )  # fmt: skip
    nothing = EarlierVersions(lambda *held: json.dumps(held, default=str, sort_keys=True))
    _, had = supplement(header(), plan("full"), contents(mover()), nothing, ADDED)
    whole = {one["name"] for one in packed().manifest["sections"] if one["state"] == "whole"}
    before = replace(nothing, traces=had, held=whole)
    return supplement(replace(header(), version=2, replaces=1), plan("full"), contents(later), before, ADDED)[0]


def contents(record):
    return RecordContents("M-7", {name: tuple(some) for name, some in record.items()})


def test_a_supplement_is_filed_for_the_child_of_the_version_before(fir):
    run(fir)
    made = supplemented()
    assert {one["name"] for one in made.manifest["sections"] if one["state"] != "unchanged"} == {"transcript"}
    fir.gateway.packages = {(TRANSFER, 2): sealed(made)}
    [line] = run(fir)
    assert line.startswith(f"{TRANSFER}: version 2: ")
    assert line.endswith("acknowledged")
    assert len(fir.documents("CourseTranscript")) == 4
    assert fir.gateway.told("/acknowledgment")[-1]["echo"]["check"]["creditsEarned"] == "1.50"


def test_two_versions_that_wait_are_filed_one_after_the_other(fir):
    fir.gateway.packages[TRANSFER, 2] = sealed(supplemented())
    assert [line.split(": ")[1] for line in run(fir)] == ["version 1", "version 2"]
    assert len(fir.documents("CourseTranscript")) == 4
    assert [body["version"] for body in fir.gateway.told("/acknowledgment")] == [1, 2]
    before = fir.everything()
    assert run(fir) == []
    assert fir.everything() == before


def test_a_supplement_alone_says_of_no_child_and_is_refused(fir):
    fir.gateway.packages = {(TRANSFER, 2): sealed(supplemented())}
    assert run(fir) == [f"{TRANSFER}: The record does not say who the child is; nothing was written."]
    assert fir.writes() == []


def test_a_version_that_was_wanted_again_is_followed_by_the_next(fir):
    content = fir.gateway.packages[TRANSFER, 1]
    fir.gateway.packages = {(TRANSFER, 1): content[:3000] + b"!" + content[3001:]}
    assert "refused" in run(fir)[0]
    fir.gateway.packages = {(TRANSFER, 2): sealed(packed(version=2))}
    assert run(fir)[0].endswith("acknowledged")


def test_a_word_that_the_gateway_knows_already_is_no_error(fir, monkeypatch):
    post = fake_gateway.TransfersHandler.post

    def known(handler, path, body):
        return handler.problem(409, "transfer-state") if path.endswith("/filed") else post(handler, path, body)

    monkeypatch.setattr(fake_gateway.TransfersHandler, "post", known)
    assert run(fir)[0].endswith("acknowledged")
    assert run(fir) == []


def test_figures_that_the_gateway_does_not_take_are_told(fir, monkeypatch):
    monkeypatch.setattr(
        fake_gateway.TransfersHandler, "post", lambda handler, path, body: handler.problem(409, "transfer-state")
    )
    assert run(fir) == [f"{TRANSFER}: The gateway answers 409 (transfer-state) to acknowledgment."]
