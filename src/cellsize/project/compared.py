"""Whether the holdout is long enough to tell a later version from the champion, and what `init` makes of it."""

from cellsize.project.template import Value

LEAST = 10  # blocks: as few as the gate was simulated with (`benchmarks.gate`)


def compared(found: int, asked: int, what: str) -> tuple[dict[str, Value], list[str]]:
    """How many blocks a comparison needs here, and a line on it.

    Args:
        found: Blocks of time, or groups of sequences, of the holdout.
        asked: As many as `register.blocks` asks for.
        what: What they are, in words.

    Returns:
        Keys of `params.yaml` with their values, and lines for the user; nothing where there are enough.
    """
    if found >= asked:
        return {}, []
    has = f"the holdout has {found} {what}"
    needed = max(found, LEAST)
    changed: dict[str, Value] = {"register.blocks": needed}
    if found >= LEAST:
        line = f"register.blocks: {needed}, since {has}: on these a later version is compared with the champion"
        return changed, [line]
    return changed, [
        f"remark: {has}, and a comparison with the champion needs {needed} (register.blocks): until there are more "
        "rows, `cellsize promote` decides"
    ]
