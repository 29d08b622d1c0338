"""Kills a tiny project's run at random moments over all stages, and looks at what became of it: `make torture`.

A round is a new project that is killed several times and then run to its end. A moment is a stage and a fraction of the
time that the stage took undisturbed, so that a busy machine kills at the same places. After each round the answer has
to be that of the undisturbed run, byte for byte, and nothing may be left over. It can be interrupted: rounds that are
in the results are not repeated.
"""

import argparse
import random
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks import data, faults
from benchmarks.faults import Disturbed
from benchmarks.machine import machine
from cellsize import files

# How often each is killed: any process at any stage, those of Ray only while it runs.
KINDS = {"run": 3, "dvc": 3, "stage": 4, "worker": 2, "raylet": 1, "gcs_server": 1}
OF_RAY = ("worker", "raylet", "gcs_server")
# The search is where most of the time goes, and most of what can be lost.
WEIGHTS = {stage: 4 if stage == "search" else 2 if stage == "register" else 1 for stage in faults.STAGES}
WAIT = 600.0  # seconds for a stage to begin
LEAST = 2  # kills of each kind; those that the first rounds did not draw are done after them


def undisturbed(place: Path) -> tuple[list[bytes], dict[str, float]]:
    """The answers of a run that nobody disturbs, and the seconds that each of its stages took."""
    project = faults.make(place / "reference", place / "t")
    running, began = project.begin(), dict[str, float]()
    while running.poll() is None:
        if stage := project.stage():
            began.setdefault(stage, time.monotonic())
        time.sleep(0.02)
    if running.returncode:
        raise SystemExit(project.said())
    ends = [*list(began.values())[1:], time.monotonic()]
    lasted = {stage: end - began[stage] for stage, end in zip(began, ends, strict=True)}
    return project.answers(), lasted


def moment(project: Disturbed, running: Any, stage: str, seconds: float) -> None:
    """Waits until a stage, or one after it, has run for some seconds, or the run has ended."""
    later, deadline = set(faults.STAGES[faults.STAGES.index(stage) :]), time.monotonic() + WAIT
    began = len(project.said())  # of the runs before this one
    while running.poll() is None and time.monotonic() < deadline:
        if set(re.findall(r"Running stage '(\w+)'", project.said()[began:])) & later:
            time.sleep(seconds)
            return
        time.sleep(0.02)


def moments(chance: random.Random, kills: int) -> list[tuple[str, float]]:
    """When one project is killed: stages and fractions of their time, in the order in which they come."""
    drawn = chance.choices(list(WEIGHTS), list(WEIGHTS.values()), k=kills)
    return sorted(
        ((stage, round(chance.random(), 3)) for stage in drawn), key=lambda one: (faults.STAGES.index(one[0]), one[1])
    )


def drawn(chance: random.Random, stage: str) -> str:
    """Whom to kill in a stage."""
    kinds = {kind: often for kind, often in KINDS.items() if stage == "search" or kind not in OF_RAY}
    return str(chance.choices(list(kinds), list(kinds.values()))[0])


def disturb(
    project: Disturbed, chance: random.Random, lasted: dict[str, float], stage: str, fraction: float, kind: str = ""
) -> dict[str, Any]:
    """One run that is killed once, in a stage or one after it if that is finished; the row.

    Its `killed` is empty where nobody was there any more to be killed, and the run came to its end.
    """
    waits, kind = bool(kind), kind or drawn(chance, stage)
    at_once = chance.random() < 0.5
    before, running = project.shards(), project.begin()
    moment(project, running, stage, fraction * lasted[stage])
    found = faults.victims(project)
    while waits and kind not in found and running.poll() is None and project.stage() == stage:
        time.sleep(0.05)
        found = faults.victims(project)
    # Ray may not be there yet, or not any more: then whoever is killed is the stage, or the run.
    hit = next((name for name in (kind, "stage", "dvc", "run") if found.get(name)), "")
    where = project.stage()
    hit = hit if faults.kill(found.get(hit, [])[:1]) else ""
    killed = time.monotonic()
    with suppress(subprocess.TimeoutExpired):
        running.wait(timeout=patience(hit))
    status = running.poll()
    row = {
        "stage": stage, "fraction": fraction, "kind": kind, "killed": hit, "while": where, "status": status,
        "seconds_to_end": round(time.monotonic() - killed, 1),
        "shards_before": len(before),
    }  # fmt: skip
    # Half of the time the next run begins at once, beside whatever is still there.
    return row | {"next_run": "at once" if at_once else f"{faults.gone(project):.1f} s later, when all had ended"}


def patience(killed: str) -> float:
    """Seconds that the run may continue after a kill: to its end, where a worker is started anew."""
    return 1200.0 if killed in ("worker", "") else 300.0


def lacking(rows: Sequence[Mapping[str, Any]], least: int) -> list[str]:
    """Whom too few kills have hit, as often as they lack."""
    hit = Counter(row["killed"] for row in rows)
    return [kind for kind in KINDS for _ in range(least - hit[kind])]


def round_of(
    number: int,
    seed: int,
    kills: int,
    place: Path,
    reference: tuple[list[bytes], dict[str, float]],
    kinds: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """One project that is killed several times, then run to its end.

    Args:
        number: The round's, from 0: with the seed it gives the moments.
        seed: Of all rounds.
        kills: How often, unless the run ends before.
        place: Folder of the project.
        reference: What `undisturbed` returned.
        kinds: Whom to kill, one after another, in the search; empty: as they are drawn.

    Returns:
        A row for each kill; none for a moment that came when the run had ended.
    """
    chance = random.Random(1000 * seed + number)
    answers, lasted = reference
    shutil.rmtree(place / "p", ignore_errors=True)
    Disturbed(place / "p", place / "t").log.unlink(missing_ok=True)
    project = faults.make(place / "p", place / "t")
    rows, seen, repeated = list[dict[str, Any]](), dict[str, tuple[int, int]](), set[str]()
    planned = [(stage, fraction, "") for stage, fraction in moments(chance, kills)]
    if kinds:
        fractions = sorted(round(chance.random(), 3) for _ in kinds[:kills])
        planned = [("search", fraction, kind) for fraction, kind in zip(fractions, kinds, strict=False)]
    for stage, fraction, kind in planned:
        row = disturb(project, chance, lasted, stage, fraction, kind)
        now = project.shards()
        repeated |= {name for name, mark in seen.items() if name in now and now[name] != mark}
        seen = now | seen
        if row["killed"]:
            rows.append({"round": number, "seed": seed, **row, "shards": len(now)})
            print(rows[-1], flush=True)
        if row["status"] == 0:
            break
    status = project.run()
    now = project.shards()
    repeated |= {name for name, mark in seen.items() if now.get(name) != mark}
    left = faults.gone(project)
    stored = faults.registry(project)
    after = {
        "status_of_last_run": status,
        "same_answers": project.answers() == answers,
        "shards_trained_twice": sorted(repeated),
        "versions": stored.versions,
        "champion": stored.aliases.get("champion"),
        "runs_left_running": stored.running,
        "seconds_until_nothing_runs": round(left, 1),
        "mess": faults.mess(project, Disturbed(place / "reference", place / "t")),
        "tracebacks": project.said().count("Traceback"),
    }
    after["passed"] = (
        status == 0 and after["same_answers"] and not repeated and stored.versions == [1]
        and after["champion"] == 1 and not stored.running and left < 300 and not after["mess"]
    )  # fmt: skip
    if not after["passed"]:
        shutil.copy(project.log, place / f"failed-{seed}-{number}.log")
    return [row | after for row in rows]


def main() -> None:
    """Plays rounds until there are enough kills, and writes `torture.json` after each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=30, help="at least so many in all")
    parser.add_argument("--each", type=int, default=5, help="kills in a round")
    parser.add_argument("--seed", type=int, default=1, help="another one begins anew")
    parser.add_argument("--smoke", action="store_true", help="one round of two kills; its results go elsewhere")
    given = parser.parse_args()
    path = data.result("torture", given.smoke)
    content: dict[str, Any] = {"machine": machine(), "seed": given.seed, "rows": []}
    if path.is_file() and not given.smoke and files.read_json(path)["seed"] == given.seed:
        content = files.read_json(path)
        content["rows"] = [row for row in content["rows"] if row["killed"]]
    kills, each, least = (2, 2, 0) if given.smoke else (given.kills, given.each, LEAST)
    place = Path(tempfile.mkdtemp(prefix="t", dir="/tmp"))  # short: Ray's sockets lie below it
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        reference = undisturbed(place)
        content["seconds_undisturbed"] = {name: round(value, 1) for name, value in reference[1].items()}
        number = 1 + max((row["round"] for row in content["rows"]), default=-1)
        while len(content["rows"]) < kills or lacking(content["rows"], least):
            # First as they are drawn, and then whoever was not drawn often enough.
            kinds = lacking(content["rows"], least) if len(content["rows"]) >= kills else []
            content["rows"] += round_of(number, given.seed, each, place, reference, kinds)
            data.write("torture", content, given.smoke)
            number += 1
    finally:
        for name in ("reference", "p"):
            faults.kill(Disturbed(place / name, place).processes())
        for log in place.glob("failed-*.log"):
            print(f"a round failed: {shutil.copy(log, data.ROOT / '.cache')}")
        shutil.rmtree(place, ignore_errors=True)
    failed = [row for row in content["rows"] if not row["passed"]]
    print(f"{len(content['rows'])} kills, {len(failed)} in rounds that failed")
    if failed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
