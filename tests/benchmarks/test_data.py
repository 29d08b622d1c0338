"""What a benchmark's process is given."""

import platform

import pytest

from benchmarks import data


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the name of these kernels is of x86-64")
def test_a_comparison_holds_no_side_alone_to_older_kernels_unless_it_holds_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    usual = data.fresh("benchmarks.machine")[0]["openblas"]
    if usual is None:
        pytest.skip("NumPy computes with another library here")
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Prescott")
    assert data.fresh("benchmarks.machine")[0]["openblas"] == usual
    assert data.fresh("benchmarks.machine", also={"OPENBLAS_CORETYPE": "Prescott"})[0]["openblas"] != usual
