"""A vendor is a file: what it says is checked, and the adapter does what it says."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files

import pytest

from adapters.oneroster_rest import profile as oneroster_profile
from adapters.oneroster_rest.profile import FOLDER, find, names, parse
from standards.errors import SettingsError, SourceRefused
from standards.oneroster.api import model
from tests.adapters.oneroster_rest.system import source, system

GENERIC = files(FOLDER).joinpath("generic.yaml").read_text("utf-8")


@pytest.mark.parametrize("name", names())
def test_every_profile_is_right(name):
    profile = find(name)
    assert profile.versions.keys() <= set(model.VERSIONS)
    assert 2 <= profile.page <= profile.ceiling
    assert profile.absent <= model.collections().keys()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("filter: true", "filtre: true", "filtre"),
        ("filter: true", "filter: perhaps", "filter: 'perhaps' is not of type 'boolean'"),
        ("total: sometimes", "total: often", "total: 'often' is not one of"),
        ("page: {size: 1000, ceiling: 10000}", "page: {size: 1000}", "page: 'ceiling' is a required property"),
        ('"1.2"', '"1.3"', "versions"),
        ("ids: as the vendor keeps them", "", "'ids' is a required property"),
        ("title: Any OneRoster server", "title: Any\ntitle: Other", "this is no YAML"),
        ("filter: true", "filter: [", "this is no YAML"),
    ],
)
def test_a_word_that_nobody_knows_is_refused(old, new, message):
    assert old in GENERIC
    with pytest.raises(SettingsError, match=r"generic\.yaml") as caught:
        parse("generic", GENERIC.replace(old, new))
    assert message in caught.value.message


def test_a_misspelt_profile_is_answered_with_the_nearest():
    with pytest.raises(SettingsError, match="did you mean classlink"):
        find("classlnk")


@pytest.fixture
def vendor(monkeypatch):
    """The generic profile with some words changed."""

    def change(**words):
        changed = replace(find("generic"), **words)
        monkeypatch.setattr(oneroster_profile, "find", lambda _: changed)

    return change


def count(adapter):
    return len(list(adapter.read({"session": frozenset({"name"}), "result": frozenset({"score"})})))


def test_infinite_campus_has_its_paths_and_its_second_key():
    with system(prefix="/campus/api", vendor="key:secret") as running:
        campus = {"profile": "infinite-campus", "token_url": f"{running.url}/campus/api/oauth/token"}
        with source(running, **campus, vendor_authorization="key:secret") as adapter:
            assert count(adapter) == 43
            assert not any("fields" in one.query for one in running.sis.log)
        with source(running, **campus) as adapter:
            assert len(list(adapter.read({"session": None}))) == 13
            with pytest.raises(SourceRefused, match="results: the source answers 401"):
                list(adapter.read({"result": None}))


@pytest.mark.parametrize("name", [name for name in names() if name != "infinite-campus"])
def test_every_vendor_is_read(name):
    profile = find(name)
    version = max(profile.versions)
    wanted = {"student": frozenset({"name.given"}), "placement": frozenset()}
    with (
        system(ceiling=profile.ceiling, sorting=bool(profile.sort)) as running,
        source(running, profile=name, version=version, page_size=0) as adapter,
    ):
        assert len(list(adapter.read(wanted))) == 575
        assert all("fields" in one.query for one in running.sis.log) is profile.fields
        assert bool(adapter.manifest.writes) is profile.writes


def test_what_is_not_offered_is_not_asked_for():
    with system() as running, source(running, absent=["demographics", "resources"]) as adapter:
        found = list(adapter.read({"student": None, "resource": None}))
        assert {entity for entity, _ in found} == {"student"}
        assert not any("birthDate" in record for _, record in found)
        assert {one.collection for one in running.sis.log} == {"orgs", "users"} - {"orgs"}
        assert adapter.notes.counts == {"demographics: not offered": 1, "resources: not offered": 1}


def test_pages_may_be_followed_by_their_links(vendor):
    vendor(paging="link")
    with system() as running:
        answer = running.sis.answer

        def linked(method, url, headers, body):
            reply = answer(method, url, headers, body)
            place, _, query = url.partition("?")
            asked = dict(part.split("=") for part in query.split("&")) if query else {}
            if "offset" in asked:
                after = int(asked["offset"]) + int(asked["limit"])
                if after < int(reply.headers.get("X-Total-Count", 0)):
                    rest = "&".join(f"{name}={after if name == 'offset' else value}" for name, value in asked.items())
                    reply.headers["Link"] = f'<{place}?offset=0>; rel="first", <{self_or(place)}?{rest}>; rel="next"'
            return reply

        self_or = lambda place: place  # noqa: E731
        running.sis.answer = linked
        with source(running, page_size=5) as adapter:
            assert count(adapter) == 43
            assert max(int(one.query["offset"]) for one in running.sis.log) == 25
        self_or = lambda place: place.replace("127.0.0.1", "127.0.0.2")  # noqa: E731
        with source(running, page_size=5) as adapter, pytest.raises(SourceRefused, match="elsewhere"):
            count(adapter)
