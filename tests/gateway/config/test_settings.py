"""A settings file is understood whole, or every mistake in it is named with its place."""

from __future__ import annotations

import os
import stat
import string
import tomllib
from datetime import UTC, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, fields

from gateway.config.reference import reference
from gateway.config.settings import load, read
from gateway.config.toml.toml_positions import locate, nearest
from gateway.storage import secrets
from standards.errors import SettingsError, suggestion

DOCS = Path(__file__).parents[3] / "docs" / "settings.md"
WHOLE = """
state = "kept"
agreements = "/agreed"
keys = { master = "env:CG_TEST_KEY" }

[server]
host = "0.0.0.0"
port = 0
public_url = "https://gateway.example.org/region"
trusted_proxies = ["10.0.0.0/8"]
threads = 2

[store]
url = "file:store.txt"

[memory]
url = "redis://localhost:6379/0"

[audit]
folder = "/recorded"

[tokens]
life = "1h30m"
per_client = 3

[limits]
client = "5/second"
district = ""

[districts.maple]
adapter = "csv"
cache = "0"
timezone = "America/Los_Angeles"
settings = { folder = "maple", note = "x" }

[districts.birch]
adapter = "csv"
[districts.birch.settings]
folder = "/birch"
"""


class Csv:
    """An adapter with settings of its own."""

    class Settings(Schema):
        folder = fields.String(required=True)
        note = fields.String()


def find(name: str) -> type[Csv]:
    if name != "csv":
        raise SettingsError(f"there is no adapter {name}{suggestion(name, ['csv'])}")
    return Csv


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.setenv("CG_TEST_KEY", "0f" * 32)

    def written(text: str) -> Path:
        path = tmp_path / "gateway.toml"
        path.write_text(text)
        return path

    return written


def test_an_empty_file_is_a_region_with_every_default(write, tmp_path):
    settings = load(write(""), find)
    assert settings.state == tmp_path / "state"
    assert settings.agreements == tmp_path / "agreements"
    assert settings.store_url == f"sqlite:///{tmp_path}/state/registry.db"
    assert settings.audit.folder == tmp_path / "state" / "audit"
    assert (settings.server.host, settings.server.port, settings.memory_url) == ("127.0.0.1", 8080, "")
    assert (settings.tokens.life, settings.tokens.per_client) == (timedelta(minutes=30), 15)
    assert settings.districts == {}


def test_every_setting_is_read(write, tmp_path):
    (tmp_path / "store.txt").write_text("postgresql://gateway:secret@db/registry\n")
    settings = load(write(WHOLE), find)
    assert (settings.state, settings.agreements) == (tmp_path / "kept", Path("/agreed"))
    assert settings.server.trusted_proxies == ("10.0.0.0/8",)
    assert settings.server.public_url == "https://gateway.example.org/region"
    assert settings.store_url == "postgresql://gateway:secret@db/registry"
    assert settings.memory_url == "redis://localhost:6379/0"
    assert settings.audit.folder == Path("/recorded")
    assert settings.tokens.life == timedelta(minutes=90)
    assert (settings.limits.client, settings.limits.district) == ("5/second", "")
    maple, birch = settings.districts["maple"], settings.districts["birch"]
    assert (maple.name, maple.cache, maple.timezone) == ("maple", timedelta(0), ZoneInfo("America/Los_Angeles"))
    assert maple.settings == {"folder": f"{tmp_path}/maple", "note": "x"}
    assert (birch.cache, birch.timezone, birch.settings) == (timedelta(minutes=15), UTC, {"folder": "/birch"})
    assert "secret" not in repr(settings)


MISTAKES = [
    ("[server]\nport = 80 80\n", "2:11: ", "newline"),
    ('[server]\nhost = "a"\nhost = "b"\n', "3:", "overwrite"),
    ("state = 'a", "1:", ""),
    ("[server]\nprot = 80\n", "2:1: ", "server.prot: there is no such setting (did you mean port?)"),
    ("[sever]\nport = 80\n", "1:1: ", "sever: there is no such setting (did you mean server?)"),
    ("[server]\n\n  port = 99999\n", "3:3: ", "server.port: must be between 0 and 65535"),
    ("server.port = 'x'\n", "1:1: ", "server.port: Not a valid integer"),
    ("server = 3\n", "1:1: ", "server: "),
    ('[server]\ntrusted_proxies = [\n  "10.0.0.0/8",\n  "ten",\n]\n', "4:3: ", "server.trusted_proxies.1: write an address"),
    ("[server]\npublic_url = 'gateway.example.org'\n", "2:1: ", "server.public_url: write it as https://"),
    ("[tokens]\nlife = '30 minutes'\n", "2:1: ", "tokens.life: write a duration"),
    ("[tokens]\nlife = 1800\n", "2:1: ", "tokens.life: write a duration"),
    ("[limits]\nclient = 'often'\n", "2:1: ", "limits.client: write a rate"),
    ("keys = { master = 'hunter2' }\n", "1:10: ", "keys.master: a secret is written env:NAME or file:PATH"),
    ("keys = { master = 'env:CG_TEST_NONE' }\n", "1:10: ", "keys.master: the environment variable CG_TEST_NONE is not set"),
    ("keys = { master = 'env:PATH' }\n", "1:10: ", "keys.master: the master key must be at least 32 bytes"),
    ("[store]\nurl = 'file:none.txt'\n", "2:1: ", "store.url: the file none.txt cannot be read"),
    ("[districts.Maple]\nadapter = 'csv'\nsettings.folder='a'\n", "1:1: ", "districts.Maple: a district's name has small"),
    ("[districts.oauth]\nadapter = 'csv'\nsettings.folder='a'\n", "1:1: ", "districts.oauth: this word begins"),
    ("[districts.a]\nhold = '1m'\n", "1:1: ", "districts.a.adapter: Missing data for required field"),
    ("[districts.a]\nadapter = 'cvs'\n", "2:1: ", "districts.a.adapter: there is no adapter cvs (did you mean csv?)"),
    ("[districts.a]\nadapter = 'csv'\nsettings.foldr = 'x'\nsettings.folder='y'\n", "3:1: ", "foldr: there is no such setting (did you mean folder?)"),
    ("[districts.a]\nadapter = 'csv'\n[districts.a.settings]\n", "3:1: ", "districts.a.settings.folder: Missing data"),
    ("[districts.a]\nadapter = 'csv'\nids = 'md5'\nsettings.folder='a'\n", "3:1: ", "districts.a.ids: must be one of: own"),
    ("[districts.a]\nadapter='csv'\ntimezone = 'Mars/Crater'\nsettings.folder='a'\n", "3:1: ", "districts.a.timezone: write a time zone"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "place", "message"), MISTAKES)
def test_a_mistake_is_named_with_its_place(write, text, place, message):
    path = write(text)
    settings, problems = read(path, find)
    assert settings is None
    assert len(problems) == 1, [str(problem) for problem in problems]
    assert str(problems[0]).startswith(f"{path}:{place}")
    assert message.lower() in str(problems[0]).lower()
    with pytest.raises(SettingsError, match=r"gateway\.toml"):
        load(path, find)


def test_every_mistake_is_named_in_the_order_of_the_file(write):
    text = "keys.master = 'env:CG_TEST_NONE'\n[server]\nport = -1\nhots = 'x'\n[districts.a]\nadapter = 'csv'\nhold = 'long'\n"
    problems = read(write(text), find)[1]
    assert [(problem.line, problem.column) for problem in problems] == [(1, 1), (3, 1), (4, 1), (5, 1), (7, 1)]


def test_no_mistake_repeats_a_secret(write):
    for text in ("keys = { master = 'hunter2' }\n", "[store]\nurl = 'env:hunter2'\nbad = 1\n"):
        assert "hunter2" not in str(read(write(text), find)[1][0]) or "env:" in text


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "latin.toml").write_bytes(b"state = 'caf\xe9'\n")
    for name in ("none.toml", "latin.toml"):
        with pytest.raises(SettingsError, match=name):
            load(tmp_path / name, find)


def test_the_page_about_settings_is_current():
    assert DOCS.read_text().endswith(reference())


def test_the_sample_on_the_page_about_settings_is_right(write, tmp_path, monkeypatch):
    class Source:
        class Settings(Schema):
            source = fields.String(required=True)

    monkeypatch.setenv("CROSSING_MASTER_KEY", "0f" * 32)
    sample = DOCS.read_text().split("```toml\n")[1].split("```")[0]
    maple = load(write(sample), lambda _: Source).districts["maple"]
    assert (maple.adapter, maple.settings) == ("oneroster_csv", {"source": f"{tmp_path}/maple.zip"})


# The key file

HEX = "0f" * 32


@pytest.mark.parametrize(
    "text",
    [HEX, HEX + "\n", "Dw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8=", "Dw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8"],
)
def test_a_master_key_is_read_from_hex_or_base64(tmp_path, text):
    (tmp_path / "key").write_text(text)
    assert secrets.open_keys("file:key", tmp_path, tmp_path).master == bytes([15] * 32)


def test_a_missing_key_file_is_made_once_for_its_owner_alone(tmp_path):
    state = tmp_path / "state"
    first, again = secrets.open_keys(None, state, tmp_path), secrets.open_keys(None, state, tmp_path)
    assert first.master == again.master
    assert len(first.master) == 32
    assert [path.name for path in state.iterdir()] == [secrets.KEY_FILE]
    assert stat.S_IMODE((state / secrets.KEY_FILE).stat().st_mode) == 0o600


def test_a_damaged_key_file_is_refused_not_replaced(tmp_path):
    (tmp_path / secrets.KEY_FILE).write_text("short")
    with pytest.raises(SettingsError, match="32 bytes"):
        secrets.open_keys(None, tmp_path, tmp_path)
    assert (tmp_path / secrets.KEY_FILE).read_text() == "short"


def test_keys_for_different_purposes_differ_and_last():
    keys = secrets.Keys(os.urandom(32))
    assert keys.derive("ids") == keys.derive("ids")
    assert len({keys.derive("ids"), keys.derive("audit"), secrets.Keys(os.urandom(32)).derive("ids")}) == 3
    assert keys.master.hex() not in repr(keys)


# Places

NAMES = st.text(string.ascii_lowercase, min_size=1, max_size=4)
SCALARS = st.one_of(
    st.integers(-99, 99),
    st.booleans(),
    st.sampled_from(
        ['""', "'a # b'", '"a \\" = ] }"', "'''x\n= y\n'''", '"""\\"""""', "''", "1.5", "2026-01-01", "'''a''''"]
    ),
)


def write_value(value) -> str:
    if isinstance(value, list):
        return "[ # a comment = ]\n" + ",\n ".join(map(write_value, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {write_value(inner)}" for name, inner in value.items()) + "}"
    return str(value).lower() if isinstance(value, bool) else str(value)


VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


def paths(value, path=()):
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield from paths(inner, (*path, name))


@given(st.dictionaries(NAMES, st.dictionaries(NAMES, VALUES, max_size=3), max_size=4))
def test_every_key_of_every_file_has_a_place_and_its_name_stands_there(tables):
    text = "".join(
        f"[{table}]  # [not.this]\n" + "".join(f"  {key} = {write_value(value)}\n" for key, value in pairs.items())
        for table, pairs in tables.items()
    )
    found = locate(text)
    read_back = tomllib.loads(text)
    assert set(paths(read_back)) == set(found)
    rows = text.split("\n")
    for path, (line, column) in found.items():
        rest = rows[line - 1][column - 1 :]
        assert isinstance(path[-1], int) or rest.startswith((str(path[-1]), f"[{path[-1]}]"))


def test_dotted_quoted_and_repeated_tables_have_places():
    text = 'a."b c".d = 1\n[[x]]\nk = 1\n[[x]]\nk = 2\n[x.y]\nz = 3\n["q\\"r"]\n'
    found = locate(text)
    assert found["a", "b c", "d"] == (1, 1)
    assert (found["x", 0, "k"], found["x", 1, "k"], found["x", 1, "y", "z"]) == ((3, 1), (5, 1), (7, 1))
    assert found['q"r',] == (8, 1)
    assert nearest(found, ("x", 1, "y", "missing")) == (6, 1)
    assert nearest(found, ("missing",)) == (1, 1)


# The secrets of a district


@pytest.mark.parametrize("name", ["client_secret", "token", "vendor_authorization"])
def test_a_districts_secret_is_a_reference_that_is_opened_and_never_told(write, tmp_path, monkeypatch, name):
    monkeypatch.setenv("MAPLE_SECRET", "hunter2-canary")
    (tmp_path / "other.key").write_text("hunter3-canary\n")
    sis = "url = 'https://sis.maple.example'\ntoken_url = 'https://sis.maple.example/token'\nclient_id = 'x'\n"
    rest = "" if name == "client_secret" else "client_secret = 'file:other.key'\n"
    text = f"[districts.maple]\nadapter = 'oneroster_rest'\n[districts.maple.settings]\n{sis}{rest}"
    settings = load(write(f"{text}{name} = 'env:MAPLE_SECRET'\n"))
    assert settings.districts["maple"].settings[name] == "hunter2-canary"
    assert "canary" not in repr(settings)
    for wrong, message in (("hunter2-canary", "a secret is written"), ("env:MAPLE_NONE", "MAPLE_NONE is not set")):
        found, problems = read(write(f"{text}{name} = '{wrong}'\n"))
        assert found is None
        assert [f"settings.{name}: " in str(problem) and message in str(problem) for problem in problems] == [True]
        assert "canary" not in str(problems[0])
