"""The agreement that the tests of documents write out, and others like it."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from policies import agreement
from policies.agreement import Agreement
from tests.policies import documents

FOLDER = Path(__file__).parents[2] / "policies" / "samples"
KINDS = ("agreement", "schedule", "elements", "consent")
LANGUAGES = ("en", "es")
SCHEMA = json.loads((files("policies") / "agreement.schema.json").read_text("utf-8"))


def tutoring(form: str = "reading-2026") -> Agreement:
    """The sample of the policies, with a consent form, a window and facts that only a standard knows."""
    one = documents.load(
        """
        student.id pseudonym
        student.name.given allow
        student.name.family initial
        student.birthDate year
        student.address.postalCode zip3
        student.phone last4
        student.race allow
        student.race.white deny
        enrollment.* allow
        placement.* allow
        section.title allow
        organization.name allow
        attendance.* allow
        edfi.students.citizenshipStatusDescriptor allow
        edfi.schoolYearTypes.* allow
        oneroster.users.metadata.bus allow
        """,
        '{all: [{school: {in: ["101", "102"]}}, {grade: {in: ["03", "04", "05"]}}, {enrollment: active}]}',
    )
    written = json.loads(one.text)
    written["population"]["all"].append({"consent": {"form": form, "status": "granted"}})
    for line in written["elements"]:
        if line["path"] == "attendance.*":
            line["window"] = {"since": "2026-09-01"}
    written |= {
        "redisclosure": "prohibited",
        "retention": {"deleteWithin": "P60D", "after": ["expiry", "withdrawal"], "certificate": "required"},
        "obligations": ["no-ads", "notify-on-breach:P3D", "tell us whom you hire"],
        "limits": {"smallCell": 10, "maxRowsPerDay": 20000},
        "directory": {"optOut": "n/a"},
    }
    written["parties"]["subprocessors"] = ["Cloudy Hosting, storage"]
    written["basis"]["state"] = ["RCW 28A.604"]
    signed = {"approvals": [{"by": "maple-privacy", "at": "2026-08-01"}]}
    return changed(one, written, terms=signed)


def changed(one: Agreement, written: dict, **values) -> Agreement:
    """The agreement with another text."""
    return replace(one, text=json.dumps(written, sort_keys=True, ensure_ascii=False, separators=(",", ":")), **values)


def stored() -> Agreement:
    """The sample of the policies, as it is loaded from its file."""
    return agreement.load(FOLDER / "tutoring.yaml")
