"""Agreements about transfers that tests write, by texts of a whole one replaced with others."""

from __future__ import annotations

import tempfile
from pathlib import Path

from policies import agreement
from policies.agreement import Agreement

RECEIVER, SENDER, THIRD = "r" * 43, "s" * 43, "t" * 43
CLIENT = "fir-agent"
RELEASE = "  release: {when: [stateId exact, birthDate exact, noRestriction, noHold], tracks: [info]}\n"
WHOLE = f"""\
apiVersion: dsa/v1
id: maple-to-fir
version: 1
parties: {{provider: {{district: maple}}, recipient: {{org: fir, kind: district}}}}
basis: {{ferpa: "99.31(a)(2)", purpose: enrollment, legitimateInterest: "enroll a student who moves"}}
validity: {{from: 2026-09-01, to: 2027-08-31, timezone: America/Los_Angeles}}
clients: [{CLIENT}]
operations: [transfer]
elements:
  - {{path: student.*, action: allow}}
  - {{path: enrollment.*, action: allow}}
transfer:
{RELEASE}  ask: [special-education, health, discipline]
  notify: annual-notice
  keys:
    receiver: ["{RECEIVER}"]
    sender: ["{SENDER}"]
"""


def text(*changes: tuple[str, str], more: str = "") -> str:
    """Return the whole one with each text of *changes* replaced, and *more* at its end."""
    found = WHOLE
    for before, after in changes:
        assert before in found, before
        found = found.replace(before, after)
    return found + more


def mistakes(*changes: tuple[str, str], more: str = "") -> list[str]:
    """Return what is wrong with it, each with its line and column."""
    return [str(one).partition("agreement.yaml:")[2] for one in _read(text(*changes, more=more))[1]]


def load(*changes: tuple[str, str], more: str = "") -> Agreement:
    """Load it."""
    found, problems = _read(text(*changes, more=more))
    assert problems == []
    assert found is not None
    return found


def _read(written: str):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "agreement.yaml")
        path.write_text(written, "utf-8")
        return agreement.read(path)
