"""What decides the last digits is named, and the same in every process."""

import subprocess
import sys

from cellsize.search import versions


def test_what_else_is_imported_changes_no_store() -> None:
    # The driver need not load torch; its key is the same as that of a process that has.
    script = "from cellsize.search.versions import versions; print(dict(versions()))"
    found = {
        subprocess.run([sys.executable, "-c", f"{before}{script}"], check=True, capture_output=True, text=True).stdout
        for before in ("", "import torch, numba; ")
    }
    assert len(found) == 1


def test_versions_and_kernels_are_named() -> None:
    found = versions.versions()
    assert set(found) == {*(f"cellsize.version.{name}" for name in versions.TRAINED_WITH), "cellsize.kernels"}
    assert all(found.values())
