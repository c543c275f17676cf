"""What the simulated system tells a client of its own token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adapters.simulators.edfi.auth import read_form
from adapters.simulators.edfi.problems import Refusal, Reply

if TYPE_CHECKING:
    from adapters.simulators.edfi.resources import Call
    from adapters.simulators.edfi.system import Ods

    Document = dict[str, Any]

OPERATIONS: Final = ("Create", "Delete", "Read", "ReadChanges", "Update")
DISTRICT: Final = "LocalEducationAgency"


def told(ods: Ods, call: Call, client: str) -> Reply:
    """The organizations and the resources for which a token is good."""
    if call.method != "POST":
        raise Refusal("method-not-allowed")
    token = call.header("authorization").partition(" ")[2].strip()
    if read_form(call.headers, call.body).get("token") != token:
        raise Refusal("bad-request", "The token is not the one that the request bears.")
    body = {
        "active": True,
        "client_id": client,
        "namespace_prefixes": ["uri://ed-fi.org"],
        "education_organizations": [_organization(row.document) for row in ods.state.rows[DISTRICT].values()],
        "student_identification_system": None,
        "assigned_profiles": [],
        "claim_set": {"name": "Ed-Fi Sandbox"},
        "resources": [
            {"resource": one.endpoint, "operations": list(OPERATIONS)} for one in ods.shape.resources.values()
        ],
        "services": [],
    }
    return Reply(200, body, {"Cache-Control": "no-cache"})


def _organization(document: Document) -> Document:
    identifier = document["localEducationAgencyId"]
    return {
        "education_organization_id": identifier,
        "local_education_agency_id": identifier,
        "name_of_institution": document["nameOfInstitution"],
        "type": f"edfi.{DISTRICT}",
    }
