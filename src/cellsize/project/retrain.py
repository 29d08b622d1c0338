"""`cellsize retrain`: looks at what is new for the champion, and runs the stages that this asks for."""

from collections.abc import Callable
from pathlib import Path

from ruamel.yaml import YAML

from cellsize import files, params_file
from cellsize.lifecycle import account
from cellsize.lifecycle.account import STATUS, Results
from cellsize.lifecycle.facts import Facts
from cellsize.lifecycle.verdict import Verdict, decide
from cellsize.project import lock, runner, template

LOOK, CHAMPION = f"{runner.BUILD}/look.json", f"{runner.BUILD}/champion.txt"
PAGE = "retrain.md"
UNTIL = "split.searched_until"
BEFORE_THE_SEARCH = "dvc.yaml:propose"
ARRAYS = ("window", "split")  # stages that write what is searched on
# What all training is done in, and what is left to do after it.
TRAINED = ("prepare", "window", "split", "propose", "baseline", "search", "choose", "refit")
AFTERWARDS = ("inspect", "evaluate", "register", "report")


def retrain(folder: Path, *, full: bool, say: Callable[[str], None] = print) -> int:
    """Does the least that is right: nothing, the champion's size refitted on all rows, or a whole sizing.

    A refit writes into `params.yaml` until when the champion's size was searched, so that parameters and table
    together say what comes of them: the search gets the arrays that it had, and DVC finds it up to date. Nothing is
    frozen, and no record of DVC is edited. A refused table leaves everything as it was.

    Args:
        folder: Where `params.yaml` and `dvc.yaml` are.
        full: Whether a whole sizing is asked for.
        say: Prints a line.

    Returns:
        The exit status; see `account.STATUS`.

    Raises:
        InputError: The folder is no project, the registry is out of reach, or another run works there.
        SystemExit: A stage failed; it has said why.
        Interrupted: Ctrl-C, or another signal to end.
    """
    stages = runner.check(folder)
    register = params_file.load(folder / "params.yaml").register_
    with lock.held(folder):
        runner.stage(folder, "look", LOOK)
        facts = Facts.read(folder / LOOK)
        verdict = decide(facts, register, full=full)
        if verdict.kind == "refit":
            verdict = _keep_the_size(folder, stages, facts, verdict)
        say(verdict.said)
        ran = _run(folder, stages, facts, verdict, say)
        results = None
        if ran:
            runner.stage(folder, "champion", CHAMPION)
            results = Results.read(folder / runner.REPORTS, (folder / CHAMPION).read_text(encoding="utf-8") or None)
    came_to = account.outcome(verdict, facts, results)
    files.write_text(folder / runner.REPORTS / PAGE, account.markdown(register.name, verdict, came_to, facts, results))
    say(account.sentence(came_to, facts, results))
    return STATUS[came_to]


def _run(folder: Path, stages: list[str], facts: Facts, verdict: Verdict, say: Callable[[str], None]) -> bool:
    """Runs what is needed; whether anything was run."""
    if verdict.kind in ("refit", "resize"):
        if verdict.kind == "resize":
            _set(folder, None)
        runner.reach(folder, stages)
        if facts.made is None or facts.made != facts.champion:
            # DVC knows no champion: what it finds up to date may have been compared with another one.
            runner.dvc(folder, "repro", "dvc.yaml:baseline", "dvc.yaml:refit")
            for name in ("evaluate", "register"):
                runner.dvc(folder, "repro", "--force", "--single-item", f"dvc.yaml:{name}")
        runner.dvc(folder, "repro", "dvc.yaml")
        return True
    if verdict.kind == "refused" or facts.made is None:
        return False
    # A run of before may have been ended after the registration. Nothing is trained for "nothing to do".
    if "code" in stages:  # not by DVC: dvc.lock stays as it is
        runner.stage(folder, "code", f"{runner.BUILD}/code")
    if not _up_to_date(folder, *TRAINED):
        say(
            f"retrain: the results of version {facts.made} are not here; dvc pull fetches them, cellsize run makes them"
        )
        return False
    if _up_to_date(folder, *AFTERWARDS):
        return False
    say(f"retrain: version {facts.made} was made of this table; what its run has left undone is done now")
    runner.dvc(folder, "repro", "dvc.yaml")
    return True


def _up_to_date(folder: Path, *stages: str) -> bool:
    words = [f"dvc.yaml:{name}" for name in stages]
    return runner.dvc(folder, "status", "--quiet", *words, may_fail=True) == 0


def _keep_the_size(folder: Path, stages: list[str], facts: Facts, verdict: Verdict) -> Verdict:
    """Has the search keep to its rows; where it would run all the same, it had better see all rows."""
    _set(folder, facts.searched_until)
    if "code" in stages:
        runner.dvc(folder, "repro", "dvc.yaml:code", silent=True)
    runner.dvc(folder, "repro", BEFORE_THE_SEARCH, silent=True)
    if _up_to_date(folder, "search"):
        return verdict
    return Verdict("resize", f"version {facts.champion} could be refitted, but {_why_searched(folder, facts)}")


def _why_searched(folder: Path, facts: Facts) -> str:
    """Why DVC would run the search, by its record: of other rows, or of something else."""
    record = folder / "dvc.lock"
    stages = YAML(typ="safe", pure=True).load(record.read_text(encoding="utf-8"))["stages"] if record.is_file() else {}
    had = {each["path"]: each.get("md5") for each in stages.get("search", {}).get("deps", ())}
    now = {each["path"]: each.get("md5") for name in ARRAYS for each in stages.get(name, {}).get("outs", ())}
    if any(path in had and had[path] != digest for path, digest in now.items()):
        return (
            f"the search that DVC has here had other rows until {facts.searched_until}: some came in later, or it is "
            "another version's"
        )
    return "its search is not the one that DVC has here: that is another cellsize's, or was not pulled"


def _set(folder: Path, until: str | None) -> None:
    """Writes until when is searched, if that is something else than before."""
    path = folder / "params.yaml"
    text = path.read_text(encoding="utf-8")
    if params_file.load(path).split.searched_until != until:
        files.write_text(path, template.params({UNTIL: until}, text))
