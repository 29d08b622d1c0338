"""Versions of the registered model: found again, registered as challenger, promoted by the gate."""

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from cellsize.evaluation.by_task import compared_with_trees, opens
from cellsize.params import Mlflow, Register
from cellsize.registry import looks, moves, provenance
from cellsize.registry.champion import CHALLENGER, CHAMPION, current_version
from cellsize.registry.conflicts import repeated
from cellsize.registry.logged import FINGERPRINT, PROJECT, REFERENCE, Submission, log
from cellsize.registry.provenance import GATE
from cellsize.registry.store import connect, end_abandoned, reached
from cellsize.sizing.any_evaluation import AnyEvaluation
from cellsize.sizing.evaluation_records import Registration

TREES = "cellsize.boosted_trees"
EXPERIMENT = "DVC_EXP_NAME"
ATTEMPTS = 4  # while others move the alias: each of them has moved it once, or stops


def register(settings: Mlflow, params: Register, submission: Submission, compare: bool) -> Registration:
    """Registers the model unless it is registered already, as challenger, and makes it champion if the gate opens.

    Args:
        settings: Where models are kept.
        params: Name and gate.
        submission: Model and results.
        compare: Whether a champion is replaced only by a model that was measured on the same windows.

    Returns:
        Name, version and what was decided; the same for the same model.

    Raises:
        MovedError: Others have moved the alias in the meantime, again and again.
    """
    client, experiment = connect(settings)
    with reached(settings):
        end_abandoned(client, experiment)
        version = _version(client, experiment, params.name, submission)
        return _decide_again(client, params, version, submission.evaluation, compare)


def _version(client: MlflowClient, experiment: str, name: str, submission: Submission) -> str:
    """The version of a model, which is registered now unless it was before; the lowest one, if two projects did so."""
    fingerprint = _fingerprint(submission.model)
    version = _registered(client, name, fingerprint)
    if version is None:
        new = log(client, experiment, name, submission, fingerprint)
        version = _registered(client, name, fingerprint) or new
        if version != new:  # another project has registered the same model meanwhile
            client.delete_model_version(name, new)
    else:
        _complete(client, experiment, name, version, submission)
    return version


def _complete(client: MlflowClient, experiment: str, name: str, version: str, submission: Submission) -> None:
    """Adds what a cellsize from before did not keep with a version yet: the same model comes of the same rows.

    Otherwise it could never be checked, nor refitted: as long as no row is new, no other version is made. What is there
    stays as it is. A run that was deleted has no place for it.
    """
    entry, source = client.get_model_version(name, version), submission.source
    run = str(entry.run_id)
    try:
        there = {each.path for folder in (None, PROJECT) for each in client.list_artifacts(run, folder)}
    except (MlflowException, OSError):
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        provenance.write(source, folder / PROJECT)
        if PROJECT not in there:
            client.log_artifacts(run, str(folder / PROJECT), PROJECT)
        elif f"{PROJECT}/{provenance.ROWS}" not in there:
            client.log_artifact(run, str(folder / PROJECT / provenance.ROWS), PROJECT)
        if source.reference is not None and REFERENCE not in there:
            source.reference(folder / REFERENCE)
            client.log_artifacts(run, str(folder / REFERENCE), REFERENCE)
    if provenance.TABLE not in entry.tags:
        known = provenance.tags(client, experiment, source, submission.choice, submission.evaluation)
        # The last one says that all are there.
        for key in sorted(known, key=lambda key: key == provenance.TABLE):
            repeated(client.set_model_version_tag, name, version, key, known[key])


def _registered(client: MlflowClient, name: str, fingerprint: str) -> str | None:
    """The version of a model that has this fingerprint; None if there is none."""
    found = client.search_model_versions(f"name = '{name}' and tag.`{FINGERPRINT}` = '{fingerprint}'")
    return str(min(int(entry.version) for entry in found)) if found else None


def _decide_again(
    client: MlflowClient, params: Register, version: str, evaluation: AnyEvaluation, compare: bool
) -> Registration:
    """Decides, and once more whenever another moves the alias meanwhile: it may have promoted this very version."""
    for _ in range(ATTEMPTS):
        with suppress(moves.MovedError):  # there is another champion now, to be decided about anew
            return _decide(client, params, version, evaluation, compare)
    return _decide(client, params, version, evaluation, compare)


def _decide(
    client: MlflowClient, params: Register, version: str, evaluation: AnyEvaluation, compare: bool
) -> Registration:
    """Moves the alias if the gate opens, and says why it did or did not; the same once more after a kill in between."""
    # Promoted or not: who fetches this version sees whether another kind of model would do better.
    repeated(client.set_model_version_tag, params.name, version, TREES, compared_with_trees(evaluation)[1])
    current = current_version(client, params.name)
    if current == version:
        promoted, reason = True, _promoted_for(client, params.name, version)
    else:
        promoted, reason = _judge(client, params, version, evaluation, current, compare)
        repeated(client.set_model_version_tag, params.name, version, GATE, reason)
        if promoted:
            moves.move(client, params.name, version, reason, "gate", current)
    alias = CHAMPION if promoted else _challenger(client, params.name, version)
    return Registration(
        name=params.name, version=version, alias=alias, registered=True, promoted=promoted, reason=reason
    )


def _judge(
    client: MlflowClient, params: Register, version: str, evaluation: AnyEvaluation, current: str | None, compare: bool
) -> tuple[bool, str]:
    """Whether a version becomes champion in place of the current one, and why."""
    look = looks.look(client, params.name, version, evaluation.comparison if compare else None)
    promoted, reason = opens(evaluation, params, current if compare else None, look)
    if promoted and EXPERIMENT in os.environ:  # an experiment registers, but never promotes
        return False, f"a DVC experiment is not promoted; it was {reason}"
    back = moves.taken_back(moves.history(client, params.name), version)
    if promoted and back is not None:
        return False, f"it was taken back by {back.who}: {back.why}; cellsize promote {params.name} {version} --why …"
    return promoted, reason


def _challenger(client: MlflowClient, name: str, version: str) -> str | None:
    """Makes the newest version challenger, unless it is an experiment's; returns the alias that the version has."""
    tags = {int(each.version): dict(each.tags) for each in client.search_model_versions(f"name = '{name}'")}
    same = tags[int(version)].get(FINGERPRINT)  # of another project, which takes its version of our model away
    newest = max(number for number, has in tags.items() if number == int(version) or has.get(FINGERPRINT) != same)
    if int(version) != newest or EXPERIMENT in os.environ:
        return None
    repeated(client.set_registered_model_alias, name, CHALLENGER, version)
    return CHALLENGER


def _promoted_for(client: MlflowClient, name: str, version: str) -> str:
    """Why the champion was promoted, as it was said then."""
    return str(client.get_model_version(name, version).tags[GATE])


def _fingerprint(model: Path) -> str:
    """Names a model: its weights, and what they mean. Another reason for the same one makes no second version."""
    digest = hashlib.sha256()
    for file in sorted(model.iterdir()):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
