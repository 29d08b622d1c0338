"""A version is rebuilt by the commands that are printed; a champion is promoted and taken back by hand."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Project, environment


@pytest.mark.slow
def test_the_commands_that_are_printed_rebuild_a_version(project: Project, tmp_path: Path) -> None:
    record = json.loads(project.read("reports/registration.json"))
    again = tmp_path / "again"
    made = project.command("cellsize", "reproduce", record["name"], record["version"], "--into", str(again))
    assert made.returncode == 0, made.stderr
    ran = subprocess.run(
        ["bash", "-e"], input=made.stdout, cwd=project.folder, env=environment(), text=True, capture_output=True,
        timeout=1200,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    # On this processor the same choice, byte for byte, and the same errors; in a registry of its own.
    assert (again / "reports/choice.json").read_bytes() == (again / "expected/choice.json").read_bytes()
    rebuilt = json.loads((again / "reports/evaluation.json").read_text(encoding="utf-8"))
    expected = json.loads((again / "expected/evaluation.json").read_text(encoding="utf-8"))
    assert {key: rebuilt[key] for key in ("model", "twins", "baselines")} == {
        key: expected[key] for key in ("model", "twins", "baselines")
    }
    assert (again / "mlflow.db").is_file()


@pytest.mark.end_to_end
def test_the_same_model_again_moves_nothing_and_who_promotes_and_rolls_back_is_kept(project: Project) -> None:
    listed = project.command("cellsize", "models", "small")
    assert listed.returncode == 0, listed.stderr
    head, *versions = (line.split("\t") for line in listed.stdout.splitlines())
    assert head[0] == "version"
    champion = next(dict(zip(head, cells, strict=True)) for cells in versions if "champion" in cells[3])
    refused = project.command("cellsize", "promote", "small", champion["version"], "--why", "again")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(f"error: small: version {champion['version']} is champion already")
    forced = project.command("dvc", "repro", "--force", "--single-item", "register")
    assert forced.returncode == 0, forced.stderr
    assert project.command("cellsize", "models", "small").stdout == listed.stdout
