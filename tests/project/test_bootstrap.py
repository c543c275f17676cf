"""The bootstrap: a bare Python becomes a working one, whatever state an earlier start has left behind."""

from __future__ import annotations

import ast
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from gateway import bootstrap

SYSTEM_PYTHON = getattr(sys, "_base_executable", sys.executable)
COMMAND = """
import sys, tiny
def main():
    print(tiny.__version__, sys.prefix, *sys.argv[1:])
"""


def wheel(folder: Path, version: str) -> str:
    """Build a wheel of the package `tiny` in *folder*; return the line that requires it."""
    folder.mkdir(exist_ok=True)
    path, info = folder / f"tiny-{version}-py3-none-any.whl", f"tiny-{version}.dist-info"
    if not path.exists():
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("tiny.py", f"__version__ = {version!r}\n")
            archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n")
            archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(f"{info}/RECORD", f"tiny.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return f"tiny=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wheels")


def lay_out(place: Path, requirement: str) -> Path:
    """Make a checkout with the real bootstrap and a command line that needs `tiny`."""
    package = place / "gateway"
    package.mkdir(parents=True)
    for name in ("__init__.py", "__main__.py", "bootstrap.py"):
        shutil.copy(Path(bootstrap.__file__).with_name(name), package)
    (package / "commands").mkdir()
    (package / "commands" / "__init__.py").touch()
    (package / "commands" / "cli.py").write_text(COMMAND)
    (package / "requirements.txt").write_text(requirement)
    (place / "setup.cfg").touch()
    return place


def command(checkout: Path, wheels: Path, *arguments: str, **environ: str) -> subprocess.Popen[str]:
    own = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "PIP_CONFIG_FILE": os.devnull, **environ}
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "PIP_", "CROSSING_", "VIRTUAL_"))
    }
    words = [SYSTEM_PYTHON, "-m", "gateway", *arguments]
    return subprocess.Popen(
        words, cwd=checkout, env=kept | own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def start(checkout: Path, wheels: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    with command(checkout, wheels, *arguments, **environ) as process:
        out, err = process.communicate(timeout=180)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Path:
    """Make a checkout that has been started once; tests work on copies of it."""
    checkout = lay_out(tmp_path_factory.mktemp("first") / "checkout", wheel(wheels, "1.0"))
    first = start(checkout, wheels, "demo", "--port", "8000")
    assert first.returncode == 0, first.stderr
    assert first.stdout == f"1.0 {checkout / '.venv'} demo --port 8000\n"
    assert "making a Python environment" in first.stderr
    assert "installing 1 pinned packages" in first.stderr
    assert "ready after" in first.stderr
    return checkout


@pytest.fixture
def checkout(ready: Path, tmp_path: Path) -> Path:
    return shutil.copytree(ready, tmp_path / "moved", symlinks=True)


def test_a_second_start_says_and_installs_nothing(ready, wheels):
    again = start(ready, wheels, "x", PIP_FIND_LINKS="/nowhere")
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout.endswith(" x\n")


def test_a_moved_checkout_starts_at_once_in_its_own_environment(checkout, wheels):
    moved = start(checkout, wheels)
    assert (moved.returncode, moved.stderr) == (0, "")
    assert moved.stdout == f"1.0 {checkout / '.venv'}\n"


def test_changed_requirements_are_added_to_the_environment_there_is(checkout, wheels):
    (checkout / ".venv" / "kept").touch()
    (checkout / "gateway" / "requirements.txt").write_text(wheel(wheels, "2.0"))
    changed = start(checkout, wheels)
    assert changed.stdout.startswith("2.0 "), changed.stderr
    assert (checkout / ".venv" / "kept").exists()


def test_an_environment_made_by_hand_is_completed_and_stamped(checkout, wheels):
    (checkout / ".venv" / "kept").touch()
    (checkout / ".venv" / ".crossing-gateway").unlink()
    shutil.rmtree(next((checkout / ".venv").glob("lib/python*/site-packages/tiny-*")))
    assert start(checkout, wheels).stdout.startswith("1.0 ")
    assert (checkout / ".venv" / "kept").exists()
    assert start(checkout, wheels).stderr == ""


def test_an_interrupted_start_is_made_good_by_the_next(checkout, wheels):
    environment = checkout / ".venv"
    (environment / bootstrap.UNFINISHED).touch()
    (environment / ".crossing-gateway").unlink()
    (environment / "half").touch()
    next(environment.glob("lib/python*/site-packages/tiny.py")).write_text("half a file (")
    mended = start(checkout, wheels)
    assert mended.returncode == 0, mended.stderr
    assert "making it anew" in mended.stderr
    assert not (environment / "half").exists()


def test_a_start_killed_while_installing_is_made_good_by_the_next(tmp_path, wheels):
    checkout = lay_out(tmp_path / "checkout", wheel(wheels, "1.0"))
    with command(checkout, wheels) as process:
        assert process.stderr is not None
        assert "making" in process.stderr.readline()
        process.kill()
    assert start(checkout, wheels).stdout.startswith("1.0 ")


def test_an_environment_of_another_python_is_made_anew(checkout, wheels):
    python = checkout / ".venv" / "bin" / "python"
    python.unlink()
    python.write_text("#!/bin/sh\necho 3.9 True\n")
    python.chmod(0o755)
    stamp = checkout / ".venv" / ".crossing-gateway"
    stamp.write_text(stamp.read_text().replace("3.", "2.", 1))
    anew = start(checkout, wheels)
    assert "making it anew" in anew.stderr
    assert anew.stdout.startswith("1.0 ")


def test_two_starts_at_once_make_one_environment(tmp_path, wheels):
    checkout = lay_out(tmp_path / "checkout", wheel(wheels, "1.0"))
    both = [command(checkout, wheels, name) for name in ("one", "two")]
    said = [process.communicate(timeout=180) for process in both]
    for process in both:
        assert process.returncode == 0, said
    assert sum("making a Python environment" in err for _, err in said) == 1
    assert sorted(out.split()[-1] for out, _ in said) == ["one", "two"]


def test_a_package_that_is_not_the_pinned_one_is_refused(checkout, wheels):
    (checkout / "gateway" / "requirements.txt").write_text("tiny==1.0 --hash=sha256:" + "0" * 64 + "\n")
    shutil.rmtree(next((checkout / ".venv").glob("lib/python*/site-packages/tiny-*")))
    refused = start(checkout, wheels)
    assert refused.returncode == 1
    assert "pip could not install the packages" in refused.stderr
    assert "PIP_FIND_LINKS" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert refused.stdout == ""
    (checkout / "gateway" / "requirements.txt").write_text(wheel(wheels, "1.0"))
    assert start(checkout, wheels).stdout.startswith("1.0 ")


def test_an_environment_that_never_becomes_complete_is_reported_once(checkout, wheels):
    (checkout / "gateway" / "requirements.txt").write_text(wheel(wheels, "2.0"))
    stuck = start(checkout, wheels, CROSSING_ENTERED=str(checkout / ".venv"))
    assert stuck.returncode == 1
    assert "stays incomplete" in stuck.stderr


@pytest.mark.parametrize("version", [(3, 6, 8), (3, 10, 13), (2, 7, 18)])
def test_an_old_python_is_told_which_one_is_needed(version):
    with pytest.raises(
        bootstrap.Unready, match=r"needs Python 3\.11 or newer; this is Python " + ".".join(map(str, version))
    ):
        bootstrap.check_python(version)


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 1), (3, 13, 0), (4, 0, 0)])
def test_a_python_new_enough_passes(version):
    assert bootstrap.check_python(version) is None


@pytest.mark.parametrize("name", ["__init__", "__main__", "bootstrap"])
def test_an_old_python_can_read_what_must_speak_to_it(name):
    source = Path(bootstrap.__file__).with_name(f"{name}.py").read_text()
    ast.parse(source, feature_version=(3, 7))
    assert "from __future__ import annotations" not in source


@pytest.mark.parametrize("name", ["__init__", "bootstrap"])
def test_only_the_standard_library_is_imported_before_the_environment_exists(name):
    tree = ast.parse(Path(bootstrap.__file__).with_name(f"{name}.py").read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {module.partition(".")[0] for module in imported} <= sys.stdlib_module_names


def test_a_missing_ensurepip_names_the_package_that_brings_it():
    with pytest.raises(bootstrap.Unready, match=r"no no_such_module, which makes virtual.*apt install python3-venv"):
        bootstrap.check_venv(("venv", "no_such_module"))
    assert bootstrap.check_venv() is None


def test_a_python_without_ensurepip_says_so_without_a_traceback(tmp_path, wheels):
    checkout = lay_out(tmp_path / "checkout", wheel(wheels, "1.0"))
    (tmp_path / "site").mkdir()
    hide = "import importlib.util as u; f=u.find_spec; u.find_spec=lambda n, *a: None if n=='ensurepip' else f(n, *a)\n"
    (tmp_path / "site" / "sitecustomize.py").write_text(hide)
    told = start(checkout, wheels, PYTHONPATH=str(tmp_path / "site"))
    assert told.returncode == 1
    assert "apt install python3-venv" in told.stderr
    assert "Traceback" not in told.stderr
    assert not (checkout / ".venv").exists()


def test_a_checkout_that_cannot_be_written_gets_its_environment_in_the_users_cache(tmp_path, monkeypatch):
    checkout = lay_out(tmp_path / "checkout", "tiny==1.0\n")
    monkeypatch.setattr(bootstrap, "ROOT", str(checkout))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    needed = [str(checkout / "gateway" / "requirements.txt")]
    assert bootstrap.environment(needed) == str(checkout / ".venv")
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: str(path) != str(checkout) and allowed(path, mode))
    place = Path(bootstrap.environment(needed))
    assert place.is_relative_to(tmp_path / f"crossingguard-{os.getuid()}")
    assert place.parent.parent.stat().st_mode & 0o077 == 0


def test_a_cache_that_somebody_else_can_write_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / f"crossingguard-{os.getuid()}").mkdir()
    (tmp_path / f"crossingguard-{os.getuid()}").chmod(0o777)
    with pytest.raises(bootstrap.Unready, match="set XDG_CACHE_HOME"):
        bootstrap.private_cache()


def test_an_installed_distribution_makes_no_environment(tmp_path, monkeypatch):
    monkeypatch.setattr(bootstrap, "ROOT", str(tmp_path))
    assert bootstrap.installed()
    (tmp_path / "setup.cfg").touch()
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert not bootstrap.installed()
    built = tmp_path / "crossingguard.egg-info"
    built.mkdir()
    (built / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: crossingguard\nVersion: 1\n")
    assert not bootstrap.installed(), "what a build leaves in the checkout is no installation"
    other = tmp_path / "site-packages" / "crossingguard-1.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: crossingguard\nVersion: 1\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(other.parent)])
    assert bootstrap.installed()


def test_packages_are_at_hand_only_in_their_pinned_versions(tmp_path):
    pinned = tmp_path / "requirements.txt"
    pinned.write_text(f"pytest=={pytest.__version__} --hash=sha256:0\nno-such==1 ; sys_platform == 'win32'\n")
    assert bootstrap.at_hand(str(tmp_path), [str(pinned)])
    pinned.write_text("pytest==0.1\n")
    assert not bootstrap.at_hand(str(tmp_path), [str(pinned)])
    pinned.write_text("no-such==1\n")
    assert not bootstrap.at_hand(str(tmp_path), [str(pinned)])
