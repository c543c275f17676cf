"""Prefixes of Ed-Fi addresses: a district's name and a school year, in any case."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from flask import current_app, request

from gateway.auth.request_steps import ADDRESS, begin
from standards.edfi.model.model import resources
from standards.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from gateway.config import settings

PREFIXES = ("", "/<district>", "/<district>/<int(fixed_digits=4):year>")
"""The prefixes of every Ed-Fi address: nothing, a district, or a district and one of its school years."""

ROOTS = ("/data/v3", "/data")
ADDRESSES = tuple(prefix + root for prefix in PREFIXES for root in ROOTS)
"""The roots below which resources lie, as ``/{schema}/{resource}``."""

WORDS = ("data", "v3", "metadata", "changeQueries", "v1", "availableChangeVersions", "oauth", "token", "token_info",
         "revoke", "introspect", "deletes", "keyChanges", "partitions", "dependencies", "resources", "descriptors",
         "swagger.json", "xsd", "files", "ed-fi", "specifications", "resources-spec.json",
         "descriptors-spec.json", "identity", "v2")  # fmt: skip
EDFI = re.compile(r"(/[^/]+)??(/[0-9]{4})?/(data|metadata|changequeries|oauth)(/.*)?", re.IGNORECASE | re.DOTALL)
YEAR = "crossing.year"
FIRST_MONTH_OF_SCHOOL_YEAR = 7
"""The month with which a school year begins, for a district that lists none."""


class Folded:
    """Rewrite Ed-Fi addresses as the routes spell them: case and a slash at the end make no difference.

    Addresses of OneRoster, and ids and names that are not words of the standard, stay as they are.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass the request on under the address as the routes spell it."""
        environ["PATH_INFO"] = folded(environ.get("PATH_INFO", ""))
        return self._app(environ, start_response)


def folded(path: str) -> str:
    """Spell *path* as the routes do, where it is an address of the Ed-Fi API."""
    found = EDFI.fullmatch(path)
    if found is None:
        return path
    district, year, root, rest = (part or "" for part in found.groups())
    if root.lower() != "metadata":
        rest = rest.removesuffix("/")
    spelt = _spellings()
    below = "/".join(spelt.get(segment.lower(), segment) for segment in rest.split("/"))
    return f"{district.lower()}{year}/{spelt[root.lower()]}{below}"


@cache
def _spellings() -> Mapping[str, str]:
    """Index every word of the standard that may be a segment of an address by its lower case."""
    segments = (step for one in resources().values() for step in one.endpoint.split("/") if step)
    return {word.lower(): word for word in (*WORDS, *segments)}


def answering(
    districts: Mapping[str, settings.DistrictSettings], clock: Callable[[], datetime]
) -> Callable[[str, int], bool]:
    """List the school years, each named by the calendar year it ends in, that a district serves."""

    def answers(district: str, year: int) -> bool:
        known = districts.get(district)
        if known is None:
            return False
        today = clock().astimezone(known.timezone)
        return year in (known.school_years or (today.year + (today.month >= FIRST_MONTH_OF_SCHOOL_YEAR),))

    return answers


def enter(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Take the school year out of a route's arguments; it is part of the address and selects no records.

    Raises:
        NotFound: the district does not serve this year.
    """
    begin(ADDRESS)
    if not values or "year" not in values:
        return
    year = values.pop("year")
    if not current_app.config["SCHOOL_YEARS"](values["district"], year):
        raise NotFound("There is no such address.")
    request.environ[YEAR] = year


def place(district: str | None) -> str:
    """Return the prefix of the present request's address: its district, and the year where it has one."""
    year = request.environ.get(YEAR)
    return "".join(f"/{part}" for part in (district, year) if part is not None)
