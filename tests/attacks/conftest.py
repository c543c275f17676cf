"""One gateway over two small districts, and consumers who want more of it than they were promised."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING

import pytest
import structlog

from gateway import telemetry
from tests.support.regions import Consumer, Region, agreement, running, small_district, small_sites

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PUPILS = (
    ("organization.id", "allow"),
    ("organization.name", "allow"),
    ("organization.kind", "allow"),
    ("section.id", "allow"),
    ("section.title", "allow"),
    ("section.school", "allow"),
    ("student.name.given", "allow"),
    ("student.name.family", "initial"),
    ("student.birthDate", "year"),
    ("contact.id", "allow"),
    ("contact.name.given", "allow"),
    ("guardianship.*", "allow"),
    ("enrollment.*", "allow"),
    ("placement.*", "allow"),
)
TUTOR = (("student.id", "allow"), *PUPILS)
ANALYST = (("student.id", "pseudonym"), *PUPILS)


@pytest.fixture(scope="session")
def region(tmp_path_factory) -> Iterator[Region]:
    """``maple`` from OneRoster files, ``cedar`` from Ed-Fi files."""
    folder = tmp_path_factory.mktemp("attacked")
    school = json.dumps(small_district().spotlight_schools[0])
    some = f"{{all: [{{school: {{in: [{school}]}}}}, {{enrollment: active}}]}}"
    agreements = [
        agreement("maple"),
        agreement("cedar"),
        agreement("maple", TUTOR, client="tutor", purpose="tutoring", population=some),
        agreement("cedar", TUTOR, client="tutor", purpose="tutoring", population=some),
        agreement("maple", ANALYST, client="analyst", purpose="program-evaluation"),
        agreement("maple", ANALYST, client="rival", purpose="program-evaluation"),
        agreement("maple", TUTOR, client="torn", purpose="tutoring"),
        agreement("cedar", TUTOR, client="torn", purpose="research"),
        agreement("maple", ANALYST, client="narrow", purpose="program-evaluation"),
    ]
    settings = '[limits]\nclient = ""\nfailures = "5/minute"\naddress_failures = ""\n'
    with running(folder, small_sites(folder / "data"), agreements, settings) as made:
        yield made


@pytest.fixture(scope="session")
def tutor(region) -> Consumer:
    """Sees some pupils of one school of each district, with their ids."""
    return region.consumer("tutor")


@pytest.fixture(scope="session")
def analyst(region) -> Consumer:
    """Sees every pupil of maple under a pseudonym."""
    return region.consumer("analyst")


@pytest.fixture(scope="session")
def owner(region) -> Consumer:
    """Sees everything: the measure of what others must not see."""
    return region.consumer()


@pytest.fixture
def lines() -> Iterator[Callable[[], str]]:
    """All that is logged during a test."""
    stream = io.StringIO()
    before = logging.root.handlers[:], logging.root.level
    telemetry.configure(stream)
    yield stream.getvalue
    logging.root.handlers[:], logging.root.level = before
    structlog.reset_defaults()
