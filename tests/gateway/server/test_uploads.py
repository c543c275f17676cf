"""Uploads to a gateway that serves: who may not is refused before the body is read, and data are answered meanwhile."""

from __future__ import annotations

import socket
import time
from contextlib import closing
from dataclasses import dataclass

import pytest
import requests

from gateway.people.sessions import COOKIE
from tests.support.people.districts import UPLOADED, zipped
from tests.support.people.outside import come_in
from tests.support.regions import served, small_sites, wait_until

MOST = 400_000
ROLES = {
    "ana": ("alder", "district-admin"), "rae": ("alder", "registrar"), "eve": ("maple", "district-admin"),
}  # fmt: skip
PLACE = "/admin/v1/districts/alder/upload"
ROSTER = "/maple/ims/oneroster/rostering/v1p2/students?limit=1"


@dataclass
class Gateway:
    """A gateway that serves, and the sessions of its people."""

    served: object
    sessions: dict[str, str]

    def headers(self, name):
        cookie = {"Cookie": f"{COOKIE}={self.sessions[name]}"}
        token = requests.get(f"{self.served.base}/admin/v1/session", headers=cookie, timeout=30).json()["csrfToken"]
        return cookie | {"X-CSRF-Token": token, "Content-Type": "application/octet-stream"}

    def open(self, name="", length=None, place=PLACE, chunked=False):
        """Send the head of an upload and nothing of its body; return the connection."""
        lines = [f"PUT {place} HTTP/1.1", "Host: 127.0.0.1"]
        lines += [f"{one}: {value}" for one, value in self.headers(name).items()] if name else []
        lines += ["Transfer-Encoding: chunked"] if chunked else [f"Content-Length: {length}"]
        found = socket.create_connection(("127.0.0.1", self.served.port), timeout=30)
        found.sendall("\r\n".join([*lines, "", ""]).encode())
        return found

    def send(self, name, data):
        return requests.put(self.served.base + PLACE, data, headers=self.headers(name), timeout=60)


def status_of(connection):
    """The status that a connection answers with."""
    head = b""
    while b"\r\n" not in head:
        piece = connection.recv(4096)
        assert piece, "closed without an answer"
        head += piece
    return int(head.split()[1])


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    folder = tmp_path_factory.mktemp("uploads")
    sites = {"maple": small_sites(folder / "data")["maple"]}
    with served(folder / "region", sites, server=f"upload_bytes = {MOST}\n") as one:
        sessions = {name: found.session for name, found in come_in(one, ROLES).items()}
        found = Gateway(one, sessions)
        headers = found.headers("ana") | {"Content-Type": "application/json"}
        made = requests.post(
            f"{one.base}/admin/v1/districts", json={"name": "alder", **UPLOADED}, headers=headers, timeout=30
        )
        assert made.status_code == 201, made.text
        yield found


@pytest.mark.parametrize(
    ("name", "place", "status"),
    [("", PLACE, 401), ("rae", PLACE, 403), ("eve", PLACE, 404), ("ana", PLACE.replace("alder", "birch"), 404)],
)
def test_who_may_not_upload_is_refused_before_any_of_the_body_has_come(gateway, name, place, status):
    with closing(gateway.open(name, 300_000, place)) as connection:
        assert status_of(connection) == status


def test_a_file_that_is_announced_too_large_is_refused_before_it_comes(gateway):
    with closing(gateway.open("ana", MOST + 65_537)) as connection:
        assert status_of(connection) == 413


def test_a_file_that_grows_too_large_is_refused_while_it_comes(gateway):
    piece = b"%x\r\n%s\r\n" % (65_536, b"0" * 65_536)
    with closing(gateway.open("ana", chunked=True)) as connection:
        for _ in range(1 + (MOST + 65_536) // 65_536):
            connection.sendall(piece)
        assert status_of(connection) == 413


def test_while_a_file_comes_slowly_data_are_answered_and_no_second_one_of_the_district_is_taken(gateway):
    with closing(gateway.open("ana", 300_000)) as slow:
        slow.sendall(b"PK")
        wait_until(lambda: gateway.send("ana", b"PK").status_code == 409)
        assert gateway.served.get(ROSTER).status_code == 200
    wait_until(lambda: gateway.send("ana", b"PK").status_code == 422)


def test_a_file_that_breaks_off_leaves_the_district_free_and_a_good_one_is_kept(gateway, tmp_path):
    with closing(gateway.open("ana", 300_000)) as broken:
        broken.sendall(b"PK\x03\x04" + b"0" * 100_000)
    data = zipped(tmp_path / "made")
    assert len(data) < MOST
    wait_until(lambda: gateway.send("ana", b"PK").status_code == 422)
    assert gateway.send("ana", data).json()["kept"] is True
    assert gateway.served.get(ROSTER).status_code == 200


@pytest.mark.parametrize("place", [PLACE, PLACE.replace("/admin/v1", "/console")])
def test_who_is_refused_while_sending_is_told_so(gateway, place):
    """A proxy sends all of a file before it reads the answer, or gives up where the connection ends before."""
    with closing(gateway.open(length=MOST, place=place)) as connection:
        for _ in range(MOST // 4_000):
            connection.sendall(b"0" * 4_000)
            time.sleep(0.01)
        assert status_of(connection) in {400, 401}
