"""The description of the API of transfers, in OpenAPI, for whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.admin_api.frame.openapi import DescribedApi, document
from gateway.admin_api.frame.operations import PUBLIC, AdminOperations, Reply, serving
from gateway.admin_api.region import build
from gateway.auth.scopes import RECEIVE, REQUEST

if TYPE_CHECKING:
    from gateway.admin.administration import Administration

ROUTES = AdminOperations("description")
ROOT: Final = "/transfers/v1"
SCOPES: Final = {
    REQUEST: "Ask for the records of students who enroll in the client's district, and follow the requests.",
    RECEIVE: "Read the packages that wait for the client's district, acknowledge them and say what became of them.",
}
DESCRIBED: Final = DescribedApi("Transfers of student records", ROOT, SCOPES, keyed=True, people=True)


@ROUTES.add("GET", "/openapi.json", PUBLIC)
def describe_transfers(_region: Administration) -> Reply:
    """Describe this API in OpenAPI 3.1."""
    found: dict[str, Any] = document(serving().operations, build(), DESCRIBED)
    return Reply(found)
