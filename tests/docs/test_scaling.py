"""The page on larger machines: its manifests fit their schemas, its keys are keys, its figures are those measured."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ray.autoscaler._private.util import prepare_config, validate_config
from ruamel.yaml import YAML

from cellsize.params import Compute

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/scaling.md").read_text(encoding="utf-8")
CLUSTER = ROOT / "docs/cluster"


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


HEAD = "spec.rayClusterSpec.headGroupSpec"


def wrong(document: dict[str, Any]) -> list[str]:
    """What in a document of Kubernetes does not fit the schema of its kind; see `kuberay.yaml`."""
    schema = YAML(typ="safe", pure=True).load(Path(__file__).with_name("kuberay.yaml"))
    of_kind = {"$defs": schema["$defs"], "$ref": f"#/$defs/{document['kind']}"}
    found = jsonschema.Draft202012Validator(of_kind).iter_errors(document)
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in found]


def test_the_manifest_fits_the_schema_of_each_of_its_kinds() -> None:
    found = read_all("rayjob.yaml")
    assert set(found) == {"RayJob", "PersistentVolumeClaim"}
    assert [wrong(document) for document in found.values()] == [[], []]


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("RayJob", "spec.backoffLimit", "2"),
        ("RayJob", "spec.backoffLimits", 2),
        ("RayJob", "spec.rayClusterSpec.authOptions.mode", True),
        ("RayJob", f"{HEAD}.rayStartParams.num-cpus", 0),  # a text is wanted
        ("RayJob", f"{HEAD}.template.spec.containers.0.env.0.value", 0),
        ("RayJob", f"{HEAD}.template.spec.containers.0.env.2.value", "a secret"),
        ("RayJob", f"{HEAD}.template.spec.containers.0.resources.limits.memory", "8 GB"),
        ("RayJob", f"{HEAD}.template.spec.initContainers.0.command", "cp -R"),
        ("RayJob", f"{HEAD}.template.spec.volumes.0.persistentVolumeClaim", "cellsize"),
        ("RayJob", "spec.rayClusterSpec.workerGroupSpecs.0.replicas", "4"),
        ("RayJob", "spec.rayClusterSpec.workerGroupSpecs.0.template.spec.containers.0.volumeMount", []),
        ("PersistentVolumeClaim", "spec.accessModes.0", "ReadWrite"),
        ("PersistentVolumeClaim", "spec.resources.requests.storage", "20 GB"),
    ],
)
def test_a_manifest_that_kubernetes_would_refuse_does_not_fit(kind: str, path: str, value: object) -> None:
    document = json.loads(json.dumps(read_all("rayjob.yaml")[kind]))  # nothing in it is there twice
    *before, last = path.split(".")
    content: Any = document
    for key in before:
        content = content[int(key) if key.isdigit() else key]
    content[int(last) if last.isdigit() else last] = value
    (said,) = wrong(document)
    assert path.startswith(said.partition(": ")[0])


def test_the_job_of_kuberay_asks_for_a_token_and_holds_no_secret() -> None:
    cluster = read_all("rayjob.yaml")["RayJob"]["spec"]["rayClusterSpec"]
    assert cluster["authOptions"] == {"mode": "token"}
    for group in cluster["workerGroupSpecs"]:
        assert group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        for container in group["template"]["spec"]["containers"]:
            # No secret in the manifest: each comes from a secret of the cluster.
            secrets = [entry for entry in container["env"] if "SECRET" in entry["name"] or "KEY" in entry["name"]]
            assert secrets
            assert all("value" not in entry for entry in secrets)


def test_the_folder_that_the_job_runs_in_outlives_its_pods() -> None:
    found = read_all("rayjob.yaml")
    job, claim = found["RayJob"], found["PersistentVolumeClaim"]
    pod = at(job, f"{HEAD}.template.spec")
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
