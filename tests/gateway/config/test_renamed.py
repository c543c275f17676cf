"""A setting under its old name means what it meant, with a warning; under both names it is a mistake."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from marshmallow import Schema, fields

from gateway.commands.cli import main
from gateway.config.reference import reference
from gateway.config.schema import DistrictSchema, RegionSchema
from gateway.config.settings import load, read
from gateway.config.toml import renamed
from gateway.config.toml.renamed import OWN, NewDefault, Renamed, accept

WRITES = Renamed(OWN, "writes", "writable", "wire")
WRITABLE = NewDefault(OWN, "writable", "on", "off", "writable = true", "wire")


class Wire:
    """An adapter with a setting that was renamed."""

    declares = False

    class Settings(Schema):
        writable = fields.Boolean(load_default=True)


class Other:
    """An adapter whose setting bears the name that another one's has no longer."""

    declares = False

    class Settings(Schema):
        writes = fields.Boolean()


ADAPTERS = {"wire": Wire, "other": Other}


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.setattr(renamed, "RENAMED", (*renamed.RENAMED, WRITES))
    monkeypatch.setattr(renamed, "NEW_DEFAULTS", (WRITABLE,))

    def written(text: str) -> Path:
        path = tmp_path / "gateway.toml"
        path.write_text(text)
        return path

    return written


def test_an_old_name_is_accepted_with_a_warning_that_has_its_place(write):
    path = write("[districts.a]\nadapter = 'other'\nhold = '2h'\n")
    settings = load(path, ADAPTERS.get)
    assert settings.districts["a"].cache == timedelta(hours=2)
    told = "districts.a.hold: is called cache since 0.2.0; this name is accepted until 1.0"
    assert settings.warnings == (f"{path}:3:1: {told}",)


def test_a_new_name_needs_no_warning_and_the_default_is_that_of_the_old_name(write):
    settings = load(
        write("[districts.a]\nadapter = 'other'\ncache = '2h'\n[districts.b]\nadapter = 'other'\n"), ADAPTERS.get
    )
    assert settings.warnings == ()
    assert settings.districts["a"].cache == timedelta(hours=2)
    assert settings.districts["b"].cache == timedelta(minutes=15)


def test_both_names_at_once_are_one_mistake_at_the_old_one(write):
    path = write("[districts.a]\nadapter = 'other'\ncache = '1h'\nhold = '2h'\n")
    settings, problems = read(path, ADAPTERS.get)
    assert settings is None
    told = "districts.a.hold: is called cache since 0.2.0, which is given too; leave this one out"
    assert [str(one) for one in problems] == [f"{path}:4:1: {told}"]


def test_a_wrong_value_is_told_by_the_name_that_stands_there(write):
    path = write("[districts.a]\nadapter = 'other'\nhold = 'long'\n")
    problems = read(path, ADAPTERS.get)[1]
    assert [str(one) for one in problems] == [f"{path}:3:1: districts.a.hold: write a duration as 45s, 15m, 2h or 1d"]


@pytest.mark.parametrize(("wrong", "near"), [("hodl", ""), ("hol", ""), ("cahce", " (did you mean cache?)")])
def test_a_misspelt_name_is_likened_to_new_names_only(write, wrong, near):
    problems = read(write(f"[districts.a]\nadapter = 'other'\n{wrong} = '1h'\n"), ADAPTERS.get)[1]
    assert [one.message.partition(": ")[2] for one in problems] == [
        f"districts.a.{wrong}: there is no such setting{near}"
    ]


def test_the_setting_of_one_adapter_is_renamed_for_it_alone(write):
    text = "[districts.a]\nadapter = 'wire'\n[districts.a.settings]\nwrites = false\n"
    other = "[districts.b]\nadapter = 'other'\nsettings = { writes = true }\n"
    settings = load(write(text + other), ADAPTERS.get)
    assert settings.districts["a"].settings == {"writable": False}
    assert settings.districts["b"].settings == {"writes": True}
    assert [one.partition("districts.")[2] for one in settings.warnings] == [
        "a.settings.writes: is called writable since 0.2.0; this name is accepted until 1.0"
    ]


def test_a_default_that_will_change_is_told_where_the_setting_is_not_given(write):
    path = write("[districts.a]\nadapter = 'wire'\n[districts.a.settings]\n[districts.b]\nadapter = 'other'\n")
    told = "districts.a.settings.writable: is on without being given, and will be off from 1.0; write writable = true to keep it"
    assert load(path, ADAPTERS.get).warnings == (f"{path}:3:1: {told}",)
    assert load(write("[districts.a]\nadapter = 'wire'\nsettings.writable = true\n"), ADAPTERS.get).warnings == ()


SERVER = "[districts.a]\nadapter = 'oneroster_rest'\n[districts.a.settings]\nurl = 'https://sis.example.org'\nauth = 'bearer'\n"


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("SIS_TOKEN", "token")

    def written(text: str) -> Path:
        path = tmp_path / "gateway.toml"
        path.write_text(f"{SERVER}token = 'env:SIS_TOKEN'\n{text}")
        return path

    return written


def test_the_old_names_of_a_oneroster_server_mean_the_same(server):
    settings = load(server("writes = false\npage = 7\n"))
    own = settings.districts["a"].settings
    assert (own["writable"], own["page_size"]) == (False, 7)
    assert own.keys().isdisjoint({"writes", "page"})
    assert [one.partition("settings.")[2] for one in settings.warnings] == [
        "writes: is called writable since 0.2.0; this name is accepted until 1.0",
        "page: is called page_size since 0.2.0; this name is accepted until 1.0",
    ]


@pytest.mark.parametrize(("old", "new"), [("writes = true", "writable = true"), ("page = 5", "page_size = 5")])
def test_an_old_name_of_a_oneroster_server_beside_the_new_one_is_a_mistake(server, old, new):
    problems = read(server(f"{old}\n{new}\n"))[1]
    assert [one.message.partition("settings.")[2] for one in problems] == [
        f"{old.split()[0]}: is called {new.split()[0]} since 0.2.0, which is given too; leave this one out"
    ]


@pytest.mark.parametrize(
    "more", ["writable = true\n", "writable = false\n", "profile = 'veracross'\nversion = '1.1'\n"]
)
def test_whoever_has_decided_about_changes_or_whose_vendor_takes_none_is_not_warned(server, more):
    assert load(server(more)).warnings == ()


def test_whoever_has_not_decided_about_changes_is_told_that_they_will_be_off(server):
    told = "is true without being given, and will be false from 1.0; write writable = true to keep it"
    assert [one.partition("writable: ")[2] for one in load(server("")).warnings] == [told]


def test_warnings_stand_in_the_order_of_the_file(write):
    text = "[districts.b]\nadapter = 'other'\nhold = '1h'\n[districts.a]\nadapter = 'other'\nhold = '1h'\n"
    assert [one.split(":")[1] for one in load(write(text), ADAPTERS.get).warnings] == ["3", "6"]


@pytest.mark.parametrize("raw", [{"districts": 3}, {"districts": {"a": 3}}, {"districts": {"a": {"settings": 3}}}])
def test_a_table_that_is_none_is_left_to_the_schema(write, raw):
    assert accept(raw).warnings == []


def test_no_old_name_is_a_setting_and_every_new_one_is():
    for one in renamed.RENAMED:
        schema = find_schema(one.table, one.adapter)
        assert one.new in schema.fields
        assert one.old not in schema.fields
    for one in renamed.NEW_DEFAULTS:
        assert one.name in find_schema(one.table, one.adapter).fields


def find_schema(table, adapter):
    from adapters import registry

    if adapter:
        return registry.find(adapter).Settings()
    return DistrictSchema() if table == renamed.DISTRICT else RegionSchema().fields[table[0]].schema


def test_the_page_about_settings_lists_old_names_and_defaults_that_will_change(write):
    assert "| `[districts.NAME]` | `hold` | `cache` | 0.2.0 | 1.0 |" in reference()
    lines = list(renamed.reference())
    assert "| `[districts.NAME.settings]` of `wire` | `writes` | `writable` | 0.2.0 | 1.0 |" in lines
    assert "| `[districts.NAME.settings]` of `wire` | `writable` | `on` | `off` from 1.0 | `writable = true` |" in lines


def test_check_warns_of_an_old_name_and_finds_no_mistake(tmp_path):
    (tmp_path / "agreements").mkdir()
    (tmp_path / "data").mkdir()
    path = tmp_path / "gateway.toml"
    path.write_text("[districts.a]\nadapter = 'edfi_xml'\nhold = '2h'\nsettings.source = 'data'\n")
    result = CliRunner().invoke(main, ["check", str(path)])
    assert f"warning: {path}:3:1: districts.a.hold: is called cache since 0.2.0" in result.output
    assert "there is no such setting" not in result.output
