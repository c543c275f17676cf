"""A version of an agreement stays what it was at its first use: in its text, and in what its wildcards stand for."""

from __future__ import annotations

import orjson
import pytest
from click.testing import CliRunner

from gateway.audit.log import verify
from gateway.commands.cli import main
from gateway.config.settings import load
from gateway.demo.data import write_oneroster_12
from policies import agreement as agreements
from policies import elements
from standards.errors import StoreUnavailable
from tests.gateway.disclosures import read_disclosures
from tests.support.regions import Site, agreement, running, small_district

LINES = (("student.*", "allow"), ("enrollment.*", "allow"), ("organization.*", "allow"))


@pytest.fixture
def sites(tmp_path):
    write_oneroster_12(small_district(20), tmp_path / "maple.zip")
    return {"maple": Site("oneroster_csv", {"source": str(tmp_path / "maple.zip")})}


def forget():
    """Forget what was worked out from the names that the product knew before."""
    elements._settle.cache_clear()
    agreements._right.cache_clear()


def signed(text, old, new):
    assert old in text
    return text.replace(old, new)


def check(folder):
    return CliRunner().invoke(main, ["check", str(folder / "gateway.toml")])


TEXT = agreement("maple", LINES)
NO_CHANGE = {
    "a comment": lambda text: "# signed by all\n" + text,
    "an approval": lambda text: text + 'approvals: [{by: "the board", at: "2026-08-01"}]\n',
    "other quotes and spaces": lambda text: signed(text, "purpose: conformance", 'purpose:   "conformance"'),
}
CHANGES = {
    "a wider element": lambda text: text + '  - {path: "staff.id", action: allow}\n',
    "a narrower action": lambda text: signed(text, '"organization.*", action: allow', '"organization.*", action: deny'),
    "another interest": lambda text: signed(text, "prove what is promised", "sell what is promised"),
    "a longer validity": lambda text: signed(text, "2027-08-31", "2028-08-31"),
    "another client": lambda text: signed(text, "clients: [conformance]", "clients: [conformance, other]"),
}


@pytest.mark.parametrize("change", NO_CHANGE.values(), ids=NO_CHANGE)
def test_what_says_the_same_is_the_same_version(tmp_path, sites, change):
    with running(tmp_path / "r", sites, [TEXT]):
        pass
    with running(tmp_path / "r", sites, [change(TEXT)]) as region:
        assert region.consumer().roster("students").status_code == 200
    assert check(tmp_path / "r").exit_code == 0


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_version_that_was_used_cannot_be_edited(tmp_path, sites, change):
    with running(tmp_path / "r", sites, [TEXT]):
        pass
    with running(tmp_path / "r", sites, [change(TEXT)]) as region:
        assert region.consumer().roster("students").status_code == 403  # it fails closed
    told = "0.yaml:1:1: version 1 of conformance-maple was used with another text; a change needs a new version"
    assert told in check(tmp_path / "r").output
    with running(tmp_path / "r", sites, [signed(change(TEXT), "version: 1", "version: 2")]) as region:
        assert region.consumer().roster("students").status_code == 200
    assert "another text" not in check(tmp_path / "r").output


REUSED = {
    "another recipient": (lambda text: text, "org: conformance", "org: other", "other parties need another id"),
    "another purpose by the same form": (
        lambda text: text + "population: {all: [{consent: {form: cy-2026, status: granted}}]}\n",
        "purpose: conformance", "purpose: research", "another purpose needs another form",
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", REUSED)
def test_an_id_on_record_is_of_the_same_parties_and_its_form_of_the_same_purpose_for_ever(tmp_path, sites, how):
    """The version before is gone from the folder, and the consents that name its id and form are not."""
    with_form, old, new, told = REUSED[how]
    before = with_form(TEXT)
    with running(tmp_path / "r", sites, [before]):
        pass
    with running(tmp_path / "r", sites, [signed(signed(before, "version: 1", "version: 2"), old, new)]) as region:
        assert region.consumer().roster("students").status_code == 403
    assert told in check(tmp_path / "r").output


def test_a_set_belongs_to_the_text_of_the_agreements_that_name_it(tmp_path, sites):
    named = agreement("maple", (("organization.*", "allow"),)) + "  - {set: basics}\n"
    bundle = 'id: basics\ntext: "Who somebody is"\nelements:\n  - {path: student.id, action: allow}\n'
    folder = tmp_path / "r" / "agreements" / "sets"
    folder.mkdir(parents=True)
    (folder / "basics.yaml").write_text(bundle)
    with running(tmp_path / "r", sites, [named]):
        pass
    (folder / "basics.yaml").write_text(bundle + "  - {path: student.name.given, action: allow}\n")
    with running(tmp_path / "r", sites, [named]) as region:
        assert region.consumer().roster("schools").status_code == 403
    assert "was used with another text" in check(tmp_path / "r").output


def test_a_fact_that_the_product_learns_later_is_not_released_under_a_wildcard_of_old(tmp_path, sites, monkeypatch):
    """The product of before did not know the given name: `student.*` did not stand for it when it was signed."""
    known = elements._under

    def less(stem):
        return tuple(one for one in known(stem) if one.name != "student.name.given")

    with monkeypatch.context() as patch:
        patch.setattr(elements, "_under", less)
        forget()
        with running(tmp_path / "r", sites, [TEXT]) as region:
            assert "givenName" not in region.consumer().roster("students").json["users"][0]
    forget()
    with running(tmp_path / "r", sites, [TEXT]) as region:
        (user, *_) = region.consumer().roster("students").json["users"]
        assert "givenName" not in user
        assert "familyName" in user
        told = CliRunner().invoke(
            main, ["explain", "conformance", "student.name.given", "--settings", str(region.folder / "gateway.toml")]
        )
        assert "did not release it so when it was first used" in told.output
    with running(tmp_path / "r", sites, [signed(TEXT, "version: 1", "version: 2")]) as region:
        assert "givenName" in region.consumer().roster("students").json["users"][0]


def test_what_the_product_releases_less_of_is_released_less_under_an_agreement_of_old(tmp_path, sites, monkeypatch):
    """It never releases more than it would today: a fact that it has learned to mask is masked."""
    with running(tmp_path / "r", sites, [TEXT]) as region:
        assert "givenName" in region.consumer().roster("students").json["users"][0]
    known = elements._under
    monkeypatch.setattr(
        elements, "_under", lambda stem: tuple(one for one in known(stem) if one.name != "student.name.given")
    )
    forget()
    try:
        with running(tmp_path / "r", sites, [TEXT]) as region:
            assert "givenName" not in region.consumer().roster("students").json["users"][0]
    finally:
        forget()


def test_an_event_names_the_text_and_what_it_stood_for(tmp_path, sites):
    with running(tmp_path / "r", sites, [TEXT]) as region:
        region.consumer().roster("students", limit=2)
        audit = load(region.folder / "gateway.toml").audit.folder
    (event,) = read_disclosures(audit)
    text = (audit / "agreements" / event["texts"][0][:2] / f"{event['texts'][0][2:]}.json").read_text()
    assert "prove what is promised" in text
    assert agreements.load(tmp_path / "r" / "agreements" / "0.yaml").text == text
    name = event["elements"][0]
    stood = orjson.loads((audit / "agreements" / name[:2] / f"{name[2:]}.json").read_bytes())
    assert stood["student.name.given"] == "allow"
    assert "staff.name.given" not in stood


@pytest.mark.parametrize("kind", ["texts", "elements"])
def test_agreements_on_record_that_were_changed_open_nothing(tmp_path, sites, kind):
    with running(tmp_path / "r", sites, [TEXT]) as region:
        region.consumer().roster("students", limit=2)
        settings = load(region.folder / "gateway.toml")
    (event,) = read_disclosures(settings.audit.folder)
    name = event[kind][0]
    path = settings.audit.folder / "agreements" / name[:2] / f"{name[2:]}.json"
    path.write_bytes(path.read_bytes().replace(b"allow", b"allov", 1))
    assert verify(settings.audit.folder, settings.open_keys().derive("audit")) != []
    if kind == "elements":
        with pytest.raises(StoreUnavailable), running(tmp_path / "r", sites, [TEXT]):
            pass
