"""Houses of a receiving district, with packages whose pages are set at once: a PDF takes longer than all else."""

from __future__ import annotations

import pytest

from tests.gateway.receiving.houses import house


@pytest.fixture
def quick_pages(monkeypatch):
    monkeypatch.setattr(
        "gateway.transfers.package.summary.pages.pdf.render", lambda document: b"%PDF-" + repr(document).encode()
    )


@pytest.fixture
def fir(tmp_path, quick_pages):
    with house(tmp_path / "fir") as made:
        yield made
