"""P1: the gateway writes no student value in clear anywhere; planted words are looked for in all it leaves behind."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest
import redis
import structlog
from click.testing import CliRunner

from gateway import telemetry
from gateway.commands.cli import main
from gateway.demo.data import write_edfi_xml
from standards import registry
from tests.adapters.oneroster import packages as made
from tests.support.regions import EDFI, ROSTER, Site, agreement, running, served, small_district, write

CSV_CANARIES = {
    "givenName": "Kanarigiven", "familyName": "Kanarifamily", "middleName": "Kanarimiddle", "email": "kanarimail@example.org",
    "sms": "555-0199-771", "phone": "555-0199-772", "identifier": "kanari-ident-77", "username": "kanariuser",
    "preferredGivenName": "Kanaripreferred", "pronouns": "kanari/kanarir", "userIds": "{LDAP:kanari-ldap-1}",
}  # fmt: skip
CSV_DEMOGRAPHICS = {"birthDate": "1903-07-19", "cityOfBirth": "Kanariville"}
XML_CANARIES = {
    "FirstName": "Zilverfirst", "LastSurname": "Zilverlast", "MiddleName": "Zilvermiddle", "ElectronicMailAddress": "zilver@example.org",
    "TelephoneNumber": "555-0188-771", "StreetNumberName": "7 Zilverstreet", "City": "Zilvercity", "BirthCity": "Zilverbirth",
    "IdentificationCode": "zilver-code-77", "BirthDate": "1904-08-21", "LoginId": "zilverlogin",
}  # fmt: skip
FAULT = "Goudvogelfault"
CANARIES = {
    value.strip("{}").partition(":")[2] or value for value in (CSV_CANARIES | CSV_DEMOGRAPHICS | XML_CANARIES).values()
} | {FAULT}


def csv_site(folder):
    """A OneRoster zip in which every value about a person is a planted word."""
    files = made.package("1.2")
    rows = made.rows("1.2")
    for row in rows["users.csv"]:
        row.update(CSV_CANARIES)
    for row in rows["demographics.csv"]:
        row.update(CSV_DEMOGRAPHICS)
    for name in ("users.csv", "demographics.csv"):
        headings = files[name].decode().splitlines()[0].split(",")
        files[name] = made.text(headings, rows[name]).encode()
    return Site("oneroster_csv", {"source": str(made.archive(folder / "maple.zip", files))})


def xml_site(folder):
    """Interchange files in which every value about a person is a planted word."""
    write_edfi_xml(small_district(12), folder / "cedar")
    for file in (folder / "cedar").rglob("*.xml"):
        text = file.read_text("utf-8")
        for element, word in XML_CANARIES.items():
            text = re.sub(rf"(<{element}>)[^<]*(</{element}>)", rf"\g<1>{word}\2", text)
        file.write_text(text, "utf-8")
    return Site("edfi_xml", {"source": str(folder / "cedar")})


def broken_sites(folder):
    """Sources that fail with a planted word right where they fail."""
    files = made.package("1.2")
    files["users.csv"] += f'x,,,maybe,{FAULT},"{FAULT}'.encode()
    broken_csv = made.archive(folder / "broken.zip", files)
    write_edfi_xml(small_district(12), folder / "broken-xml")
    students = next(file for file in (folder / "broken-xml").rglob("*.xml") if "<Student>" in file.read_text("utf-8"))
    text = students.read_text("utf-8")
    cut = text.rindex("</Student>")
    students.write_text(f"{text[:cut]}<{FAULT} {FAULT}='{FAULT}<>", "utf-8")
    return {
        "alder": Site("oneroster_csv", {"source": str(broken_csv)}),
        "birch": Site("edfi_xml", {"source": str(folder / "broken-xml")}),
    }


QUESTIONS = (
    "users?filter=familyName%3D%27Kanarifamily%27", "users?filter=Kanarifamily%3D%27x%27", "users?sort=Kanarifamily", "users?fields=Kanarifamily",
    "users?limit=Kanarifamily", "users?Kanarifamily=1", "users/Kanarifamily", "Kanarifamily", "users?sort=familyName&filter=email~%27kanarimail%27",
    "demographics?filter=birthDate%3D%271903-07-19%27", "demographics?filter=birthDate%3D%27Kanarifamily%27",
)  # fmt: skip
EDFI_QUESTIONS = (
    "students?lastSurname=Zilverlast", "students?birthDate=1904-08-21", "students?birthDate=Zilverlast", "students?Zilverlast=1",
    "students/deletes", "contacts/keyChanges", "students?minChangeVersion=0", "students/Zilverlast", "Zilverlast", "students?limit=Zilverlast", "students?studentUniqueId=Zilverlast",
)  # fmt: skip


def exercise(ask, districts, every=1):
    """Ask everything (or *every* so-manieth collection) of every district: whole collections, single records, wrong questions; the bodies that came."""
    paths = []
    for district in districts:
        paths.append(f"/{district}/changeQueries/v1/availableChangeVersions")
        for root, api, questions in ((ROSTER, "oneroster", QUESTIONS), (EDFI, "edfi", EDFI_QUESTIONS)):
            names = [name for name in registry.views(api) if not name.endswith("Descriptors")][::every]
            paths += [f"/{district}{root}{rest}" for rest in (*(f"{name}?limit=500" for name in names), *questions)]
        paths.append(f"/{district}/Kanarifamily/Zilverlast")
    return "\n".join(map(ask, paths))


def written(word):
    """The ways in which a word could lie in a file."""
    plain = word.encode()
    yield plain.lower()
    yield plain.hex().encode()
    yield word.encode("utf-16-le").lower()
    yield quote(word, safe="").lower().encode()
    for shift in range(3):
        yield base64.b64encode(b"x" * shift + plain)[4 if shift else 0 : -4].lower()


def found_in(data):
    """The planted words in some bytes."""
    low = data.lower()
    return {word for word in CANARIES for form in written(word) if form in low}


def found_below(folder: Path, skip: frozenset[Path] = frozenset()):
    """The planted words in the names and contents of every file of a folder."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file() and not any(place in path.parents for place in skip):
            words = found_in(str(path.relative_to(folder)).encode() + b"\n" + path.read_bytes())
            if words:
                found[str(path)] = words
    return found


@pytest.fixture
def sites(tmp_path):
    folder = tmp_path / "sources"
    folder.mkdir()
    return {"maple": csv_site(folder), "cedar": xml_site(folder), **broken_sites(folder)}


@pytest.mark.parametrize("form", range(7))
def test_the_search_finds_a_word_however_it_is_written(tmp_path, form):
    (tmp_path / "file").write_bytes(b"\x00 before " + list(written("Kanarifamily"))[form] + b" after")
    assert found_below(tmp_path) == {str(tmp_path / "file"): {"Kanarifamily"}}


def test_the_real_server_leaves_no_value_in_its_folder_its_log_or_the_temporary_folder(tmp_path, sites, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    whole = {name: sites[name] for name in ("maple", "cedar")}
    with served(tmp_path / "region", whole, operations="[read, search, changes]") as running_server:
        bodies = exercise(lambda path: running_server.get(path, headers={"X-Note": "Kanarifamily"}).text, whole)
        live_log = running_server.log.read_bytes()
    assert {word for word in CANARIES if word not in bodies} == {FAULT, "555-0188-771"} - set(
        re.findall("555-0188-771", bodies)
    )
    assert live_log.count(b'"event":"request"') > 100
    assert found_below(tmp_path, frozenset({tmp_path / "sources"})) == {}
    assert (tmp_path / "region" / "state" / "audit" / "record-000001.jsonl").stat().st_size > 10_000
    journals = [file for file in (tmp_path / "region" / "state" / "journals").rglob("*") if file.is_file()]
    assert len(journals) > 100
    assert sum(file.stat().st_size for file in journals) > 10_000


def test_the_registers_keep_tags_and_sealed_values_and_the_tasks_no_value(tmp_path, sites):
    """An address, a form that a parent filled in, a contact, students by name and id: none of it is on disk."""
    region, sources = tmp_path / "region", tmp_path / "sources"
    file = write(region, {"maple": sites["maple"]}, [agreement("maple")])
    (sources / "box.txt").write_text("street: 7 Zilverstreet\ncity: Zilvercity\nstate: WA\npostalCode: 98507\n")
    (sources / "form.txt").write_text("I, Zilverfirst Zilverlast, agree")
    (sources / "list.csv").write_text("studentId\nzilverlogin\n")
    rows = made.rows("1.2")
    student = next(row["userSourcedId"] for row in rows["roles.csv"] if row["role"] == "student")
    maple, settings = ["--district", "maple"], ["--settings", str(file)]
    signed = ["--signer", "parent", "--method", "paper", "--signed", "2026-09-02", "--agreement", "conformance-maple"]
    told = ""
    for typed, *words in (
        (student, "restrictions", "add", "--kind", "acp", "--substitute-from", str(sources / "box.txt")),
        (student, "consents", "add", *signed, "--form", "f", "--form-text", str(sources / "form.txt")),
        (
            "Zilverlast\nZilverfirst\n1904-08-21",
            "restrictions",
            "add",
            "--kind",
            "directory",
            "--by",
            "name",
            "--anyway",
        ),
        ("", "restrictions", "import", str(sources / "list.csv"), "--kind", "directory", "--anyway"),
        (student, "consents", "withdraw", "--reason", "letter"),
        ("", "restrictions", "list", "--all"),
        ("", "consents", "list", "--all", "--json"),
    ):
        answer = CliRunner().invoke(main, [*words, *maple, *settings], f"{typed}\n")
        assert answer.exit_code == 0, answer.output
        told += answer.stdout
    tasks = CliRunner().invoke(main, ["tasks", "list", "--json", *settings]).stdout
    assert "entry-matches-nobody" in tasks
    for one in json.loads(tasks):
        assert CliRunner().invoke(main, ["tasks", "close", one["id"], "--outcome", "seen", *settings]).exit_code == 0
    assert found_in((told + tasks).encode()) == set()
    assert found_below(tmp_path, frozenset({sources})) == {}
    assert (region / "state" / "registry.db").stat().st_size > 10_000


@pytest.fixture
def spoken():
    """What the gateway logs in this process."""
    stream = io.StringIO()
    telemetry.configure(stream)
    yield stream
    structlog.reset_defaults()


def test_numbers_memory_registry_and_the_errors_of_broken_sources_hold_no_value(
    tmp_path, sites, spoken, redis_url, capfd
):
    lines = [agreement(name) for name in sites]
    settings = f'[memory]\nurl = "{redis_url}"\n'
    with running(tmp_path / "region", sites, lines, settings) as region:
        consumer = region.consumer()
        exercise(lambda path: consumer.ask(path).text, ("maple", "cedar"))
        refused = exercise(lambda path: consumer.ask(path).text, ("alder", "birch"), every=9)
        assert FAULT not in refused
        assert "server_busy" in refused or "internal_server_error" in refused
        assert "urn:ed-fi:api:system" in refused
        numbers = telemetry.exposition()
    database = redis.Redis.from_url(redis_url)
    kept = [key + b" " + (database.dump(key) or b"") for key in database.scan_iter("*")]
    database.close()
    assert kept
    out, err = capfd.readouterr()
    assert b"crossing_requests" in numbers
    assert spoken.getvalue().count('"event":"request"') > 200
    for place, data in {
        "numbers": numbers,
        "redis": b"\n".join(kept),
        "log": spoken.getvalue().encode(),
        "out": out.encode(),
        "err": err.encode(),
    }.items():
        assert found_in(data) == set(), place
    assert found_below(tmp_path, frozenset({tmp_path / "sources"})) == {}


def test_a_fault_of_the_gateway_itself_repeats_no_value(tmp_path, sites, spoken, capfd):
    """A fault is provoked where values are at hand: a table that ends too early."""
    with running(tmp_path / "region", {"maple": sites["maple"]}, [agreement("maple")]) as region:
        consumer = region.consumer()
        assert consumer.ask(f"{ROSTER}users").status_code == 200
        table = region.gateway.districts["maple"].cached_snapshot().table("student")
        table.columns["name.given"].clear()
        for path in (f"{ROSTER}users?filter=givenName%3D%27Kanarigiven%27", f"{ROSTER}students", f"{EDFI}students"):
            answer = consumer.ask(path)
            assert answer.status_code == 500
            assert found_in(answer.data) == set()
    out, err = capfd.readouterr()
    assert '"event":"fault"' in spoken.getvalue()
    assert found_in(f"{spoken.getvalue()}{out}{err}".encode()) == set()
    assert found_below(tmp_path, frozenset({tmp_path / "sources"})) == {}
