"""Bootstrap: give a bare Python the packages this checkout needs, in a virtual environment of its own.

Only the standard library, and syntax that Python 3.6 can read: it must get far enough to say what is missing.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from typing import Iterator, Sequence, Tuple

MIN_PYTHON = (3, 11)
ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
GATEWAY = os.path.join(ROOT, "gateway", "requirements.txt")
TESTS = os.path.join(ROOT, "tests", "requirements.txt")
UNFINISHED = ".crossing-unfinished"
ENTERED = "CROSSING_ENTERED"
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)
NAME = r"([A-Za-z0-9._]+(?:-[A-Za-z][A-Za-z0-9._]*)*)"
STEP = re.compile(r"^(?:(?:Collecting|Requirement already satisfied:) |Processing .*/)" + NAME)


class Unready(Exception):
    """This machine lacks something that only its owner can add; the message says what."""


def enter(*requirements: str) -> None:
    """Return when the packages pinned in *requirements* are installed; until then install them and start again."""
    try:
        check_python(sys.version_info[:3])
        if complete(sys.prefix, requirements) or installed() or at_hand(sys.prefix, requirements):
            os.environ.pop(ENTERED, None)
            return
        folder = environment(requirements)
        check_progress(folder)
        if not stamped(folder, requirements):
            prepare(folder, requirements)
    except Unready as problem:
        raise SystemExit("crossing: %s" % problem) from None
    except KeyboardInterrupt:
        raise SystemExit("crossing: interrupted; the next start takes up the work again.") from None
    restart(folder)


def check_python(version: Sequence[int]) -> None:
    """Refuse a Python older than the oldest one supported, naming both, and a system that is not POSIX."""
    if tuple(version[:2]) < MIN_PYTHON:
        have, need = ".".join(str(part) for part in version), ".".join(str(part) for part in MIN_PYTHON)
        raise Unready("Crossing Guard needs Python %s or newer; this is Python %s (%s)." % (need, have, sys.executable))
    if importlib.util.find_spec("fcntl") is None:
        raise Unready("Crossing Guard runs on Linux and macOS; on Windows, start it inside WSL.")


def check_progress(folder: str) -> None:
    """Refuse to start again and again in an environment that never becomes complete."""
    if os.environ.get(ENTERED) == folder:
        raise Unready("the environment %s stays incomplete; remove it and start again." % folder)


def check_venv(modules: Sequence[str] = ("venv", "ensurepip")) -> None:
    """Refuse a Python that cannot make virtual environments, naming the package that adds what is missing."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise Unready(
            "this Python (%s) has no %s, which makes virtual environments. "
            "On Debian or Ubuntu: apt install python3-venv" % (sys.executable, " and no ".join(missing))
        )


def installed() -> bool:
    """Tell whether this interpreter runs an installed distribution, whose installer chose its packages."""
    if not os.path.exists(os.path.join(ROOT, "setup.cfg")):
        return True
    from importlib.metadata import distributions  # noqa: PLC0415  an old Python must get past this module's top

    homes = [str(found.locate_file("")) for found in distributions(name="crossingguard")]
    return any(os.path.realpath(home) != ROOT for home in homes)


def complete(prefix: str, requirements: Sequence[str]) -> bool:
    """Tell whether the running interpreter is that of an environment made here for these very requirements."""
    return inside(prefix) and stamped(prefix, requirements)


def at_hand(prefix: str, requirements: Sequence[str]) -> bool:
    """Tell whether the running interpreter happens to have each pinned package in its pinned version."""
    if os.path.exists(os.path.join(prefix, UNFINISHED)):
        return False
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415  as above

    try:
        return all(version(name) == pin for name, pin in needed(requirements))
    except PackageNotFoundError:
        return False


def needed(requirements: Sequence[str]) -> Iterator[Tuple[str, str]]:
    """Return each pinned package and its version, apart from those under a condition, which pip alone can judge."""
    for path in requirements:
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                pin = PIN.match(line)
                if pin and ";" not in line:
                    yield pin.group(1), pin.group(2)


def inside(folder: str) -> bool:
    """Tell whether the running interpreter is the one of the virtual environment *folder*."""
    return sys.prefix != sys.base_prefix and os.path.realpath(sys.prefix) == os.path.realpath(folder)


def environment(requirements: Sequence[str]) -> str:
    """Return the environment's folder: beside the checkout, or in the user's cache where the checkout is read-only."""
    beside = os.path.join(ROOT, ".venv")
    if stamped(beside, requirements):
        return beside
    if os.access(ROOT, os.W_OK) and (not os.path.exists(beside) or os.access(beside, os.W_OK)):
        return beside
    return os.path.join(private_cache(), "%s-py%d.%d" % (digest(ROOT.encode())[:12], *sys.version_info[:2]), "venv")


def private_cache() -> str:
    """Return a folder of this user that nobody else can write to; create it when it is missing."""
    wanted = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    if not os.access(wanted if os.path.exists(wanted) else os.path.dirname(wanted), os.W_OK):
        wanted = tempfile.gettempdir()
    folder = os.path.join(wanted, "crossingguard-%d" % os.getuid())
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        found = os.lstat(folder)
    except OSError as problem:
        raise Unready("no folder for the environment: %s; set XDG_CACHE_HOME to one." % problem) from None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise Unready("%s belongs to somebody else; set XDG_CACHE_HOME to a folder of your own." % folder)
    return folder


def stamp(path: str) -> str:
    """Return the stamp of an environment for the requirements file *path*: that file, for this Python."""
    with open(path, "rb") as content:
        return "%s %s" % (".".join(str(part) for part in sys.version_info[:2]), digest(content.read()))


def stamp_place(folder: str, path: str) -> str:
    """Return the file in the environment *folder* with the stamp for the requirements file *path*."""
    return os.path.join(folder, ".crossing-%s" % os.path.basename(os.path.dirname(path)))


def stamped(folder: str, requirements: Sequence[str]) -> bool:
    """Tell whether the environment *folder* was completed for these very requirements and this Python."""
    if not os.access(interpreter(folder), os.X_OK):
        return False
    try:
        return all(_read(stamp_place(folder, path)) == stamp(path) for path in requirements)
    except OSError:
        return False


def prepare(folder: str, requirements: Sequence[str]) -> None:
    """Create or complete the environment *folder*, alone: a second start waits for the first."""
    parent = os.path.dirname(folder)
    os.makedirs(parent, exist_ok=True)
    with alone(parent):
        if stamped(folder, requirements):
            return
        begun = time.monotonic()
        if not sound(folder):
            make(folder)
        install(folder, requirements)
        for path in requirements:
            _write(stamp_place(folder, path), stamp(path))
        say("ready after %.0f seconds; later starts take none of this." % (time.monotonic() - begun))


@contextmanager
def alone(folder: str) -> Iterator[None]:
    """Lock *folder* against other starts; the lock ends with the process, however it ends."""
    import fcntl  # noqa: PLC0415  absent on Windows, which check_python refuses in words

    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another start is preparing the environment; waiting for it.")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def sound(folder: str) -> bool:
    """Tell whether *folder* is a finished environment of this Python, to which packages can be added."""
    if os.path.exists(os.path.join(folder, UNFINISHED)) or not os.access(interpreter(folder), os.X_OK):
        return False
    ask = "import pip, sys; print('%d.%d' % sys.version_info[:2], sys.prefix != sys.base_prefix)"
    answer = subprocess.run([interpreter(folder), "-c", ask], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # noqa: PLW1510  its output is the verdict
    return answer.stdout.decode().strip() == "%d.%d True" % sys.version_info[:2]


def make(folder: str) -> None:
    """Create an empty environment in *folder*, in place of whatever was there."""
    check_venv()
    if os.path.exists(folder):
        say("%s is unfinished or of another Python; making it anew." % folder)
        shutil.rmtree(folder)
    say("making a Python environment in %s" % folder)
    os.makedirs(folder)
    _write(os.path.join(folder, UNFINISHED), "")
    python = getattr(sys, "_base_executable", "") or sys.executable
    made = subprocess.run([python, "-m", "venv", folder], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # noqa: PLW1510  its output goes into the message
    if made.returncode:
        raise Unready("cannot make %s: %s" % (folder, made.stdout.decode(errors="replace").strip()))


def install(folder: str, requirements: Sequence[str]) -> None:
    """Install the pinned packages into *folder*, reporting progress; pip's own settings are respected."""
    total = len({name for path in requirements for name, _ in PIN.findall(_read(path))})
    say("installing %d pinned packages (about a minute the first time)" % total)
    _write(os.path.join(folder, UNFINISHED), "")
    command = [interpreter(folder), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--no-warn-script-location", "--progress-bar=off", "--require-hashes"]
    command += [word for path in requirements for word in ("-r", path)]
    log = _follow(command, total)
    if log:
        raise Unready(
            "pip could not install the packages:\n%s\n"
            "They come from PyPI. Without it, point pip at local wheels: "
            "PIP_NO_INDEX=1 PIP_FIND_LINKS=/folder/of/wheels" % log
        )
    os.remove(os.path.join(folder, UNFINISHED))


def _follow(command: Sequence[str], total: int) -> str:
    """Run pip, counting packages on a terminal; return the end of its log when it failed, else nothing."""
    lines = []
    seen = set()
    live = sys.stderr.isatty()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as pip:
        assert pip.stdout is not None
        for raw in pip.stdout:
            lines.append(raw.decode(errors="replace").rstrip())
            step = STEP.match(lines[-1])
            if step:
                seen.add(step.group(1).lower())
                _show(live, "[%d/%d] %s" % (min(len(seen), total), total, step.group(1)))
            elif lines[-1].startswith("Installing collected packages"):
                _show(live, "[%d/%d] unpacking" % (total, total))
    _show(live, "")
    return "\n".join(lines[-12:]) if pip.returncode else ""


def _show(live: bool, text: str) -> None:
    if live:
        sys.stderr.write("\r\033[K%s" % text)
        sys.stderr.flush()


def restart(folder: str) -> None:
    """Replace this process by the same command, run by the environment's interpreter."""
    os.environ[ENTERED] = folder
    sys.stdout.flush()
    python = interpreter(folder)
    os.execv(python, [python, *sys.orig_argv[1:]])


def interpreter(folder: str) -> str:
    """Return the Python of the environment *folder*."""
    return os.path.join(folder, "bin", "python")


def digest(content: bytes) -> str:
    """Return a short fingerprint of *content*."""
    return hashlib.sha256(content).hexdigest()[:32]


def say(text: str) -> None:
    """Print to standard error; standard output stays the command's own."""
    print("crossing: %s" % text, file=sys.stderr, flush=True)


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as content:
        return content.read()


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as target:
        target.write(text)
