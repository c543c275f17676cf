"""A gateway that operators run is reloaded a hundred times while consumers ask it, and none of them notices."""

from __future__ import annotations

import http.client
import json
import os
import signal
import stat
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from gateway.auth.client_secrets import new_secret
from gateway.auth.scopes import known_scopes
from gateway.commands.cli import main
from gateway.config.settings import load
from gateway.demo.data import write_oneroster_12
from gateway.runtime.control import control_socket
from gateway.storage.registry import Client, Secret, open_store
from tests.gateway.disclosures import read_disclosures
from tests.support.regions import EDFI, ROSTER, Site, served, small_district, wait_until
from tests.support.reloading import agreed, name_of

RELOADS = [20, pytest.param(100, marks=pytest.mark.slow)]
A_SECOND = 300
CLIENTS = 4
ALWAYS = {"begin": "2020-01-01", "end": "2099-12-31"}
GIVEN = (("student.id", "allow"), ("student.name.given", "allow"), ("student.email", "allow"))
FAMILY = (("student.id", "allow"), ("student.name.family", "allow"), ("student.identifier", "allow"))
TOLD = ("givenName", "email"), ("familyName", "identifier")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reloaded")
    write_oneroster_12(small_district(40), folder / "maple.zip")
    sites = {"maple": Site("oneroster_csv", {"source": str(folder / "maple.zip")})}
    with served(folder / "region", sites, operations="[read, search, bulk]") as running:
        yield running


@pytest.fixture
def tutor(server):
    """A token of a client whose agreement changes all the time."""
    write(server, GIVEN)
    secret, trace = new_secret()
    store = open_store(load(server.folder / "gateway.toml").store_url)
    if store.find_client("tutor") is None:
        scopes = tuple(known_scopes())
        store.add_client(Client("tutor", "tutor", "vendor", scopes, (Secret(trace),), datetime.now(UTC), "ana"))
    else:
        store.rotate_secret("tutor", trace, None, "ana")
    store.close()
    assert reload(server)["ok"]
    asked = {"grant_type": "client_credentials"}
    return requests.post(f"{server.base}/oauth/token", asked, auth=("tutor", secret), timeout=30).json()["access_token"]


def write(server, lines):
    """Let the agreement be another one; its version."""
    place = server.folder / "agreements" / "tutor.yaml"
    draft, text = place.with_suffix(".draft"), agreed("maple", lines, client="tutor", purpose="tutoring", **ALWAYS)
    draft.write_text(text, "utf-8")
    draft.replace(place)
    return name_of(text)


def reload(server):
    return list(control_socket.ask(server.folder / "state", "reload"))[-1]


class Asking(threading.Thread):
    """Asks one address again and again over one connection, at an even pace, and keeps what it is answered."""

    def __init__(self, server, path, token, pace):
        super().__init__(daemon=True)
        self.answers, self.failures, self.ended = [], [], threading.Event()
        self._server, self._path, self._pace = server, path, pace
        self._headers = {"Authorization": f"Bearer {token}"}

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=20)
        due = time.monotonic()
        while not self.ended.is_set():
            try:
                connection.request("GET", self._path, headers=self._headers)
                answer = connection.getresponse()
                self.answers.append((answer.status, answer.read()))
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                return
            due += self._pace
            time.sleep(max(0.0, due - time.monotonic()))
        connection.close()


def kind_of(body):
    """Which of the two agreements an answer was made under; every record of it must have been."""
    kinds = {tuple(any(name in record for name in names) for names in TOLD) for record in json.loads(body)["users"]}
    assert len(kinds) == 1
    return kinds.pop()


@pytest.mark.parametrize("reloads", RELOADS)
def test_many_reloads_refuse_nobody_mix_nothing_and_change_no_time(server, tutor, reloads):
    constant = f"{ROSTER}users?limit=10"
    before = server.get(constant)
    page = server.get(f"{EDFI}students?limit=7")
    asking = [
        Asking(server, path, token, CLIENTS / A_SECOND)
        for path, token in (
            (f"{ROSTER}students?limit=20", tutor),
            (f"{ROSTER}students?limit=5", tutor),
            (constant, server.bearer["Authorization"].removeprefix("Bearer ")),
            (f"{ROSTER}students?limit=10&offset=10", server.bearer["Authorization"].removeprefix("Bearer ")),
        )
    ]
    server.get(f"{ROSTER}students?limit=10")  # the walk that goes on
    for one in asking:
        one.start()
    begun, waits = time.monotonic(), []
    for number in range(reloads):
        write(server, FAMILY if number % 2 == 0 else GIVEN)
        asked = time.monotonic()
        assert reload(server)["ok"]
        waits.append(time.monotonic() - asked)
    took = time.monotonic() - begun
    for one in asking:
        one.ended.set()
    for one in asking:
        one.join(30)
    answers = [answer for one in asking for answer in one.answers]
    print(f"{len(answers) / took:.0f} a second; a reload took {sorted(waits)[reloads // 2] * 1000:.0f} ms")
    assert [one.failures for one in asking] == [[]] * CLIENTS
    assert {status for status, _ in answers} == {200}
    assert {kind_of(body) for one in asking[:2] for _, body in one.answers} == {(True, False), (False, True)}
    assert {body for _, body in asking[2].answers} == {before.content}
    assert len({body for _, body in asking[3].answers}) == 1
    rest = server.get(f"{EDFI}students?pageSize=500&pageToken={page.headers['Next-Page-Token']}")
    assert (rest.status_code, len(page.json()) + len(rest.json())) == (200, 40)
    assert server.get(constant).content == before.content


def test_an_agreement_that_goes_ends_with_the_reload(server, tutor):
    bearer = {"Authorization": f"Bearer {tutor}"}
    assert server.get(f"{ROSTER}students", headers=bearer).status_code == 200
    (server.folder / "agreements" / "tutor.yaml").unlink()
    assert reload(server)["ok"]
    assert server.get(f"{ROSTER}students", headers=bearer).status_code == 403


def crossing(server, command):
    answer = CliRunner().invoke(main, [command, str(server.folder / "gateway.toml")])
    return answer.exit_code, answer.output


def test_the_commands_tell_what_changes_what_is_wrong_and_what_runs(server, tutor):
    place = server.folder / "gateway.toml"
    family, given = write(server, FAMILY), write(server, GIVEN)
    write(server, FAMILY)
    code, output = crossing(server, "reload")
    assert code == 0
    assert f"{family}: added\n" in output
    assert f"{given}: removed\n" in output
    assert output.endswith(f"{place}: is served now.\n")
    write(server, (("student.birthday", "allow"),))
    code, output = crossing(server, "reload")
    assert code == 1
    assert "tutor.yaml:10:12: no element is called 'student.birthday' (did you mean student.birthDate?)" in output
    assert output.endswith(f"{place}: is not served; everything is as it was.\n")
    code, output = crossing(server, "status")
    assert code == 0
    assert output.startswith("the files on disk are not served since ")
    assert f"  {family.removeprefix('agreement ')}: maple, tutoring, 2020-01-01 to 2099-12-31, tutor\n" in output
    text = place.read_text("utf-8")
    place.write_text("nonsense = [\n" + text, "utf-8")
    code, output = crossing(server, "reload")
    assert code == 1
    assert f"{place}:" in output
    place.write_text(text, "utf-8")
    write(server, FAMILY)
    assert crossing(server, "reload")[0] == 0


def test_an_export_is_made_by_the_gateway_that_runs_and_is_recorded_there(server, tmp_path):
    file, out = str(server.folder / "gateway.toml"), tmp_path / "out.zip"
    words = ["export", "conformance", "--settings", file, "--out", str(out)]
    answer = CliRunner().invoke(main, words)
    assert answer.exit_code == 0, answer.output
    assert answer.stdout.startswith(f"{out}: ")
    assert out.read_bytes() == server.get("/ims/oneroster/bulk/v1p2/csv").content
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    events = list(read_disclosures(load(Path(file)).audit.folder))
    assert {one["client"] for one in events if one["trace"] == "crossing export"} == {"conformance"}
    for wrong, said in (
        (["export", "nobody", *words[2:]], "there is no enabled client nobody"),
        ([*words, "--district", "oak"], "there is no district oak"),
    ):
        out.unlink(missing_ok=True)
        answer = CliRunner().invoke(main, wrong)
        assert (answer.exit_code, answer.output.count("\n")) == (1, 1)
        assert said in answer.output
        assert not out.exists()


def test_a_terminal_that_hangs_up_reloads_and_ends_nothing(server, tutor):
    bearer = {"Authorization": f"Bearer {tutor}"}
    (server.folder / "agreements" / "tutor.yaml").unlink()
    os.killpg(server.process.pid, signal.SIGHUP)
    wait_until(lambda: server.get(f"{ROSTER}students", headers=bearer).status_code == 403)
    assert server.process.poll() is None


def test_where_nothing_runs_the_commands_say_so(tmp_path):
    place = tmp_path / "gateway.toml"
    place.write_text("", "utf-8")
    answer = CliRunner().invoke(main, ["reload", str(place)])
    assert (answer.exit_code, answer.output) == (
        1,
        f"Error: No gateway is running with the state folder {tmp_path}/state.\n",
    )
