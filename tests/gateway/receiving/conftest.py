"""Pages of packages that are set at once: a PDF takes longer than all else."""

from __future__ import annotations

import pytest


@pytest.fixture
def quick_pages(monkeypatch):
    monkeypatch.setattr(
        "gateway.transfers.package.summary.pages.pdf.render", lambda document: b"%PDF-" + repr(document).encode()
    )
