"""A simulated ODS on the loopback with whole worlds of documents, and a client of our own hand for it."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache

import requests

from adapters.simulators.edfi import Ods, run
from tests.standards.edfi.complete import complete

WORLDS = 3
URI = "uri://ed-fi.org"
SCHOOL = {
    "schoolId": 255901001, "nameOfInstitution": "Grand Bend High",
    "educationOrganizationCategories": [
        {"educationOrganizationCategoryDescriptor": f"{URI}/EducationOrganizationCategoryDescriptor#School"}
    ],
    "gradeLevels": [{"gradeLevelDescriptor": f"{URI}/GradeLevelDescriptor#Ninth grade"}],
}  # fmt: skip
STUDENT = {"studentUniqueId": "604822", "firstName": "Ana", "lastSurname": "Lee", "birthDate": "2011-04-01"}
ENROLLMENT = {
    "studentReference": {"studentUniqueId": "604822"}, "schoolReference": {"schoolId": 255901001},
    "entryDate": "2026-08-20", "entryGradeLevelDescriptor": f"{URI}/GradeLevelDescriptor#Ninth grade",
}  # fmt: skip
DESCRIPTORS = [
    ("gradeLevelDescriptors", {"namespace": f"{URI}/GradeLevelDescriptor", "codeValue": code, "shortDescription": code})
    for code in ("Ninth grade", "Tenth grade")
] + [
    (
        "educationOrganizationCategoryDescriptors",
        {"namespace": f"{URI}/EducationOrganizationCategoryDescriptor", "codeValue": "School",
         "shortDescription": "School"},
    )
]  # fmt: skip
SMALL = [*DESCRIPTORS, ("schools", SCHOOL), ("students", STUDENT), ("studentSchoolAssociations", ENROLLMENT)]


class Client:
    """Asks a running system, with a token of its own."""

    def __init__(self, running, **credentials):
        self.running = running
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token(running, **credentials)}"

    @property
    def base(self):
        return f"{self.running.url}{self.running.ods.prefix}"

    def ask(self, path, method="GET", **more):
        """The answer to a request for a path below the resources of the standard, or an absolute one."""
        at = path if path.startswith("http") else f"{self.base}/data/v3/ed-fi/{path}"
        return self.session.request(method, at, timeout=10, allow_redirects=False, **more)

    def rows(self, path, **more):
        answer = self.ask(path, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path, document):
        return self.ask(path, "POST", json=document)

    def changes(self, path, **params):
        return self.rows(path, params=params)

    def newest(self):
        return self.rows(f"{self.base}/changeQueries/v1/availableChangeVersions")["newestChangeVersion"]


def token(running, client="crossing", secret="ods-secret"):
    """A token, asked for as most clients do."""
    asked = {"grant_type": "client_credentials"}
    return requests.post(running.token_url, asked, auth=(client, secret), timeout=5).json()["access_token"]


@cache
def worlds():
    return tuple(complete(WORLDS))


@contextmanager
def system(documents=None, **more):
    """A running system; with three whole worlds where nothing else is said."""
    with run(Ods(worlds() if documents is None else documents, **more)) as running:
        yield running


@contextmanager
def asked(documents=None, **more):
    """A client of a running system."""
    with system(documents, **more) as running:
        yield Client(running)


def kind(answer):
    """What follows the common prefix of a problem's type."""
    return answer.json()["type"].removeprefix("urn:ed-fi:api:")
