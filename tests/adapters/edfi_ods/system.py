"""The fictional district as an Ed-Fi ODS on the loopback, for the tests of the adapter that asks it."""

from __future__ import annotations

import copy
import tempfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from adapters.edfi_ods.adapter import EdFiOds
from adapters.edfi_xml.adapter import EdFiXml
from adapters.edfi_xml.reader import CAPS, catalogue, documents
from adapters.files.archives import open_source
from adapters.simulators.edfi import Ods, run
from gateway.demo.data import write_edfi_xml
from standards.edfi.model.model import resources
from tests.support.regions import small_district


@cache
def district_documents():
    """The documents of the district, each with its collection, and the school years that no file of it states."""
    with tempfile.TemporaryDirectory() as place:
        write_edfi_xml(small_district(), Path(place) / "maple")
        with open_source(Path(place) / "maple", caps=CAPS) as source:
            names = [resource.collection for resource in resources().values()]
            return (*map(_year, (2026, 2027, 2028)), *documents(source, names, known=catalogue(source)))


def _year(year):
    said = {"schoolYear": year, "currentSchoolYear": year == 2027, "schoolYearDescription": f"{year - 1}-{year}"}
    return "schoolYearTypes", said


@contextmanager
def files():
    """The adapter over the same district's files."""
    with tempfile.TemporaryDirectory() as place:
        write_edfi_xml(small_district(), Path(place) / "maple")
        with EdFiXml("maple", {"source": str(Path(place) / "maple")}) as adapter:
            yield adapter


@contextmanager
def system(made=None, only=None, **more):
    """A running system that no other test has changed; it asks for no descriptors, of which the files have none.

    It has *only* some collections where a test needs no others.
    """
    more.setdefault("lenient", True)
    given = district_documents() if made is None else made
    given = [one for one in given if only is None or one[0] in only]
    with run(Ods(copy.deepcopy(given), **more)) as running:
        yield running


def settings_for(running, **more):
    """The settings that lead to a running system."""
    return {
        "url": running.url, "client_id": "crossing", "client_secret": "ods-secret", "allow_private": True,
        "page_size": 50, **more,
    }  # fmt: skip


@contextmanager
def source(running, **more):
    """The adapter over a running system."""
    with EdFiOds("maple", settings_for(running, **more)) as adapter:
        yield adapter
