"""Runs the published clients against a gateway, each unchanged and in a process of its own."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import requests

from tests.support.needs import missing

DRIVER = Path(__file__).with_name("drive_edfi_api_client.py")
PATIENCE = 300
PAGE = 500


@dataclass(frozen=True)
class Clients:
    """Both published clients, pointed at one district of a gateway; *folder* is theirs to write into."""

    base: str
    key: str
    secret: str
    folder: Path

    def edfi(self, task: str, *names: str) -> Any:
        """What edfi-api-client saw while it did a *task*."""
        needed("edfi_api_client")
        command = [sys.executable, str(DRIVER), self.base, self.key, self.secret, task, *names]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr[-4000:]
        return json.loads(done.stdout)

    def lightbeam(self, command: str, *more: str) -> str:
        """What lightbeam said while it carried out a *command*."""
        needed("lightbeam")
        told = [sys.executable, "-m", "lightbeam", command, "-c", str(self._settings()), *more]
        done = subprocess.run(told, cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE)
        said = done.stdout + done.stderr
        assert done.returncode == 0, said[-4000:]
        return said

    def token(self) -> str:
        """A token of theirs."""
        asked = {"grant_type": "client_credentials"}
        answer = requests.post(f"{self.base}/oauth/token", asked, auth=(self.key, self.secret), timeout=60)
        return str(answer.json()["access_token"])

    @property
    def district(self) -> str:
        """The district at the end of the address."""
        return self.base.rpartition("/")[2]

    @property
    def data(self) -> Path:
        """Where lightbeam keeps what it fetches, and looks for what it validates and sends."""
        place = self.folder / "data"
        place.mkdir(parents=True, exist_ok=True)
        return place

    def counted(self, *more: str) -> dict[str, int]:
        """How many records lightbeam counts of every resource."""
        results = self.folder / "counts" / "counts.tsv"
        self.lightbeam("count", "--results-file", str(results), *more)
        lines = results.read_text().splitlines()[1:]
        return {name: int(count) for count, name in (line.split("\t") for line in lines)}

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The records of a resource that lightbeam has fetched."""
        place = self.data / f"{name}.jsonl"
        return [json.loads(line) for line in place.read_text().splitlines()] if place.exists() else []

    def report(self, most: int) -> dict[str, Any]:
        """What lightbeam finds wrong with what it has fetched, at *most* so many records of each resource."""
        place, sample = self.folder / "results" / "validation.json", self.folder / "sample"
        sample.mkdir(exist_ok=True)
        for whole in self.data.glob("*.jsonl"):
            with whole.open() as lines:
                (sample / whole.name).write_text("".join(islice(lines, most)))
        self.lightbeam("validate", "--results-file", str(place), "--set", "data_dir", str(sample))
        return json.loads(place.read_text())["resources"]

    @property
    def _state(self) -> Path:
        """Where lightbeam keeps the documents, which it otherwise fetches again for every single resource."""
        place = self.folder / "state"
        place.mkdir(parents=True, exist_ok=True)
        return place

    def _settings(self) -> Path:
        given = {
            "data_dir": str(self.data), "state_dir": str(self._state),
            "edfi_api": {
                "base_url": self.base, "version": 3, "mode": "shared_instance",
                "client_id": self.key, "client_secret": self.secret,
            },
            "connection": {"pool_size": 4, "num_retries": 2, "verify_ssl": False},
            "fetch": {"page_size": PAGE},
            "force_delete": True,
        }  # fmt: skip
        place = self.folder / "lightbeam.yaml"
        place.write_text(json.dumps(given))  # every JSON document is a YAML document
        return place


def needed(package: str) -> None:
    """Skip a test, or fail it in CI, where a published client is not installed."""
    if importlib.util.find_spec(package) is None:
        missing(f"{package} is not in this environment; tests/requirements.txt pins it")
