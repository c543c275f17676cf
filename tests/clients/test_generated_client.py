"""A client that openapi-python-client generates from our own Ed-Fi document works as it comes out of the generator."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.clients.drive_generated_client import KEPT
from tests.clients.running import needed

DRIVER = Path(__file__).with_name("drive_generated_client.py")
PATIENCE_SECONDS = 300
FEW = ("classPeriods", "schools", "sections", "studentSchoolAssociations", "students")
POINTER = re.compile(r'"#/components/schemas/([^"]+)"')


@pytest.fixture(scope="module")
def generate(writers, tmp_path_factory):
    """Generates a client from a document, and lets it do a task at the district."""
    needed("openapi_python_client")

    def make(document):
        folder = tmp_path_factory.mktemp("generated")
        place = folder / "document.json"
        place.write_text(json.dumps(document))
        command = [
            sys.executable, "-m", "openapi_python_client", "generate", "--path", str(place), "--meta", "none",
            "--output-path", str(folder / "generated"), "--config", str(quiet(folder)),
        ]  # fmt: skip
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        assert "WARNING" not in done.stdout + done.stderr, done.stdout[-4000:]
        base, token = document["servers"][0]["url"], writers.token()

        def drive(task, *names):
            command = [sys.executable, str(DRIVER), str(folder), base, token, task, *names]
            ran = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
            assert ran.returncode == 0, ran.stderr[-4000:]
            return json.loads(ran.stdout)

        return drive

    return make


def quiet(folder):
    """A configuration without the formatter that the generator would call."""
    place = folder / "config.json"
    place.write_text('{"post_hooks": []}')
    return place


def document(writers, section="resources"):
    """The document as it is served."""
    return requests.get(f"{writers.base}/metadata/data/v3/{section}/swagger.json", timeout=60).json()


def part(whole, names):
    """The paths of some resources, and the schemas that they need."""
    paths = {path: item for path, item in whole["paths"].items() if path.split("/")[2] in names}
    schemas, known, waiting = whole["components"]["schemas"], set(), POINTER.findall(json.dumps(paths))
    while waiting:
        name = waiting.pop()
        if name not in known:
            known.add(name)
            waiting += POINTER.findall(json.dumps(schemas[name]))
    kept = {name: schema for name, schema in schemas.items() if name in known}
    return whole | {"paths": paths, "components": whole["components"] | {"schemas": kept}}


@pytest.fixture(scope="module")
def few(writers, generate):
    """A client of some resources, whose document is a part of the one that is served."""
    return generate(part(document(writers), FEW))


def test_it_lists_and_walks_with_the_defaults_of_the_document(few):
    for name, seen in few("reading", *FEW).items():
        assert seen["total"] > 0
        assert len(seen["first"]) == min(25, seen["total"])
        for walk in ("offset", "token"):
            assert (len(seen[walk]), len(set(seen[walk]))) == (seen["total"], seen["total"]), (name, walk)


def test_what_it_read_is_what_was_sent(few, writers):
    for name, seen in few("reading", *FEW).items():
        sent = requests.get(
            f"{writers.base}/data/v3/ed-fi/{name}?limit=1",
            headers={"Authorization": f"Bearer {writers.token()}"},
            timeout=60,
        ).json()
        assert [comparable(one) for one in seen["again"]] == [comparable(one) for one in sent]


def comparable(value):
    """A record without the ways in which a moment can be written."""
    if isinstance(value, dict):
        return {name: comparable(one) for name, one in value.items() if name != "_lastModifiedDate"}
    return [comparable(one) for one in value] if isinstance(value, list) else value


def test_it_filters(few):
    assert few("filtering") == {
        "names": True, "single": True, "met": True, "school": True, "day": True, "none": [],
    }  # fmt: skip


def test_it_reads_by_parts(few):
    walked = few("reading", "students", "sections")
    met = few("parts", "students", "sections")
    assert {name: sorted(ids) for name, ids in met.items()} == {
        name: sorted(seen["token"]) for name, seen in walked.items()
    }


def test_it_creates_changes_and_deletes(few):
    seen = few("writing")
    assert seen["statuses"] == [201, 200, 200, 304, 204, 412, 204, 404]
    assert (seen["before"], seen["after"], seen["name"], seen["link"]) == (False, True, KEPT, "School")
    assert KEPT in seen["told"]


@pytest.mark.slow
@pytest.mark.parametrize("section", ["resources", "descriptors"])
def test_the_whole_document_makes_a_client_that_reads_every_resource(writers, generate, section):
    whole = document(writers, section)
    names = sorted({path.split("/")[2] for path in whole["paths"]})
    for name, seen in generate(whole)("reading", *names).items():
        assert len(seen["first"]) == min(25, seen["total"]), name
        for walk in ("offset", "token"):
            assert (len(seen[walk]), len(set(seen[walk]))) == (seen["total"], seen["total"]), (name, walk)
