"""How far the answer moves when only the random numbers change: ten repeats with other seeds.

`make bench-stability` searches the default and the New York data as the pipeline does, without Ray, once with each of
ten values of `search.seed`, two at once in plain processes (the answer does not depend on the workers). It writes
benchmarks/results/stability.json: what each repeat said, how many said the same, how many were decided. Two repeats say
the same if they name the same size, or are undecided between the same sizes. They contradict each other if neither
names what the other one chose.
What is trained is kept, so that an interrupted run resumes. A repeat that is done is a line of stability.jsonl, with a
name for data, parameters, code and kernels, those of the rule and of the procedure too: it is not run again while these
are the same. After a change of code that
should not change a number, `--adopt` proves it on the first seed: if that repeat says the same to the last digit, the
earlier lines of the other seeds are taken over.
"""

import argparse
import hashlib
import json
from collections import Counter
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks import data
from benchmarks.machine import machine
from benchmarks.sizing import chosen_from, search_alone
from cellsize import files, stage
from cellsize.params import Params
from cellsize.search import store
from cellsize.sizing.candidates import propose
from cellsize.sizing.procedures import plan
from cellsize.training.records import Work

DECIDING = ("cellsize.sizing.candidates", "cellsize.sizing.procedures", "cellsize.sizing.choice")
KEPT = data.ROOT / ".cache/benchmarks/stability"
Repeat = dict[str, Any]


def repeat(what: tuple[str, int, bool, str, bool]) -> Repeat:
    """Searches and chooses once.

    Args:
        what: The example, the seed, whether to try the code on little data, the lines of earlier repeats, and whether
            those of other code count.
    """
    name, seed, smoke, lines, adopts = what
    example, training = data.loaded_for(name, smoke)
    work, params = example.work(training, seed=seed), example.params
    key = key_of(work, params)
    for line in map(json.loads, lines.splitlines()):
        if (line["name"], line["seed"], line["key"]) == (name, seed, key):
            return dict(line)
    if adopts and (adopted := adoptable(lines, name, seed)):
        return {**adopted, "key": key, "adopted": True}
    kept = KEPT / store.key(work)
    kept.mkdir(parents=True, exist_ok=True)
    candidates = propose(example.windows, example.folds, params.propose)
    results = search_alone(work, plan(candidates, params.search, params.choose), kept)
    _, choice = chosen_from(results, candidates, params)
    return {
        "name": name,
        "seed": seed,
        "key": key,
        "chosen": str(choice.size),
        "undecided": [str(entry.size) for entry in choice.undecided_sizes],
        "decided": choice.decided,
        "at_least": choice.at_least,
        "best": str(choice.best.size),
        "scores": {str(tried.size): round(tried.score, 5) for tried in choice.sizes},
        "probabilities": {str(tried.size): tried.probability for tried in choice.sizes},
        "core_seconds": round(sum(result.seconds for result in results), 1),
    }


def key_of(work: Work, params: Params) -> str:
    """Names what an answer depends on: what is trained, and the code and parameters by which sizes are chosen.

    What is trained lies in a folder that is named after the work alone: another rule trains nothing anew.
    """
    searched = params.search.model_dump(mode="json", exclude={"compute"})  # where it runs moves no answer
    sections = [params.propose.model_dump(mode="json"), searched, params.choose.model_dump(mode="json")]
    deciding = json.dumps([sections, stage.code_hash(*DECIDING)], sort_keys=True)
    return f"{store.key(work)}-{hashlib.sha256(deciding.encode()).hexdigest()[:16]}"


def numbers(repeated: Repeat) -> Repeat:
    """What a repeat found, without the name of its code and the time it took."""
    return {key: value for key, value in repeated.items() if key not in ("key", "core_seconds", "adopted")}


def adoptable(lines: str, name: str, seed: int) -> Repeat | None:
    """The earlier repeat of a seed, by whatever code; None if there is none, or if two codes disagree."""
    found = [line for line in map(json.loads, lines.splitlines()) if (line["name"], line["seed"]) == (name, seed)]
    return found[-1] if found and all(numbers(line) == numbers(found[0]) for line in found) else None


def named(repeated: Repeat) -> tuple[str, ...]:
    """The sizes that an answer names: those that are undecided, and the one that is chosen."""
    return (*repeated["undecided"], repeated["chosen"])


def contradict(first: Repeat, second: Repeat) -> bool:
    """Whether neither answer names what the other one chose."""
    return first["chosen"] not in named(second) and second["chosen"] not in named(first)


def summarised(repeats: list[Repeat]) -> dict[str, Any]:
    """How many repeats say the same, and how many are decided."""
    said = Counter(" or ".join(named(repeated)) for repeated in repeats)
    pairs = [(one, other) for at, one in enumerate(repeats) for other in repeats[:at]]
    return {
        "repeats": len(repeats),
        "say_the_same": said.most_common(1)[0][1],
        "said": dict(said.most_common()),
        "decided": sum(repeated["decided"] for repeated in repeats),
        "most_undecided": max(len(repeated["undecided"]) for repeated in repeats),
        "pairs_that_contradict": sum(contradict(one, other) for one, other in pairs),
        "pairs": len(pairs),
        "chosen": dict(Counter(repeated["chosen"] for repeated in repeats).most_common()),
        "core_minutes": round(sum(repeated["core_seconds"] for repeated in repeats) / 60 / len(repeats), 1),
    }


def main() -> None:
    """Repeats every example and writes how far the answer moves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--only", nargs="*", default=list(data.PLACES))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--adopt", action="store_true", help="lines of code that trains the same as this one")
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    path = Path(data.result("stability", given.smoke))
    lines = path.with_suffix(".jsonl")
    earlier = lines.read_text(encoding="utf-8") if lines.is_file() else ""
    summary: dict[str, Any] = files.read_json(path) if path.is_file() else {}
    for name in given.only:
        repeats: list[Repeat] = []
        if given.adopt:
            before, now = adoptable(earlier, name, 0), repeat((name, 0, given.smoke, earlier, False))
            if before is None or numbers(before) != numbers(now):
                raise SystemExit(f"{name}: this code does not say what the earlier lines say; run without --adopt")
        with get_context("spawn").Pool(given.workers) as pool:
            todo = [(name, seed, given.smoke, earlier, given.adopt and seed > 0) for seed in range(given.seeds)]
            for repeated in pool.imap(repeat, todo, chunksize=1):
                repeats.append(repeated)
                if json.dumps(repeated) not in earlier:
                    with lines.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(repeated) + "\n")
                data.say(f"{name} seed {repeated['seed']}: {' or '.join(named(repeated))}")
        summary[name] = {"machine": machine(), **summarised(repeats)}
        print(name, json.dumps(summary[name]))
        data.write("stability", summary, given.smoke)


if __name__ == "__main__":
    main()
