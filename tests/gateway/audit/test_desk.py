"""A privacy officer's questions, each answered by one command over a region's record."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from base64 import b64encode
from contextlib import closing
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from click.testing import CliRunner

from gateway.audit.chain import list_segments, read_events
from gateway.audit.students.index import index_file
from gateway.audit.students.subject_keys import PURPOSE as SUBJECT_KEYS
from gateway.audit.students.subject_keys import SubjectKeys
from gateway.commands.cli import main
from gateway.config.settings import load
from gateway.demo.data import write_oneroster_12
from gateway.registers.tags import ID, PURPOSE, RegisterKeys
from gateway.storage.registry import open_store
from tests.gateway.disclosures import read_disclosures
from tests.gateway.documents.pdf import Pdf
from tests.support.needs import ROOT
from tests.support.regions import TUTORING, Clock, Site, agreement, running, small_district, tags_of

BIRTH = (("student.id", "allow"), ("student.birthDate", "year"), ("organization.*", "allow"), ("enrollment.*", "allow"))


@pytest.fixture
def region(tmp_path):
    write_oneroster_12(small_district(40), tmp_path / "maple.zip")
    sites = {"maple": Site("oneroster_csv", {"source": str(tmp_path / "maple.zip")})}
    study = agreement("maple", BIRTH, client="analytics", purpose="study").replace("99.31(a)(1)", "99.31(a)(6)")
    signed = [agreement("maple", TUTORING, client="tutor", purpose="tutoring"), study]
    assert "99.31(a)(6)" in study
    with running(tmp_path / "region", sites, signed) as started:
        yield started


def crossing(region, *words, given=None):
    answer = CliRunner().invoke(main, [*words, "--settings", str(region.folder / "gateway.toml")], input=given)
    assert answer.exception is None or isinstance(answer.exception, SystemExit), answer.output
    return answer


def child_of(region, at=0):
    return region.gateway.districts["maple"].cached_snapshot().table("student").ids[at]


def audit(region):
    return load(region.folder / "gateway.toml").audit.folder


@pytest.fixture
def read(region):
    """A region in which both consumers have read every student, the tutor twice."""
    region.consumer("tutor").roster("students")
    region.consumer("tutor").roster("students", limit=40)
    region.consumer("analytics").roster("demographics", limit=40)
    return region


def test_who_saw_a_child_is_told_once_for_each_party_with_words_and_law(read):
    told = crossing(read, "audit", "child", "maple", given=f"{child_of(read)}\n").output
    assert "1. tutor (" in told
    assert "was shown" in told
    assert re.search(r"When: 2 times, first on November 2, 2026, \d\d:\d\d \w+, last on November 2, 2026", told)
    assert "Legitimate interest: prove what is promised" in told
    assert "Agreement: tutor-maple@1" in told
    assert "- The student's family name (only the first letter)" in told or "(only the first letter)" in told
    assert "The law does not demand this row (34 CFR 99.32(d)(2))" in told
    assert "The law demands this row: 34 CFR 99.32(a)." in told
    assert "(only the year)" in told
    assert "Events: 1, 2" in told
    assert "Rows: 2. Disclosures on record: 3." in told


def test_days_bound_what_is_told(read):
    own = f"{child_of(read)}\n"
    before = crossing(read, "audit", "child", "maple", "--to", "2026-11-01", given=own).output
    assert "Nothing is on record for this id." in before
    assert "on record: 3." in crossing(read, "audit", "child", "maple", "--from", "2026-11-02", given=own).output


@pytest.mark.parametrize(("language", "title"), [("en", "Record of disclosures"), ("es", "Registro de divulgaciones")])
@pytest.mark.parametrize("form", ["text", "html"])
def test_a_parent_gets_a_paper_in_two_languages(read, language, title, form):
    words = ("audit", "child", "maple", "--paper", language, "--format", form)
    told = crossing(read, *words, given=f"{child_of(read)}\n").stdout
    assert title in told
    assert ("Events:" in told) is False
    assert child_of(read) not in told
    if form == "html":
        assert f'<html lang="{language}">' in told
        assert told.count("<h2>") == 2
        assert "<script" not in told
    if language == "es":
        assert "La ley exige esta anotación: 34 CFR 99.32(a)." in told
        assert "2 de noviembre de 2026" in told


@pytest.mark.parametrize(("language", "title"), [("en", "Record of disclosures"), ("es", "Registro de divulgaciones")])
def test_a_parent_gets_a_tagged_pdf_that_says_what_the_page_says(read, tmp_path, language, title):
    words = ("audit", "child", "maple", "--paper", language, "--format", "pdf", "--output", str(tmp_path / "paper.pdf"))
    assert crossing(read, *words, given=f"{child_of(read)}\n").exit_code == 0
    text = " ".join(Pdf((tmp_path / "paper.pdf").read_bytes()).words)
    assert title in text
    assert "34 CFR 99.32(a)" in text
    assert "birthDate" not in text  # facts are told in words


def test_a_value_in_an_agreement_is_written_into_html_as_text(tmp_path):
    write_oneroster_12(small_district(5), tmp_path / "maple.zip")
    sites = {"maple": Site("oneroster_csv", {"source": str(tmp_path / "maple.zip")})}
    text = agreement("maple", TUTORING).replace("prove what is promised", "<img src=x>")
    with running(tmp_path / "region", sites, [text]) as region:
        region.consumer().roster("students")
        told = crossing(region, "audit", "child", "maple", "--format", "html", given=f"{child_of(region)}\n").output
    assert "&lt;img src=x&gt;" in told
    assert "<img" not in told


def test_further_parties_of_the_agreement_stand_on_the_paper(tmp_path):
    write_oneroster_12(small_district(5), tmp_path / "maple.zip")
    sites = {"maple": Site("oneroster_csv", {"source": str(tmp_path / "maple.zip")})}
    further = 'redisclosure: {named: ["State University, evaluation"]}\n'
    with running(tmp_path / "region", sites, [agreement("maple", TUTORING) + further]) as region:
        region.consumer().roster("students")
        own = f"{child_of(region)}\n"
        told = crossing(region, "audit", "child", "maple", "--paper", "en", given=own).output
    assert "May pass it on to: State University, evaluation\n" in told


def test_a_secret_subpoena_is_on_the_custodians_report_and_on_no_paper(tmp_path):
    write_oneroster_12(small_district(5), tmp_path / "maple.zip")
    sites = {"maple": Site("oneroster_csv", {"source": str(tmp_path / "maple.zip")})}
    order = agreement("maple", TUTORING, purpose="order").replace("99.31(a)(1)", "99.31(a)(9)(ii)(A)")
    with running(tmp_path / "region", sites, [order]) as region:
        region.consumer().roster("students")
        own = f"{child_of(region)}\n"
        assert "34 CFR 99.32(d)(5)" in crossing(region, "audit", "child", "maple", given=own).output
        paper = crossing(region, "audit", "child", "maple", "--paper", "en", given=own).output
    assert "Nothing is on record for this id." in paper
    assert "order" not in paper


def test_acts_about_a_child_are_told_to_the_custodian_alone(read):
    keys = RegisterKeys(load(read.folder / "gateway.toml").open_keys().derive(PURPOSE))
    for at, tags in enumerate(
        (
            {"id": keys.tag("maple", ID, child_of(read))},
            [keys.tag("maple", ID, child_of(read))],
            ["another"],
            str({"id": keys.tag("maple", ID, child_of(read))}),
        )
    ):
        read.gateway.record.append(
            {
                "operation": "act", "act": at, "action": "restriction.add", "actor": "ana", "district": "maple",
                "at": "2026-11-02T19:00:00.000+00:00", "content": {"tags": tags}, "reason": f"reason {at}",
            }
        )  # fmt: skip
    own = f"{child_of(read)}\n"
    told = crossing(read, "audit", "child", "maple", given=own).output
    assert "restriction.add, ana: reason 0" in told
    assert "reason 1" in told
    assert "reason 2" not in told
    assert "reason 3" in told
    for form in ("text", "html"):
        paper = crossing(read, "audit", "child", "maple", "--paper", "en", "--format", form, given=own).output
        assert "restriction" not in paper
    first = next(event["seq"] for event in read_events(audit(read)) if event.get("reason") == "reason 0")
    assert "did: restriction.add" in crossing(read, "audit", "event", str(first)).output


def test_what_a_recipient_got(read):
    told = crossing(read, "audit", "recipient", "tutor").output
    assert "tutor of tutor: read of maple" in told
    assert "when: 2 times" in told
    assert "student.name.family (initial)" in told
    assert "1 row." in told
    assert "analytics" not in told
    assert "0 rows." in crossing(read, "audit", "recipient", "nobody").output


@pytest.mark.parametrize(
    ("path", "rows"), [("student.birthDate", 1), ("student.*", 2), ("student.name", 1), ("staff.id", 0)]
)
def test_who_was_shown_a_fact(read, path, rows):
    told = crossing(read, "audit", "element", path).output
    assert f"{rows} row{'s' * (rows != 1)}." in told
    if path == "student.birthDate":
        assert "facts: student.birthDate (year)\n" in told


def test_what_a_breach_exposed_is_counted_and_listed_for_one_district(read):
    told = crossing(read, "audit", "exposure", "--client", "tutor").output
    assert "maple: tutor of tutor was sent data 2 times" in told
    assert "children of the school year 2026-27: 40" in told
    assert "(only the first letter)" in told
    listed = crossing(read, "audit", "exposure", "--client", "tutor", "--children", "maple").output.split()
    assert listed == sorted(read.gateway.districts["maple"].cached_snapshot().table("student").ids)
    (data,) = orjson.loads(crossing(read, "audit", "exposure", "--client", "tutor", "--json").output)
    assert data["childrenBySchoolYear"] == {"2027": 40}
    assert {"name": "student.name.family", "action": "initial"} in data["facts"]
    assert [one["agreement"] for one in data["agreements"]] == ["tutor-maple@1"]
    none = crossing(read, "audit", "exposure", "--client", "tutor", "--from", "2027-01-01").output
    assert "Nothing on record was sent to tutor." in none


@pytest.mark.parametrize("words", [("exposure", "--client", "tuter"), ("recipient", "tuter")])
def test_a_misspelt_client_is_not_called_one_to_whom_nothing_was_sent_and_no_more(read, words):
    told = crossing(read, "audit", *words).stderr
    assert "warning: tuter: no client is registered by this name, and none of such an organisation" in told
    assert "(did you mean tutor?)" in told
    assert crossing(read, "audit", "recipient", "tutor", "--from", "2027-01-01").stderr == ""


def test_a_misspelt_fact_is_not_called_one_that_nobody_was_shown_and_no_more(read):
    told = crossing(read, "audit", "element", "student.birthdate").stderr
    assert "No element is called 'student.birthdate' (did you mean student.birthDate?)." in told


def test_only_the_children_who_were_sent_are_exposed(region):
    own = child_of(region, 3)
    region.consumer("analytics").roster(f"students/{own}")
    listed = crossing(region, "audit", "exposure", "--client", "analytics", "--children", "maple").output.split()
    assert listed == [own]


def test_the_record_is_exported_for_other_programs(read):
    lines = crossing(read, "audit", "export").output.splitlines()
    assert [orjson.loads(line)["seq"] for line in lines] == [1, 2, 3]
    read.gateway.record.append({"operation": "act", "actor": "=cmd|' /C calc'!A0", "at": "2026-11-02T19:00:00+00:00"})
    rows = list(csv.DictReader(crossing(read, "audit", "export", "--format", "csv").output.splitlines()))
    assert [row["seq"] for row in rows] == ["1", "2", "3", "4"]
    assert rows[3]["actor"] == "'=cmd|' /C calc'!A0"
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row.values())


def test_an_export_is_verified_by_itself_with_the_heads_that_were_kept_outside(read, tmp_path):
    page = (ROOT / "docs" / "privacy.md").read_text("utf-8")
    (tmp_path / "verify.py").write_text(re.search(r"```python verify_export.py\n(.*?)```", page, re.DOTALL)[1])
    (tmp_path / "public.pem").write_text(crossing(read, "audit", "public-key").output)
    for _ in range(2):
        read.gateway.record._sign()
        crossing(read, "audit", "witness", "--to", str(tmp_path / "heads.jsonl"))
        read.gateway.record.append({"operation": "act", "actor": "a\u2028b\x85\n", "at": "2026-11-03T02:00:00+00:00"})
    crossing(read, "audit", "export", "--output", str(tmp_path / "export.ndjson"))
    whole = (tmp_path / "export.ndjson").read_bytes()
    (segment,) = list_segments(audit(read))
    assert whole == segment.read_bytes()
    assert [json.loads(line)["seq"] for line in whole.split(b"\n")[:-1]] == [1, 2, 3, 4, 5]

    def verified(content):
        (tmp_path / "asked.ndjson").write_bytes(content)
        command = [sys.executable, "verify.py", "asked.ndjson", "heads.jsonl", "public.pem"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert verified(whole).stdout == "5 lines, of which the last head covers 4\n"
    lines = whole.splitlines(keepends=True)
    for other in (
        whole.replace(b'"tutor"', b'"other"', 1), b"".join(lines[:3]), b"".join(lines[1:]), b"",
        b"".join([lines[1], lines[0], *lines[2:]]), b"".join([*lines[:1], *lines]),
    ):  # fmt: skip
        assert verified(other).returncode != 0


def test_days_of_an_export_are_those_of_the_district(read):
    at = {"local": "2026-11-03T02:00:00+00:00", "later": "2026-11-03T12:00:00+00:00"}
    for actor, moment in at.items():
        read.gateway.record.append({"operation": "act", "actor": actor, "at": moment, "district": "maple"})
    text = (read.folder / "gateway.toml").read_text()
    zoned = text.replace("[districts.maple]", '[districts.maple]\ntimezone = "America/Los_Angeles"')
    (read.folder / "gateway.toml").write_text(zoned)
    for words, expected in ((("--to", "2026-11-02"), {"local"}), (("--from", "2026-11-03"), {"later"})):
        told = crossing(read, "audit", "export", *words).output.splitlines()
        assert {json.loads(line).get("actor") for line in told} - {None} == expected


def test_a_proof_is_verified_by_the_lines_of_the_documentation_alone(read, tmp_path):
    script = re.search(
        r"```python verify_proof.py\n(# Verify a proof.*?)```",
        (ROOT / "docs" / "privacy.md").read_text("utf-8"),
        re.DOTALL,
    )
    assert len(script[1].splitlines()) <= 31
    (tmp_path / "verify.py").write_text(script[1])
    read.gateway.record._sign()
    pem = crossing(read, "audit", "public-key").output
    (tmp_path / "public.pem").write_text(pem)
    crossing(read, "audit", "prove", "1", "3", "--output", str(tmp_path / "proof.json"))
    proof = json.loads((tmp_path / "proof.json").read_text())

    def verified(content, key="public.pem"):
        (tmp_path / "asked.json").write_text(json.dumps(content))
        command = [sys.executable, "verify.py", "asked.json", key]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    told = verified(proof)
    assert told.returncode == 0, told.stderr
    assert '"client": "tutor"' in told.stdout or '"client":"tutor"' in told.stdout
    changes = [
        lambda one: one["entries"][0].update(text=one["entries"][0]["text"].replace("tutor", "other", 1)),
        lambda one: one["entries"][0].update(index=1),
        lambda one: one["entries"][0].update(path=one["entries"][0]["path"][:-1]),
        lambda one: one["head"].update(size=4),
        lambda one: one["head"].update(root="00" * 32),
        lambda one: one["contents"].update({next(iter(one["contents"])): "another text"}),
    ]
    for change in changes:
        changed = json.loads(json.dumps(proof))
        change(changed)
        assert verified(changed).returncode != 0
    other = subprocess.run(
        ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout"], capture_output=True, check=True
    )
    public = subprocess.run(["openssl", "ec", "-pubout"], input=other.stdout, capture_output=True, check=True).stdout
    (tmp_path / "other.pem").write_bytes(public)
    assert verified(proof, "other.pem").returncode != 0
    assert crossing(read, "audit", "prove", "99", "--output", str(tmp_path / "none.json")).exit_code == 1


def test_a_witness_outside_finds_a_record_that_is_shorter(read, tmp_path):
    read.gateway.record._sign()
    outside = tmp_path / "witness.jsonl"
    crossing(read, "audit", "witness", "--to", str(outside))
    read.consumer("tutor").roster("students", limit=1)
    read.gateway.record._sign()
    crossing(read, "audit", "witness", "--to", str(outside))
    first, second = (json.loads(line)["size"] for line in outside.read_text().splitlines())
    assert second > first
    assert crossing(read, "audit", "verify", "--witness", str(outside)).exit_code == 0
    (segment,) = list_segments(audit(read))
    segment.write_bytes(b"".join(segment.read_bytes().splitlines(keepends=True)[:3]))
    told = crossing(read, "audit", "verify", "--witness", str(outside))
    assert told.exit_code == 1
    assert f"knows {second} lines, and there are 3" in told.output
    outside.write_text(outside.read_text().replace('"size":3', '"size":2'))
    assert "line 1 is no head" in crossing(read, "audit", "verify", "--witness", str(outside)).output


def test_verify_looks_at_the_index_too(read):
    assert crossing(read, "audit", "child", "maple", given=f"{child_of(read)}\n").exit_code == 0
    assert crossing(read, "audit", "verify").exit_code == 0
    import sqlite3

    with closing(sqlite3.connect(index_file(audit(read)))) as database:
        database.execute("DELETE FROM tags")
        database.commit()
    assert "does not say what the record says" in crossing(read, "audit", "verify").output


def test_a_year_is_shredded_only_after_its_retention_and_nobody_is_found_by_it(read, monkeypatch):
    own = f"{child_of(read)}\n"
    early = crossing(read, "audit", "shred", "maple", "2027", "--reason", "over", "--yes")
    assert early.exit_code == 1
    assert "has not ended: its key is in use" in early.output
    monkeypatch.setattr("gateway.storage.registry.utc_now", lambda: datetime(2029, 7, 2, tzinfo=UTC))
    kept = crossing(read, "audit", "shred", "maple", "2027", "--reason", "over", "--yes")
    assert "are kept for ever, by the settings" in kept.output
    assert "Nothing is due." in crossing(read, "audit", "retention").output
    text = (read.folder / "gateway.toml").read_text()
    (read.folder / "gateway.toml").write_text(text.replace("[districts.maple]", "[districts.maple]\nrecord_years = 3"))
    assert (
        "are kept until 2030-07-01"
        in crossing(read, "audit", "shred", "maple", "2027", "--reason", "over", "--yes").output
    )
    text = (read.folder / "gateway.toml").read_text()
    (read.folder / "gateway.toml").write_text(text.replace("record_years = 3", "record_years = 2"))
    assert (
        "maple: the school year 2027 need not be kept since 2029-07-01" in crossing(read, "audit", "retention").output
    )
    assert crossing(read, "audit", "shred", "maple", "2027", "--reason", "over", "--yes").exit_code == 0
    assert "Nothing is on record for this id." in crossing(read, "audit", "child", "maple", given=own).output
    assert "was destroyed" in crossing(read, "audit", "exposure", "--client", "tutor", "--children", "maple").output
    assert "children of the school year 2026-27: 40" in crossing(read, "audit", "exposure", "--client", "tutor").output
    assert crossing(read, "audit", "verify").exit_code == 0
    assert "Nothing is due." in crossing(read, "audit", "retention").output


def test_a_year_is_shredded_before_its_time_by_force_alone(read, monkeypatch):
    monkeypatch.setattr("gateway.storage.registry.utc_now", lambda: datetime(2027, 7, 2, tzinfo=UTC))
    assert crossing(read, "audit", "shred", "maple", "2027", "--reason", "a court", "--yes", "--force").exit_code == 0


def test_a_shredded_key_is_in_no_file_of_the_region_and_the_registers_match_as_before(read, monkeypatch):
    def content():
        return b"".join(path.read_bytes() for path in read.folder.rglob("*") if path.is_file())

    opened = load(read.folder / "gateway.toml")
    own = f"{child_of(read)}\n"
    restrict = ("restrictions", "add", "--district", "maple", "--kind", "directory", "--reason", "a form")
    assert crossing(read, *restrict, given=own).exit_code == 0
    restricted = crossing(read, "restrictions", "list", "--district", "maple", "--student", given=own).output
    assert "directory" in restricted
    with closing(open_store(opened.store_url)) as store:
        (key,) = SubjectKeys(store, opened.open_keys().derive(SUBJECT_KEYS)).list("maple")
        with store.engine.connect() as connection:
            sealed = connection.exec_driver_sql("SELECT sealed FROM subject_keys").scalar()
    assert sealed in content()
    assert key.key not in content()
    monkeypatch.setattr("gateway.storage.registry.utc_now", lambda: datetime(2027, 7, 2, tzinfo=UTC))
    assert crossing(read, "audit", "shred", "maple", "2027", "--reason", "a court", "--yes", "--force").exit_code == 0
    left = content()
    for secret in (sealed, key.key):
        for spelt in (secret, secret.hex().encode(), b64encode(secret)):
            assert spelt not in left
    assert crossing(read, "audit", "verify").exit_code == 0
    assert "Nothing is on record for this id." in crossing(read, "audit", "child", "maple", given=own).output
    listed = crossing(read, "restrictions", "list", "--district", "maple", "--student", given=own).output
    assert listed == restricted


def test_a_new_school_year_tags_anew_and_both_years_are_found(tmp_path):
    write_oneroster_12(small_district(10), tmp_path / "maple.zip")
    sites = {"maple": Site("oneroster_csv", {"source": str(tmp_path / "maple.zip")})}
    clock = Clock(datetime(2027, 6, 30, 19, tzinfo=UTC))
    with running(tmp_path / "region", sites, [agreement("maple", TUTORING)], clock=clock) as region:
        region.consumer().users("students", limit=3)
        own = child_of(region)
        clock.move(timedelta(days=2).total_seconds())
        region.consumers.clear()
        region.consumer().users("students", limit=3)
        kept = {event["at"][:10]: event["set"] for event in read_disclosures(audit(region))}
        assert len(set(kept.values())) == len(kept) == 2
        seen = [event for tag in tags_of(region.gateway, "maple", own) for event in region.gateway.record.seen(tag)]
        assert {event["at"][:10] for event in seen} == {"2027-06-30", "2027-07-02"}
