"""A mail server, a receiver of webhooks, and a registry with people and tasks, all of them real."""

from __future__ import annotations

import ipaddress
import json
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import insert

from gateway.config.settings import load
from gateway.jobs.collecting import NoticeCollector, NoticeRegion
from gateway.jobs.sending import Sender
from gateway.storage.database import transaction
from gateway.storage.people.tables import memberships, people
from gateway.storage.secrets import Keys
from gateway.tasks.task import PersonTask
from tests.gateway.registers.conftest import store, url
from tests.support.regions import Clock
from tests.support.servers import free_port

__all__ = ["store", "url"]

HOST = "127.0.0.1"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for this machine that is its own issuer: its file, and the server's context."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.example.org")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    form = serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return str(folder / "cert.pem"), context


@dataclass
class Box:
    """What a mail server took; *refuses* is its answer to recipients, *breaks* to what it was sent."""

    letters: list = field(default_factory=list)
    refuses: str = ""
    breaks: str = ""

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802  aiosmtpd's name
        if self.refuses:
            return self.refuses
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  aiosmtpd's name
        if self.breaks:
            return self.breaks
        self.letters.append((envelope.rcpt_tos, envelope.content.decode()))
        return "250 OK"


@contextmanager
def mail_server(box, **more):
    controller = Controller(box, hostname=HOST, port=free_port(), **more)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@dataclass
class Receiver:
    """What was posted, with its headers; it answers *status*."""

    url: str = ""
    posts: list = field(default_factory=list)
    status: int = 204
    ca_file: str = ""


@pytest.fixture
def receiver(certificate):
    found = Receiver(ca_file=certificate[0])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.posts.append((dict(self.headers.items()), body))
            self.send_response(found.status)
            self.send_header("Location", "https://127.0.0.1:1/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_given):
            """Say nothing."""

    server = HTTPServer((HOST, 0), Handler)
    server.socket = certificate[1].wrap_socket(server.socket, server_side=True)
    found.url = f"https://{HOST}:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Office:
    """A registry with people, tasks that a test sets, and the settings of notices."""

    store: object
    folder: Path
    clock: Clock
    box: Box
    tasks: list = field(default_factory=list)
    region: NoticeRegion = None

    def open(self, notices):
        file = self.folder / "gateway.toml"
        (self.folder / "agreements").mkdir(exist_ok=True)
        district = '[districts.maple]\nadapter = "oneroster_csv"\ntimezone = "America/Los_Angeles"\n'
        district += 'settings = { source = "maple.zip" }\n'
        public = '[server]\npublic_url = "https://crossing.example.org"\n'
        file.write_text(f'agreements = "agreements"\n{public}[notices]\n{notices}\n{district}', "utf-8")
        settings = load(file)
        keys = Keys(bytes(32))
        self.region = NoticeRegion(
            self.store, keys, self.clock, lambda: settings, lambda: list(self.tasks), lambda _: {}
        )
        return self

    def person(self, name, *roles, language="en", status="active", mail=""):
        one = name.encode().hex().ljust(32, "0")[:32]
        row = {
            "id": one, "mail": mail or f"{name}@example.org", "name": name, "status": status, "language": language,
            "created": self.clock(), "created_by": "tests",
        }  # fmt: skip
        with transaction(self.store.engine, write=True) as connection:
            connection.execute(insert(people).values(row))
            for org, role in roles:
                held = {"person": one, "org": org, "role": role, "begins": self.clock(), "made_by": "tests"}
                held["kind"] = "district"
                connection.execute(insert(memberships).values(held))
        return one

    def task(self, name, *, kind="agreement-ending", org="maple", role="district-admin", days=10, **more):
        now = self.clock()
        self.tasks.append(PersonTask(name, kind, org, role, {}, now, now + timedelta(days=days), **more))

    def run(self):
        """Do what the job of a minute does."""
        NoticeCollector(self.region).collect()
        return Sender(self.region).send()

    def texts(self):
        return [text for _, text in self.box.letters]


@pytest.fixture
def office(store, tmp_path):
    """An office whose clock stands at noon in its district, with a mail server that takes everything."""
    clock = Clock(datetime(2026, 11, 2, 20, tzinfo=UTC))
    box = Box()
    with mail_server(box) as port:
        made = Office(store, tmp_path, clock, box)
        yield made.open(f'host = "{HOST}"\nport = {port}\nsecurity = "none"\nsender = "crossing@example.org"')


def decoded(post):
    return json.loads(post[1])
