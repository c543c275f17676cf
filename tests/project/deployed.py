"""The files of `deploy/` run on one machine: the service's commands, and proxies in front of it."""

from __future__ import annotations

import http.client
import json
import os
import re
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.needs import ROOT, missing
from tests.support.regions import agreement, small_sites, wait_until
from tests.support.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEPLOY = ROOT / "deploy"
HOST = "gateway.example.org"
COMMAND = "/opt/crossing/bin/crossing"
SETTINGS = "/etc/crossing/gateway.toml"
STARTING_SECONDS = 180
# The newest Pythons take no certificate that does not say what its key is for.
KEY_USAGE = x509.KeyUsage(
    digital_signature=True, key_cert_sign=True, crl_sign=False, content_commitment=False, key_encipherment=False,
    data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
)  # fmt: skip
SCOPES = ("https://purl.imsglobal.org/spec/or/v1p2/scope/roster.readonly", "edfi:read", "edfi:create", "edfi:update")
# MemoryDenyWriteExecute's request to the kernel (PR_SET_MDWE), where the kernel knows it, and LimitCORE.
CONFINED = (
    "import ctypes, os, resource, sys; resource.setrlimit(resource.RLIMIT_CORE, (0, 0));"
    " ctypes.CDLL(None).prctl(65, 1, 0, 0, 0); os.execv(sys.argv[1], sys.argv[1:])"
)


def tool(name: str, package: str) -> str:
    """Return the path of a program of the machine, which Debian's *package* brings."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")
    return found or missing(f"{name} is not installed (Debian: apt-get install {package})")


def text(name: str) -> str:
    return (DEPLOY / name).read_text("utf-8")


def replaced(name: str, words: Mapping[str, str]) -> str:
    """Return a file of `deploy/` with other *words*; each must be there."""
    content = text(name)
    for word, instead in words.items():
        assert word in content, f"{name}: {word}"
        content = content.replace(word, instead)
    return content


def unit(section: str = "Service") -> dict[str, list[str]]:
    """Return the settings of a section of the service's unit, each with all its values."""
    found: dict[str, list[str]] = {}
    inside = ""
    for line in text("crossing.service").splitlines():
        if line.startswith("["):
            inside = line.strip("[]")
        elif inside == section and "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


@dataclass
class Service:
    """The gateway as the unit runs it, with its settings in *folder*."""

    folder: Path
    port: int
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    clients: dict[str, str] = field(default_factory=dict)

    @property
    def settings(self) -> Path:
        return self.folder / "gateway.toml"

    def words(self, setting: str) -> list[str]:
        """Return the command of a setting of the unit, as this machine can run it."""
        program, *rest = shlex.split(unit()[setting][0])
        assert program == COMMAND
        assert SETTINGS in rest
        return [sys.executable, "-m", "gateway", *(str(self.settings) if word == SETTINGS else word for word in rest)]

    def start(self) -> None:
        """Run ExecStart until the gateway answers."""
        with (self.folder / "log").open("wb") as log:
            command = [sys.executable, "-c", CONFINED, *self.words("ExecStart")]
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, umask=0o077, start_new_session=True
            )
        wait_until(lambda: self.process.poll() is not None or self.answers(), STARTING_SECONDS)
        assert self.process.poll() is None, (self.folder / "log").read_text()

    def answers(self) -> bool:
        """Tell whether `/health` is answered."""
        with suppress(OSError):
            return self.plain("/health")[0] == 200
        return False

    def plain(self, path: str, headers: Mapping[str, str] = {}) -> tuple[int, bytes]:
        """Return the gateway's own answer, without a proxy."""
        asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            asked.request("GET", path, headers=dict(headers))
            answer = asked.getresponse()
            return answer.status, answer.read()
        finally:
            asked.close()

    def reload(self) -> subprocess.CompletedProcess[str]:
        """Run ExecReload."""
        return self.run(self.words("ExecReload"))

    def crossing(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run another command of the gateway."""
        return self.run([sys.executable, "-m", "gateway", *words])

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=180)

    def register(self, name: str) -> str:
        """Register the client *name*, to which everything is released; return its secret."""
        wanted = ["--org", name, "--kind", "vendor", "--json", "--settings", str(self.settings)]
        wanted += [word for scope in SCOPES for word in ("--scope", scope)]
        made = self.crossing("clients", "add", name, *wanted)
        assert made.returncode == 0, made.stderr
        self.clients[name] = json.loads(made.stdout)["client_secret"]
        return self.clients[name]

    def agree(self, client: str, version: int = 1) -> None:
        """Write an agreement that releases everything to a client."""
        released = agreement(
            "maple",
            client=client,
            version=version,
            operations="[read, search, create, update]",
            begin="2020-01-01",
            end="2099-12-31",
        )
        (self.folder / "agreements" / f"{client}.yaml").write_text(released, "utf-8")

    def stop(self) -> int:
        """End it as systemd does; return its exit code."""
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@contextmanager
def service(folder: Path, environment: Mapping[str, str], **words: str) -> Iterator[Service]:
    """Prepare a region with the settings of `deploy/example.toml`, not yet started; ended with the block."""
    port = free_port()
    (folder / "agreements").mkdir(parents=True)
    shutil.copy(small_sites(folder / "made", 20)["maple"].settings["source"], folder / "maple.zip")
    inside = {"/var/lib/crossing": str(folder / "state"), "port = 8080": f"port = {port}", **words}
    (folder / "gateway.toml").write_text(replaced("example.toml", inside), "utf-8")
    one = Service(folder, port, dict(os.environ) | dict(environment))
    try:
        yield one
    finally:
        if one.process and one.process.poll() is None:
            one.stop()


def certificate(folder: Path) -> Path:
    """Make a self-signed certificate for the public host, and its key beside it."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .add_extension(KEY_USAGE, critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    form, clear = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "privkey.pem").write_bytes(key.private_bytes(pem, form, clear))
    (folder / "fullchain.pem").write_bytes(made.public_bytes(pem))
    return folder / "fullchain.pem"


@dataclass
class Front:
    """A proxy in front of a gateway, asked over TLS by its public name; *logs* is all that it writes."""

    name: str
    folder: Path
    https: int
    http: int
    trusted: Path

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] = {},
        host: str = HOST,
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """Send a request through TLS; return the answer and its body."""
        context = ssl.create_default_context(cafile=str(self.trusted))
        plain = socket.create_connection(("127.0.0.1", self.https), timeout=30)
        with plain, context.wrap_socket(plain, server_hostname=host) as secured:
            asked = http.client.HTTPConnection(host, timeout=30)
            asked.sock = secured
            with suppress(BrokenPipeError, ConnectionResetError):  # refused before all of the body was sent
                asked.request(method, path, body, dict(headers))
            answer = asked.getresponse()
            return answer, answer.read()

    def token(self, client: str, secret: str) -> str:
        """Request a token for a client through the proxy."""
        form = f"grant_type=client_credentials&client_id={client}&client_secret={secret}".encode()
        answer, body = self.ask("/oauth/token", "POST", form, {"Content-Type": "application/x-www-form-urlencoded"})
        assert answer.status == 200, body
        return str(json.loads(body)["access_token"])

    def in_clear(self, path: str) -> http.client.HTTPResponse:
        """Send a request without TLS."""
        asked = http.client.HTTPConnection("127.0.0.1", self.http, timeout=30)
        asked.request("GET", path, headers={"Host": HOST})
        answer = asked.getresponse()
        answer.read()
        asked.close()
        return answer

    def logs(self) -> str:
        """Return all that the proxy has written."""
        return "".join(path.read_text("utf-8", "replace") for path in sorted(self.folder.glob("*.log")))


@contextmanager
def nginx(folder: Path, gateway: int) -> Iterator[Front]:
    """Run `deploy/nginx.conf` in a server that has nothing else, in front of the gateway on a port."""
    program = tool("nginx", "nginx-light")
    front = Front("nginx", folder, free_port(), free_port(), certificate(folder))
    site = {
        "127.0.0.1:8080": f"127.0.0.1:{gateway}",
        "listen 443": f"listen 127.0.0.1:{front.https}",
        "listen 80": f"listen 127.0.0.1:{front.http}",
        "/etc/nginx/tls": str(folder),
        "/var/log/nginx": str(folder),
    }
    (folder / "crossing.conf").write_text(replaced("nginx.conf", site), "utf-8")
    user = "user root;\n" if os.geteuid() == 0 else ""
    spilt = "".join(
        f"    {kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = (
        f"{user}daemon off;\nworker_processes 1;\npid {folder}/nginx.pid;\nerror_log {folder}/rest.log crit;\n"
        f"events {{}}\nhttp {{\n{spilt}    include {folder}/crossing.conf;\n}}\n"
    )
    (folder / "nginx.conf").write_text(whole, "utf-8")
    command = [program, "-p", str(folder), "-e", str(folder / "rest.log"), "-c", str(folder / "nginx.conf")]
    tried = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert tried.returncode == 0, tried.stderr
    assert "[warn]" not in tried.stderr
    with _process(command, front):
        yield front


@contextmanager
def caddy(folder: Path, gateway: int) -> Iterator[Front]:
    """Run `deploy/Caddyfile` with a certificate of ours, in front of the gateway on a port."""
    program = tool("caddy", "caddy")
    front = Front("caddy", folder, free_port(), free_port(), certificate(folder))
    ports = f"\thttp_port {front.http}\n\thttps_port {front.https}\n\tdefault_bind 127.0.0.1\n"
    site = {
        "127.0.0.1:8080": f"127.0.0.1:{gateway}",
        "/run/caddy": str(folder),
        "\tauto_https disable_redirects\n": f"\tauto_https disable_redirects\n{ports}",
        f"\n{HOST} {{\n": f"\n{HOST} {{\n\ttls {folder}/fullchain.pem {folder}/privkey.pem\n",
    }
    (folder / "Caddyfile").write_text(replaced("Caddyfile", site), "utf-8")
    command = [program, "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
    with _process(command, front):
        yield front


@contextmanager
def _process(command: list[str], front: Front) -> Iterator[None]:
    """Run a proxy that listens, until the end of the block."""
    home: dict[str, Any] = {"HOME": str(front.folder), "XDG_DATA_HOME": str(front.folder), "PATH": os.environ["PATH"]}
    with (front.folder / "output.log").open("wb") as log:
        process = subprocess.Popen(command, env=home, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        wait_until(lambda: process.poll() is not None or all(map(_listening, (front.https, front.http))), 30)
        assert process.poll() is None, front.logs()
        yield
    finally:
        process.terminate()
        process.wait(30)


def _listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def environment(file: Path) -> dict[str, str]:
    """Read an environment file as systemd and compose do."""
    return dict(re.findall(r"^(\w+)=(.*)$", file.read_text("utf-8"), re.MULTILINE))
