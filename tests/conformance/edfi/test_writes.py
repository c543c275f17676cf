"""A document of every resource is sent to a district's ODS, read back, replaced, and taken away again."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from adapters.simulators.edfi import Ods
from standards.edfi.model import model
from tests.conformance.edfi.conftest import MANY, OPERATIONS, SECRET, site
from tests.conformance.edfi.test_resources import bare, keyed
from tests.standards.edfi.complete import complete
from tests.support.regions import agreement, running
from tests.support.sampling import is_sampled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.regions import Consumer

EDFI = "/data/v3/ed-fi"


DOCUMENTS = complete(1, seed=4)
NAMES = sorted({collection for collection, _ in DOCUMENTS})


@pytest.fixture(scope="module", params=[False, pytest.param(True, marks=pytest.mark.slow)], ids=["sampled", "every"])
def documents(request):
    """What is written: every document, or those of the resources that are sampled."""
    return [one for one in DOCUMENTS if request.param or is_sampled(NAMES, one[0])]


@pytest.fixture(scope="module")
def ods(documents) -> Ods:
    """An ODS without any data, but for what is not written, for the sake of what names it."""
    return Ods([one for one in DOCUMENTS if one not in documents], secret=SECRET)


@pytest.fixture(scope="module")
def writer(tmp_path_factory, ods) -> Iterator[Consumer]:
    """A consumer that may write everything there."""
    with (
        site(ods, tmp_path_factory.mktemp("ods")) as place,
        running(
            tmp_path_factory.mktemp("region"), {"fir": place}, [agreement("fir", operations=OPERATIONS)], MANY
        ) as region,
    ):
        yield region.consumer()


def send(writer, method, address, document=None, **headers):
    return writer.web.open(address, method=method, json=document, headers={**writer.bearer, **headers})


def test_every_resource_is_written_and_read_back_field_by_field(writer, ods, documents):
    places, told = [], Counter()
    for collection, document in documents:
        answer = send(writer, "POST", f"{EDFI}/{collection}", document)
        assert answer.status_code == 201, (collection, answer.text)
        assert answer.data == b""
        place = answer.headers["Location"].removeprefix("http://localhost")
        shown = writer.ask(place)
        assert shown.status_code == 200, (collection, shown.text)
        resource = model.by_collection(collection)
        said = {name: value for name, value in bare(shown.json).items() if name != resource.descriptor_id}
        assert keyed([said]) == keyed([document]), collection
        assert shown.headers["ETag"] == answer.headers["ETag"], collection
        places.append((collection, document, place))
        told["created"] += 1
    for collection, document, place in places:
        again = send(writer, "POST", f"{EDFI}/{collection}", document)
        assert again.status_code == 200, (collection, again.text)
        assert again.headers["Location"].endswith(place)
        replaced = send(writer, "PUT", place, document, **{"If-Match": again.headers["ETag"]})
        assert replaced.status_code == 204, (collection, replaced.text)
        told["replaced"] += 1
    kept = {name: [row.document for row in rows.values()] for name, rows in ods.state.rows.items()}
    for collection, document, _ in places:
        assert keyed([document])[0] in keyed(kept[model.by_collection(collection).name]), collection
    for collection, _, place in reversed(places):
        answer = send(writer, "DELETE", place)
        assert answer.status_code == 204, (collection, answer.text)
        assert writer.ask(place).status_code == 404, collection
        told["deleted"] += 1
    assert sum(map(len, ods.state.rows.values())) == len(DOCUMENTS) - len(documents)
    print(f"\n{dict(told)} of {len({collection for collection, _, _ in places})} endpoints")
