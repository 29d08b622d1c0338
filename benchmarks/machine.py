"""What figures are measured on; run as a module, what a fresh process finds."""

import json
import os
import platform
import time
from pathlib import Path
from typing import Any

import numpy as np  # noqa: F401 - brings the OpenBLAS that is asked for its kernels
from threadpoolctl import threadpool_info


def machine() -> dict[str, Any]:
    """Processor, load, and kernels of OpenBLAS; to be asked before measuring."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "cpu": names[0] if names else platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "load_before": round(os.getloadavg()[0], 2),
        "omp_num_threads": os.environ.get("OMP_NUM_THREADS"),
        "openblas": next((pool["architecture"] for pool in threadpool_info() if "architecture" in pool), None),
        "python": platform.python_version(),
        "when": time.strftime("%Y-%m-%d"),
    }


if __name__ == "__main__":
    print(json.dumps(machine()))
