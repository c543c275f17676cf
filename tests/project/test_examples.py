"""The examples: the client against a running gateway, the adapter installed as a distribution of its own."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.support.needs import ROOT
from tests.support.regions import served, small_sites, wait_until

EXAMPLES = ROOT / "examples"
STUDENTS = 40


@pytest.fixture(scope="module")
def sync():
    """Return the vendor's client, as a module."""
    about = importlib.util.spec_from_file_location("vendor_sync", EXAMPLES / "vendor_sync" / "sync.py")
    module = importlib.util.module_from_spec(about)
    sys.modules["vendor_sync"] = module
    about.loader.exec_module(module)
    yield module
    del sys.modules["vendor_sync"]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    """Run a gateway in a process of its own, which checks every second whether the district's files have changed."""
    folder = tmp_path_factory.mktemp("gateway")
    site = replace(small_sites(folder / "made", STUDENTS)["maple"], cache="2s")
    with served(folder, {"maple": site}, operations="[read, search, bulk]") as one:
        yield one


def client(sync, gateway, **more):
    return sync.Gateway(f"{gateway.base}/maple", "conformance", gateway.secret, **more)


def recording(sync):
    """Return a copy that records what it is given."""

    class Kept(sync.Copy):
        def __init__(self):
            super().__init__()
            self.records = {}

        def put(self, collection, record):
            super().put(collection, record)
            self.records[collection, record["sourcedId"]] = record

        def remove(self, collection, sourced_id):
            super().remove(collection, sourced_id)
            del self.records[collection, sourced_id]

    return Kept()


def everything(gateway, collection):
    """Return all that the gateway shows, asked for without the client."""
    address = f"/maple/ims/oneroster/rostering/v1p2/{collection}?limit=10000"
    answer = gateway.get(address)
    assert answer.status_code == 200, answer.text
    return {(collection, record["sourcedId"]): record for record in answer.json()[collection]}


def change(gateway):
    """Rename a student and end the student's enrollments; return their number."""
    source = gateway.folder / "made" / "maple.zip"
    with zipfile.ZipFile(source) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    rows = {name: list(csv.reader(io.StringIO(text))) for name, text in files.items()}
    student, users, enrolled = rows["demographics.csv"][1][0], rows["users.csv"], rows["enrollments.csv"]
    next(row for row in users if row[0] == student)[users[0].index("givenName")] = "Perpetua"
    left = [row for row in enrolled if student not in row]
    for name, changed in (("users.csv", users), ("enrollments.csv", left)):
        text = io.StringIO()
        csv.writer(text).writerows(changed)
        files[name] = text.getvalue()
    part = source.with_suffix(".part")
    with zipfile.ZipFile(part, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    part.replace(source)
    return len(enrolled) - len(left)


def test_the_client_reads_all_and_then_what_has_changed(sync, gateway):
    asking, copy, state = client(sync, gateway, page_records=60), recording(sync), {}
    for collection in sync.COLLECTIONS:
        state[collection] = sync.synchronise(asking, collection, {}, copy)
        assert {key: one for key, one in copy.records.items() if key[0] == collection} == everything(
            gateway, collection
        )
    ended = change(gateway)
    changes = recording(sync)
    changes.records = copy.records

    def arrived():
        for collection in sync.COLLECTIONS:
            state[collection] = sync.synchronise(asking, collection, state[collection], changes)
        return changes.gone

    wait_until(arrived, 60)
    arrived()  # what was asked for just before
    assert len(changes.gone) == ended > 1
    assert {key.partition("/")[0] for key in changes.gone} == {"enrollments"}
    assert [one["givenName"] for (kind, _), one in copy.records.items() if kind == "users"].count("Perpetua") == 1
    for collection in sync.COLLECTIONS:
        assert {key: one for key, one in copy.records.items() if key[0] == collection} == everything(
            gateway, collection
        )
    assert {one for kept in state.values() for one in kept} == {"since", "ids"}


def test_the_client_is_a_command_whose_state_has_no_values(gateway, tmp_path):
    command = [sys.executable, EXAMPLES / "vendor_sync" / "sync.py", f"{gateway.base}/maple", "conformance"]
    told, manifests = [], []
    for extra in ([], [], ["--files", "roster.zip"], ["--files", "roster.zip"]):
        ran = subprocess.run(
            [*map(str, command), *extra],
            cwd=tmp_path,
            env={"CROSSING_CLIENT_SECRET": gateway.secret, "PATH": ""},
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, ran.stderr
        told.append(ran.stdout)
        if extra:
            with zipfile.ZipFile(tmp_path / "roster.zip") as archive:
                manifests.append(archive.read("manifest.csv").decode())
    assert re.fullmatch(r"users: \d+ new or changed, 0 gone\nclasses: \d+ .*\nenrollments: \d+ .*\n", told[0])
    state = tmp_path / "sync-state.json"
    assert state.stat().st_mode & 0o077 == 0
    kept = json.loads(state.read_text("utf-8"))
    assert kept.keys() == {"users", "classes", "enrollments", "files"}
    people = everything(gateway, "users").values()
    assert [name for one in people for name in (one["familyName"],) if f'"{name}"' in state.read_text("utf-8")] == []
    assert ["file.users,bulk" in manifest for manifest in manifests] == [True, False]
    assert [path.name for path in tmp_path.iterdir() if path.name not in {"sync-state.json", "roster.zip"}] == []


class Scripted(BaseHTTPRequestHandler):
    """A server that answers each request for records with the next line of a script, and always gives a token."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.tell(200, {}, {"access_token": "t"})

    def do_GET(self):
        self.server.asked.append(self.path.partition("?")[2])
        self.tell(*self.server.script.pop(0))

    def tell(self, status, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_words):
        pass


@pytest.fixture
def scripted():
    with ThreadingHTTPServer(("127.0.0.1", 0), Scripted) as server:
        server.asked = []
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def user(sourced_id, day, status="active"):
    return {"sourcedId": sourced_id, "status": status, "dateLastModified": f"2026-11-{day:02}T00:00:00.000Z"}


def page(*users):
    return 200, {}, {"users": list(users)}


def test_the_client_waits_gets_a_new_token_and_begins_interrupted_walks_again(sync, scripted, monkeypatch):
    waited = []
    monkeypatch.setattr(sync.time, "sleep", waited.append)
    following = {"Link": f'<http://127.0.0.1:{scripted.server_port}/x?offset=1>; rel="next"'}
    scripted.script = [
        (429, {"Retry-After": "5"}, {}),
        (401, {}, {}),
        (200, following, {"users": [user("a", 1)]}),
        (409, {}, {}),
        (503, {"Retry-After": "60"}, {}),
        (200, following, {"users": [user("b", 2)]}),
        page(user("c", 1)),
    ]
    copy = recording(sync)
    asking = sync.Gateway(f"http://127.0.0.1:{scripted.server_port}", "reader", "secret")
    copy.records["users", "gone"] = user("gone", 1)
    kept = sync.synchronise(asking, "users", {"ids": ["gone"]}, copy)
    assert copy.gone == {"users/gone", "users/a"}  # "a" was there when the walk was interrupted, and then no more
    assert kept == {"since": "2026-11-02T00:00:00.000Z", "ids": ["b", "c"]}
    assert waited == [5, 60]
    scripted.script = [(400, {}, {}), page(user("b", 2))]
    copy.gone.clear()
    assert sync.synchronise(asking, "users", kept, copy)["ids"] == ["b"]
    assert copy.gone == {"users/c"}
    assert "dateLastModified%3E%3D%272026-11-02T00%3A00%3A00.000Z%27" in scripted.asked[-2]


def test_the_client_gives_up_on_a_gateway_that_is_never_ready(sync, scripted, monkeypatch):
    monkeypatch.setattr(sync.time, "sleep", lambda _seconds: None)
    scripted.script = [(503, {}, {})] * sync.MAX_TRIES
    asking = sync.Gateway(f"http://127.0.0.1:{scripted.server_port}", "reader", "secret")
    with pytest.raises(TimeoutError):
        sync.synchronise(asking, "users", {}, sync.Copy())


def test_the_client_sends_its_secret_by_https_only(sync):
    with pytest.raises(ValueError, match="https only"):
        sync.Gateway("http://gateway.example.org", "reader", "secret")


def test_the_client_is_one_short_file():
    assert len((EXAMPLES / "vendor_sync" / "sync.py").read_text("utf-8").splitlines()) < 200
    assert [path.name for path in (EXAMPLES / "vendor_sync").glob("*.py")] == ["sync.py"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Return the folder into which the adapter's distribution was installed, without a network."""
    copy, target = tmp_path_factory.mktemp("copy") / "adapter", tmp_path_factory.mktemp("installed")
    shutil.copytree(EXAMPLES / "adapter", copy, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-index", "--no-deps"]
    made = subprocess.run([*command, "--no-build-isolation", "--target", target, copy], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    return target


def with_it(installed, command, cwd=ROOT):
    """Run a command where the adapter's distribution is installed; return its output."""
    path = {"PYTHONPATH": f"{ROOT}:{installed}", "PATH": "", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([sys.executable, "-m", *map(str, command)], cwd=cwd, env=path, capture_output=True, text=True)


def test_the_adapter_is_one_module_and_its_entry_point(installed):
    assert {path.name for path in installed.iterdir() if path.name != "__pycache__"} == {
        "crossingguard_larkspur.py",
        "crossingguard_larkspur-1.0.0.dist-info",
    }


def test_the_adapters_own_tests_pass_where_it_is_installed(installed, tmp_path):
    shutil.copy(EXAMPLES / "adapter" / "test_larkspur.py", tmp_path)
    ran = with_it(
        installed, ["pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", "test_larkspur.py"], tmp_path
    )
    assert ran.returncode == 0, ran.stdout
    assert re.search(r"\d\d passed", ran.stdout)


def test_the_gateway_lists_the_installed_adapter(installed):
    told = with_it(installed, ["gateway", "adapters"]).stdout
    shown = re.search(
        r"^\$ crossing adapters\n…\n(.*?)```",
        (EXAMPLES / "adapter" / "README.md").read_text(),
        re.DOTALL | re.MULTILINE,
    )
    assert shown[1] in told


def test_the_adapter_takes_nothing_from_the_gateway_but_the_contract():
    source = (EXAMPLES / "adapter" / "crossingguard_larkspur.py").read_text("utf-8")
    taken = set(re.findall(r"^\s*from ((?:adapters|standards|policies|gateway)\S*) import", source, re.MULTILINE))
    assert taken == {"adapters.contract", "standards.errors"}


def test_every_example_is_explained():
    assert [path.name for path in EXAMPLES.iterdir() if path.is_dir() and not (path / "README.md").is_file()] == []
