"""The files of `deploy/`: understood by the programs they are for, and working when those run them."""

from __future__ import annotations

import json
import re
import ssl
import subprocess
from urllib.parse import urlencode

import pytest
from ruamel.yaml import YAML

from tests.project import deployed
from tests.project.deployed import DEPLOY, HOST, text, tool, unit
from tests.support.needs import ROOT
from tests.support.servers import free_port

USERS = "/ims/oneroster/rostering/v1p2/users"
ABOUT_ONE = f"{USERS}?filter=familyName%3D%27Ferrymansdaughter%27"
PIN = re.compile(r"==|:\d+\.\d+(\.\d+)?(-[a-z]+)*$")
FRONTS = {"nginx": deployed.nginx, "caddy": deployed.caddy}


@pytest.fixture(scope="module")
def secrets(tmp_path_factory):
    """Return the output of the script for secrets."""
    folder = tmp_path_factory.mktemp("made") / "secrets"
    subprocess.run(
        ["sh", str(DEPLOY / "secrets.sh"), str(folder), "postgres", "redis"], check=True, capture_output=True
    )
    return folder


@pytest.fixture(scope="module")
def service(tmp_path_factory, secrets, postgresql_url, redis_url):
    """Run a gateway with the settings of the example, over a real PostgreSQL and a real Redis."""
    own = {"CROSSING_STORE_URL": postgresql_url, "CROSSING_MEMORY_URL": redis_url}
    with deployed.service(
        tmp_path_factory.mktemp("service"), deployed.environment(secrets / "gateway.env") | own
    ) as one:
        one.agree("reader")
        one.start()
        one.register("reader")
        yield one


@pytest.fixture(scope="module", params=FRONTS)
def front(request, tmp_path_factory, service):
    """Run a proxy in front of the running gateway."""
    with FRONTS[request.param](tmp_path_factory.mktemp(request.param), service.port) as one:
        yield one


@pytest.fixture(scope="module")
def bearer(front, service):
    """Return the header of a consumer to whom everything is released."""
    return {"Authorization": f"Bearer {front.token('reader', service.clients['reader'])}"}


# The service of systemd


def verifiable(folder):
    """Return the unit with commands that this machine has: systemd looks for them."""
    place = folder / "crossing.service"
    place.write_text(deployed.replaced("crossing.service", {deployed.COMMAND: "/bin/true"}), "utf-8")
    return place


def test_systemd_understands_the_unit(tmp_path):
    command = [tool("systemd-analyze", "systemd"), "verify", "--man=no", str(verifiable(tmp_path))]
    told = subprocess.run(command, capture_output=True, text=True)
    assert (told.returncode, told.stdout + told.stderr) == (0, "")


def test_the_unit_leaves_the_service_little_of_the_machine(tmp_path):
    command = [tool("systemd-analyze", "systemd"), "security", "--no-pager", "--offline=true", "--threshold=20"]
    told = subprocess.run([*command, str(verifiable(tmp_path))], capture_output=True, text=True)
    assert told.returncode == 0, told.stdout[-300:] + told.stderr


def test_the_unit_is_nobody_and_writes_nowhere_but_into_its_state():
    own = unit()
    assert own["User"] == own["Group"] == own["StateDirectory"] == ["crossing"]
    assert own["ProtectSystem"] == ["strict"]
    assert own["NoNewPrivileges"] == ["yes"]
    assert own["CapabilityBoundingSet"] == [""]
    assert own["UMask"] == ["0077"]
    assert not own.keys() & {"ReadWritePaths", "BindPaths", "LogsDirectory", "CacheDirectory"}


def test_the_unit_puts_no_memory_on_a_disk():
    assert unit()["LimitCORE"] == unit()["MemorySwapMax"] == ["0"]


def test_the_page_for_operators_shows_the_unit_as_it_is():
    shown = re.search(
        r"```text\n\[Service\]\n(.*?)```", (ROOT / "docs" / "operations.md").read_text("utf-8"), re.DOTALL
    )
    lines = text("crossing.service").splitlines()
    assert [line for line in shown[1].splitlines() if line not in lines] == []


# Secrets and settings


def test_secrets_are_made_once_and_for_nobody_else(secrets):
    assert secrets.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in secrets.iterdir()} == {
        "gateway.env": 0o600, "postgres.env": 0o600, "redis.conf": 0o644,
    }  # fmt: skip
    before = (secrets / "gateway.env").read_bytes()
    again = subprocess.run(["sh", str(DEPLOY / "secrets.sh"), str(secrets)], capture_output=True, text=True)
    assert again.returncode == 1
    assert "nothing was made" in again.stderr
    assert (secrets / "gateway.env").read_bytes() == before


def test_every_secret_is_one_of_its_own_and_both_sides_have_it(secrets):
    gateway, database = (deployed.environment(secrets / name) for name in ("gateway.env", "postgres.env"))
    redis = re.search(r"^requirepass ([0-9a-f]{64})$", (secrets / "redis.conf").read_text(), re.MULTILINE)
    assert gateway["CROSSING_STORE_URL"] == f"postgresql://crossing:{database['POSTGRES_PASSWORD']}@postgres/crossing"
    assert gateway["CROSSING_MEMORY_URL"] == f"redis://:{redis[1]}@redis:6379/0"
    own = {gateway["CROSSING_MASTER_KEY"], gateway["CROSSING_METRICS_TOKEN"], database["POSTGRES_PASSWORD"], redis[1]}
    assert len(own) == 4
    assert all(re.fullmatch("[0-9a-f]{64}", one) for one in own)


def test_the_example_passes_the_check_of_the_gateway(service):
    checked = service.crossing("check", str(service.settings))
    assert (checked.returncode, checked.stdout) == (0, f"{service.settings}: no mistake found.\n")


def test_the_registry_and_the_tokens_are_where_the_example_says(service):
    assert not list((service.folder / "state").glob("registry.db*"))
    assert service.plain("/ready")[0] == 200


# Proxies


def test_an_answer_through_tls_carries_the_public_host(front, bearer):
    answer, body = front.ask(f"{USERS}?limit=2", headers=bearer)
    assert answer.status == 200, body
    assert len(json.loads(body)["users"]) == 2
    links = re.findall(r"<([^>]+)>", answer.headers["Link"])
    assert links
    assert all(link.startswith(f"https://{HOST}{USERS}?") for link in links)
    _, described = front.ask("/.well-known/oauth-authorization-server")
    assert json.loads(described)["token_endpoint"] == f"https://{HOST}/oauth/token"
    _, edfi = front.ask("/")
    assert json.loads(edfi)["urls"]["oauth"] == f"https://{HOST}/oauth/token"


def test_browsers_are_told_to_stay_with_tls(front):
    answer, _ = front.ask("/health")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_another_name_gets_no_answer(front):
    with pytest.raises(ssl.SSLError):
        front.ask("/health", host="other.example.org")


def test_nothing_is_answered_in_clear_nor_redirected(front):
    answer = front.in_clear(USERS)
    assert (answer.status, answer.headers["Location"]) == (403, None)


def test_numbers_are_not_answered_from_outside(front, service):
    monitor = {"Authorization": f"Bearer {service.environment['CROSSING_METRICS_TOKEN']}"}
    assert service.plain("/metrics", monitor)[0] == 200
    assert front.ask("/metrics", headers=monitor)[0].status == 404


def test_the_longest_links_pass(front, bearer):
    words = ["familyName!='-'", *(f"familyName='{letter * 45}'" for letter in "abcdefghijklmnopqrstu")]
    answer, body = front.ask(f"{USERS}?{urlencode({'filter': ' OR '.join(words)})}&limit=1&offset=1", headers=bearer)
    assert answer.status == 200, body
    assert 6_000 < len(answer.headers["Link"]) <= 8_000


@pytest.mark.parametrize("path", ["/data/v3/ed-fi/students", "/ims/oneroster/gradebook/v1p2/results/1"])
def test_a_body_that_is_too_large_is_refused_as_by_the_gateway(front, bearer, path):
    sent = b"[" * 2**22 if front.name == "nginx" else None  # Caddy answers the head and reads no further
    head = {"Content-Type": "application/json", "Content-Length": str(2**22)}
    answer, body = front.ask(path, "PUT", sent, bearer | head)
    assert answer.status == 413
    assert b"The body is larger than 1,048,576 bytes." in body
    if front.name == "nginx":
        assert ("imsx_codeMajor" in json.loads(body)) == path.startswith("/ims/")
        assert answer.headers["correlation-id"]


def test_the_largest_body_that_is_allowed_reaches_the_gateway(front, bearer):
    given = bearer | {"Content-Type": "application/json"}
    answer, body = front.ask("/data/v3/ed-fi/students", "POST", b"[".ljust(2**20), given)
    assert answer.status == 405  # files take no changes
    assert json.loads(body)["correlationId"]


@pytest.mark.parametrize("path", ["/console/districts/maple/upload", "/admin/v1/districts/maple/upload"])
def test_a_districts_file_may_be_larger_and_the_gateway_says_who_may_send_it(front, path):
    head = {"Content-Length": str(2**22)}
    method = "POST" if path.startswith("/console") else "PUT"
    answer, _ = front.ask(path, method, b"0" * 2**22, head)
    assert answer.status in {400, 401}


def test_the_pages_of_people_come_with_each_header_once(front):
    answer, body = front.ask("/console/sign-in")
    assert answer.status == 200
    assert b"Crossing Guard" in body
    names = [name.lower() for name, _ in answer.getheaders()]
    once = ("content-security-policy", "x-content-type-options", "strict-transport-security", "referrer-policy")
    assert [names.count(name) for name in once] == [1, 1, 1, 1]
    cookies = [value for name, value in answer.getheaders() if name.lower() == "set-cookie"]
    assert cookies
    assert all(one.startswith("__Host-") and "Secure" in one and "HttpOnly" in one for one in cookies)


def test_an_id_with_an_encoded_slash_reaches_the_gateway_as_it_is(front, bearer):
    answer, body = front.ask(f"{USERS}/a%2Fb", headers=bearer)
    assert answer.status == 404
    assert json.loads(body)["imsx_CodeMinor"]["imsx_codeMinorField"]


def test_a_proxy_logs_neither_addresses_nor_queries(front, bearer):
    front.ask(ABOUT_ONE, headers=bearer)
    front.ask("/ims/oneroster/rostering/v1p2/users/Ferrymansdaughter", headers=bearer)
    told = front.logs()
    assert [
        word for word in ("Ferrymansdaughter", "oneroster", bearer["Authorization"].split()[1]) if word in told
    ] == []


@pytest.mark.parametrize("name", FRONTS)
def test_a_proxy_logs_no_query_either_where_the_gateway_is_down(name, tmp_path):
    with FRONTS[name](tmp_path, free_port()) as one:
        answer, _ = one.ask(ABOUT_ONE)
    assert answer.status == 502
    assert "Ferrymansdaughter" not in one.logs()


def test_nginx_keeps_nothing_of_a_request_or_an_answer_in_files():
    lines = {line.strip() for line in text("nginx.conf").splitlines()}
    assert {"proxy_request_buffering off;", "proxy_max_temp_file_size 0;", "proxy_cache off;"} <= lines
    assert "proxy_next_upstream off;" in lines


def test_nginx_believes_no_forwarded_header_of_a_client():
    given = dict(re.findall(r"proxy_set_header (\S+) (\S+);", text("nginx.conf")))
    assert given["X-Forwarded-For"] == "$remote_addr"
    assert {"X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Proto", "Forwarded"} <= given.keys()


def test_caddy_understands_its_file_and_finds_it_well_written():
    program = tool("caddy", "caddy")
    command = [program, "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")]
    told = subprocess.run(command, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    written = subprocess.run([program, "fmt", str(DEPLOY / "Caddyfile")], capture_output=True, text=True)
    assert written.stdout == text("Caddyfile")


# Containers

COMPOSE = YAML(typ="safe").load(text("compose.yaml"))
SERVICES = COMPOSE["services"]


def test_compose_has_the_gateway_a_database_redis_and_a_proxy():
    assert SERVICES.keys() == {"gateway", "nginx", "postgres", "redis"}


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_is_pinned_by_version(name):
    assert PIN.search(SERVICES[name]["image"]), SERVICES[name]["image"]


@pytest.mark.parametrize("name", SERVICES)
def test_no_container_may_gain_rights_or_is_privileged(name):
    assert "no-new-privileges:true" in SERVICES[name]["security_opt"]
    assert not SERVICES[name].keys() & {"privileged", "pid", "ipc", "devices", "user"}


def test_only_the_proxys_ports_are_published():
    assert {name: one["ports"] for name, one in SERVICES.items() if "ports" in one} == {"gateway": ["80:80", "443:443"]}
    assert SERVICES["nginx"]["network_mode"] == "service:gateway"


def test_the_database_and_redis_have_no_way_out():
    assert SERVICES["postgres"]["networks"] == SERVICES["redis"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}


def test_the_gateways_container_writes_into_its_state_alone_and_swaps_nothing():
    gateway = SERVICES["gateway"]
    assert gateway["read_only"] is True
    assert gateway["cap_drop"] == ["ALL"]
    assert [volume for volume in gateway["volumes"] if not volume.endswith(":ro")] == ["state:/var/lib/crossing"]
    assert gateway["mem_limit"] == gateway["memswap_limit"]
    assert gateway["ulimits"]["core"] == SERVICES["nginx"]["ulimits"]["core"] == 0


def test_what_compose_names_is_there():
    gateway = SERVICES["gateway"]
    assert (DEPLOY / gateway["build"]["context"]).resolve() == ROOT
    assert (ROOT / gateway["build"]["dockerfile"]).is_file()
    assert "./nginx.conf:/etc/nginx/conf.d/default.conf:ro" in SERVICES["nginx"]["volumes"]
    named = {volume.partition(":")[0] for one in SERVICES.values() for volume in one.get("volumes", ())}
    assert {name for name in named if not name.startswith(".")} == COMPOSE["volumes"].keys()
    made = {one["env_file"] for one in SERVICES.values() if "env_file" in one} | {
        COMPOSE["secrets"]["redis.conf"]["file"]
    }
    assert made == {"secrets/gateway.env", "secrets/postgres.env", "secrets/redis.conf"}


def instructions():
    """Return the instructions of the Containerfile, each with its lines joined."""
    joined = re.sub(r"\\\n", " ", text("Containerfile"))
    return [line.split(None, 1) for line in joined.splitlines() if line and not line.startswith("#")]


def test_the_image_begins_with_a_pinned_slim_python_that_is_supported():
    bases = {words.split()[0] for name, words in instructions() if name == "FROM"}
    assert len(bases) == 1
    found = re.fullmatch(r"docker\.io/library/python:(3\.\d+)\.\d+-slim-\w+", bases.pop())
    assert f"Programming Language :: Python :: {found[1]}" in (ROOT / "setup.cfg").read_text()


def test_whatever_the_image_installs_is_pinned_with_hashes_or_our_own():
    runs = [words for name, words in instructions() if name == "RUN"]
    installs = [words for words in runs if " install " in words and "pip" in words]
    assert len(installs) == 3
    for words in installs:
        assert "--require-hashes -r " in words or words.endswith("--no-deps --no-index /dist/crossingguard-*.whl")
    assert not any(word in " ".join(runs) for word in ("curl", "wget", "apt-get", "--trusted-host", "sudo"))


def test_the_image_runs_as_an_account_without_rights_and_holds_no_secret():
    names = [name for name, _ in instructions()]
    last = len(names) - names[::-1].index("FROM")
    stage = dict(instructions()[last:])
    assert stage["USER"] == "10001:10001"
    assert json.loads(stage["ENTRYPOINT"]) + json.loads(stage["CMD"]) == ["crossing", "serve", deployed.SETTINGS]
    assert stage["STOPSIGNAL"] == "SIGTERM"
    assert "/health" in stage["HEALTHCHECK"]
    assert not {"ADD", "ARG"} & set(names)
    assert [
        words for name, words in instructions() if name == "ENV" and re.search("KEY|SECRET|TOKEN|PASSW", words)
    ] == []


def test_the_image_copies_the_packages_and_nothing_of_a_region():
    copied = [words.split()[:-1] for name, words in instructions() if name == "COPY" and not words.startswith("--from")]
    given = {path for paths in copied for path in paths}
    ignored = text("Containerfile.dockerignore").splitlines()
    assert ignored[0] == "*"
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    assert {path for path in given if not any(path == one or path.startswith(f"{one}/") for one in let_in)} == set()
    assert let_in == {"LICENSE", "README.md", "adapters", "deploy/build-requirements.txt", "gateway", "policies",
                      "pyproject.toml", "setup.cfg", "standards"}  # fmt: skip


def test_the_image_is_built_with_what_the_tests_build_with():
    pinned = re.search(r"^setuptools==\S+", (ROOT / "tests" / "requirements.txt").read_text(), re.MULTILINE)
    lock = text("build-requirements.txt")
    assert re.findall(r"^\w\S*==\S+", lock, re.MULTILINE) == [pinned[0]]
    assert "--hash=sha256:" in lock


def test_the_folders_page_tells_of_every_file():
    told = set(re.findall(r"^\| `([^`]+)` \|", text("README.md"), re.MULTILINE))
    files = {path.name for path in DEPLOY.iterdir() if path.is_file()}
    assert files - told == {"README.md", "Containerfile.dockerignore", "build-requirements.in"}


def test_ci_installs_the_programs_that_these_tests_need():
    asked = (ROOT / ".ci" / "run").read_text()
    assert [name for name in ("nginx-light", "caddy", "systemd") if name not in asked] == []


# The service's commands, last because they end it


def test_the_units_reload_takes_what_is_right_and_refuses_what_is_wrong(service):
    service.agree("second")
    reloaded = service.reload()
    assert (reloaded.returncode, "agreement second-maple@1: added" in reloaded.stdout) == (0, True), reloaded.stdout
    (service.folder / "agreements" / "second.yaml").write_text("apiVersion: dsa/v1\nid: 5\n", "utf-8")
    refused = service.reload()
    assert (refused.returncode, "second.yaml:" in refused.stdout) == (1, True), refused.stdout
    assert service.answers()


def test_the_units_service_ends_when_systemd_tells_it_to(service):
    assert service.answers()
    assert service.stop() == 0
    assert not service.answers()
