"""The page on larger machines: its manifests fit their schemas, its keys are keys, its figures are those measured."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ray.autoscaler._private.util import prepare_config, validate_config
from ruamel.yaml import YAML

from cellsize.params import Compute

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/scaling.md").read_text(encoding="utf-8")
CLUSTER = ROOT / "docs/cluster"

# Of the schema of KubeRay (RayJob, ray.io/v1; 25,000 lines): the manifest was held against the whole of it once,
# unknown keys forbidden. Here the keys that it uses, and those that are required.
JOB: dict[str, set[str]] = {
    "": {"apiVersion", "kind", "metadata", "spec"},
    "spec": {
        "entrypoint", "submissionMode", "shutdownAfterJobFinishes", "ttlSecondsAfterFinished", "backoffLimit",
        "rayClusterSpec",
    },
    "spec.rayClusterSpec": {"rayVersion", "authOptions", "headGroupSpec", "workerGroupSpecs"},
    "spec.rayClusterSpec.authOptions": {"mode"},
    "spec.rayClusterSpec.headGroupSpec": {"rayStartParams", "template"},
    "spec.rayClusterSpec.headGroupSpec.template.spec": {
        "hostname", "securityContext", "volumes", "initContainers", "containers",
    },
}  # fmt: skip
GROUP = {"groupName", "replicas", "minReplicas", "maxReplicas", "rayStartParams", "template"}


def read(name: str) -> Any:
    return YAML(typ="safe", pure=True).load(CLUSTER / name)


def read_all(name: str) -> dict[str, Any]:
    """The documents of a file, by kind."""
    return {document["kind"]: document for document in YAML(typ="safe", pure=True).load_all(CLUSTER / name)}


def at(content: Any, path: str) -> Any:
    for key in filter(None, path.split(".")):
        content = content[key]
    return content


def test_the_cluster_of_ray_up_fits_rays_schema() -> None:
    config = read("ray-up.yaml")
    validate_config(prepare_config(config))
    commands = [*config["head_start_ray_commands"], *config["worker_start_ray_commands"]]
    started = [command for command in commands if "ray start" in command]
    assert len(started) == 2
    # `ray start` checks no token unless it is told to.
    assert all("RAY_AUTH_MODE=token" in command for command in started)
    assert "RAY_AUTH_TOKEN=" not in "".join(commands)
    # What the page says to run there needs no dashboard, unless there is one.
    assert any("--include-dashboard=false" in command for command in started)
    assert "`ray exec --tmux docs/cluster/ray-up.yaml" in PAGE


# As `ray start` does before anything else.
START = """
from ray._private.authentication.authentication_token_setup import ensure_token_if_auth_enabled
ensure_token_if_auth_enabled(create_token_if_missing=False)
"""


@pytest.mark.parametrize("is_there", [True, False])
def test_ray_start_finds_the_token_in_the_file_that_ray_up_copies(tmp_path: Path, is_there: bool) -> None:
    # Its commands run through SSH: nothing of the environment of whoever calls `ray up` is there.
    (target,) = (path for path in read("ray-up.yaml")["file_mounts"] if "token" in path)
    if is_there:
        token = tmp_path / target.removeprefix("~/")
        token.parent.mkdir()
        token.write_text("0123456789abcdef" * 4)
    own = {"HOME": str(tmp_path), "RAY_AUTH_MODE": "token", "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    started = subprocess.run([sys.executable, "-c", START], env=own, capture_output=True, text=True)
    assert (started.returncode == 0) == is_there, started.stderr
    assert is_there or "AuthenticationError" in started.stderr


def test_the_job_of_kuberay_has_the_fields_of_its_kind() -> None:
    job = read_all("rayjob.yaml")["RayJob"]
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    for path, keys in JOB.items():
        assert set(at(job, path)) == keys, path
    cluster = job["spec"]["rayClusterSpec"]
    assert cluster["authOptions"] == {"mode": "token"}
    for group in cluster["workerGroupSpecs"]:
        assert set(group) == GROUP
        assert group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        for container in group["template"]["spec"]["containers"]:
            assert {"name", "image", "env", "resources"} == set(container) - {"volumeMounts"}
            # No secret in the manifest: each comes from a secret of the cluster.
            secrets = [entry for entry in container["env"] if "SECRET" in entry["name"] or "KEY" in entry["name"]]
            assert all("value" not in entry for entry in secrets)


def test_the_folder_that_the_job_runs_in_outlives_its_pods() -> None:
    found = read_all("rayjob.yaml")
    job, claim = found["RayJob"], found["PersistentVolumeClaim"]
    pod = at(job, "spec.rayClusterSpec.headGroupSpec.template.spec")
    (volume,) = pod["volumes"]
    assert volume["persistentVolumeClaim"] == {"claimName": claim["metadata"]["name"]}
    for container in (*pod["initContainers"], *pod["containers"]):
        (mount,) = container["volumeMounts"]
        assert mount["name"] == volume["name"]
        assert job["spec"]["entrypoint"] == f"cellsize run {mount['mountPath']}"


@pytest.mark.parametrize("key", list(Compute.model_fields))
def test_every_key_of_the_section_is_on_the_page(key: str) -> None:
    assert f"`{key}`" in PAGE


def test_the_sections_that_the_page_shows_are_valid() -> None:
    shown = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    assert len(shown) >= 3
    for text in shown:
        compute = YAML(typ="safe", pure=True).load(text)["search"]["compute"]
        whole = YAML(typ="safe", pure=True).load(ROOT / "params.yaml")["search"]["compute"]
        assert set(compute) <= set(whole)
        Compute.model_validate(whole | compute)


def test_the_figures_on_the_page_are_those_of_the_benchmark() -> None:
    measured = json.loads((ROOT / "benchmarks/results/schedules.json").read_text(encoding="utf-8"))["replays"]
    rows = re.findall(r"^\| (\S+) +\| (cpu|gpu) (climb|grid) +\|(.+)\|$", PAGE, flags=re.MULTILINE)
    assert len(rows) >= 8
    header = re.search(r"^\| data +\| search +\|(.+)\|$", PAGE, flags=re.MULTILINE)
    assert header is not None
    counts = [int(cell) for cell in header[1].split("|")]
    for example, device, procedure, cells in rows:
        for count, cell in zip(counts, cells.split("|"), strict=True):
            found = [
                row for row in measured
                if (row["example"], row["device"], row["procedure"], row["workers"])
                == (example, device, procedure, count)
            ]  # fmt: skip
            text = cell.strip()
            assert text == (f"{found[0]['speedup']:.1f} ({100 * found[0]['busy']:.0f} %)" if found else "")
