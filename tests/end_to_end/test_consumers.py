"""What docs/consumers.md shows, run as a consumer does: its commands and blocks in order, in the project's folder."""

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.end_to_end.conftest import Project, environment

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]
PAGE = (Path(__file__).parents[2] / "docs/consumers.md").read_text(encoding="utf-8")


def blocks(heading: str, language: str) -> list[str]:
    """The blocks of one language in a section."""
    text = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    assert text
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def commands(heading: str) -> list[str]:
    return [line[2:] for block in blocks(heading, "console") for line in block.splitlines() if line.startswith("$ ")]


def shell(project: Project, command: str) -> str:
    ran = project.command("bash", "-euo", "pipefail", "-c", command)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def python(project: Project, *code: str) -> str:
    ran = project.command("python", "-c", "\n".join(code), MLFLOW_ALLOW_PICKLE_DESERIALIZATION="false")
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@contextmanager
def started(project: Project, command: str, port: str) -> Iterator[str]:
    """A server that a command of the page starts, on a port that is free; the port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        free = str(taken.getsockname()[1])
    log = (project.folder / "served.log").open("w")
    server = subprocess.Popen(
        ["bash", "-c", f"exec env {command.replace(port, free)}"], cwd=project.folder, env=environment(), stdout=log,
        stderr=log, start_new_session=True,
    )  # fmt: skip
    try:
        for _ in range(900):
            if project.command("curl", "-s", f"http://127.0.0.1:{free}/ping").returncode == 0:
                break
            assert server.poll() is None, project.read("served.log")
            time.sleep(0.2)
        yield free
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=60)


LOAD = blocks("In Python", "python")


def test_in_python_with_intervals(project: Project) -> None:
    said = python(project, *LOAD)
    assert "['when', 'place', 'load'] 12" in said.replace('"', "'") or "12" in said.splitlines()[0]
    assert "['when', 'place', 'load'] h 12" in said
    assert "['place', 'time', 'load'] None" in said  # the signature: an answer with types, and no columns to send
    assert re.search(r"(?m)^/.*/requirements\.txt$", said)
    end = "print(list(model.predict(history, params={'levels': [0.8, 0.9]}).columns))"
    names = python(project, LOAD[0], end).splitlines()[-1]
    ends = ["load_lower_80", "load_upper_80", "load_lower_90", "load_upper_90"]
    assert names == str(["place", "time", "load", *ends])
    assert all(name in PAGE for name in ends)


def test_over_a_parquet_file(project: Project) -> None:
    python(project, LOAD[0], *blocks("Over a Parquet file", "python"))
    forecasts = pd.read_parquet(project.folder / "forecasts.parquet")
    assert list(forecasts.columns) == ["place", "time", "load", "load_lower_90", "load_upper_90"]
    assert (forecasts["load_lower_90"] < forecasts["load_upper_90"]).all()
    assert len(forecasts) == 6


def test_cellsize_serve(project: Project) -> None:
    python(project, LOAD[0], *blocks("Over a Parquet file", "python"))
    with started(project, blocks("cellsize serve", "sh")[0], "5077") as port:
        recent, csv, parquet, refused = (line.replace("5077", port) for line in commands("cellsize serve"))
        shell(project, recent)
        forecast = json.loads(shell(project, csv))["predictions"]
        assert [row["place"] for row in forecast] == ["south"] * 3
        assert len(json.loads(shell(project, parquet))["predictions"]) == 6
        (block,) = blocks("cellsize serve", "python")
        said = python(project, LOAD[0], block.replace("5077", port))
        assert "load_lower_80" in said.splitlines()[-1]
        assert shell(project, refused).strip() == blocks("cellsize serve", "text")[0].strip()
        # Without a Content-Type, which curl leaves out for an empty header.
        bare = f"curl -s -H Content-Type: --data-binary @recent.csv http://127.0.0.1:{port}/invocations"
        assert json.loads(shell(project, bare))["error_code"] == "UNSUPPORTED_MEDIA_TYPE"
    assert "Traceback" not in project.read("served.log")


def test_mlflow_models_serve(project: Project) -> None:
    shell(project, commands("cellsize serve")[0])
    with started(project, blocks("mlflow models serve", "sh")[0], "5078") as port:
        (command,) = (line.replace("5078", port) for line in commands("mlflow models serve"))
        assert len(json.loads(shell(project, command))["predictions"]) == 3


def test_onnx(project: Project) -> None:
    install, export = commands("ONNX")
    # The extra is installed with the tests: pip has nothing to look for, and does not look for cellsize itself.
    ran = project.command("bash", "-c", install, PIP_NO_INDEX="1", PIP_DRY_RUN="1")
    assert ran.returncode == 0, ran.stderr
    assert "already satisfied: cellsize[onnx]" in ran.stdout
    said = shell(project, export)
    assert "holdout nmse" in said.splitlines()[0]  # this is the folder of the project
    (block,) = blocks("ONNX", "python")
    (line,) = python(project, "import pandas as pd", block).splitlines()
    forecast = np.fromstring(line.strip("[]"), sep=" ")
    (expected,) = python(
        project, LOAD[0], "print(model.predict(history).query(\"place == 'north'\")['load'].to_list())"
    ).splitlines()[-1:]
    np.testing.assert_allclose(forecast, json.loads(expected), rtol=1e-5)
