"""What a request costs: its preparation in a bare process, and `cellsize serve` asked by one client and by eight.

The model is the champion of the registry that MLFLOW_TRACKING_URI names, or of this checkout (after `make run`); it is
asked for a forecast of its own input example. Preparation is measured as the usual request has it, and as any other
rows have it, in turns; its CPU time tells more than its wall time on a machine that does other things too. So is a
request of 1,000 series, which is to take less than 2 s of CPU time.
`make bench-serving` writes benchmarks/results/serving.json.
"""

import argparse
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.machine import machine
from cellsize import files, process
from cellsize.models import regular_rows
from cellsize.models.forecaster import Forecaster
from cellsize.models.row_forecasts import forecast_and_clipped, with_times_as_text

RESULTS = Path(__file__).parent / "results" / "serving.json"
CLIENTS, REQUESTS, SERIES = 8, 1000, 1000


def main() -> None:
    """Measures, and writes what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="name of the registered model")
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    found = machine()
    model, rows = _model(given.name)
    content: dict[str, Any] = {
        "machine": found,
        "model": {"size": str(model.size), "rows": len(rows), "series": _series(model, rows)},
        "preparation": _preparation(model, rows),
        "many_series": _many_series(model, rows),
    }
    body = json.dumps({"dataframe_split": with_times_as_text(rows).to_dict(orient="split")}).encode()
    server = subprocess.Popen(
        [sys.executable, "-m", "cellsize", "serve", given.name, "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline().rpartition(":")[2].split("/")[0])
        _asked(port, body, 20)
        content["one_client"] = _clients(port, body, 1, given.requests // 5)
        content["eight_clients"] = _clients(port, body, CLIENTS, given.requests)
    finally:
        server.terminate()
        server.wait()
    files.write_json(given.out, content)
    print(json.dumps(content, indent=2))


def _model(name: str) -> tuple[Forecaster, pd.DataFrame]:
    """The champion, and its input example without missing values for its targets to come."""
    process.set_environment()
    import mlflow

    from cellsize.registry.fetched import fetch, version_of

    version = version_of(name, None, "champion")
    example = mlflow.pyfunc.load_model(f"models:/{name}/{version}").input_example
    model = fetch(name, version)
    assert isinstance(model, Forecaster)
    return model, example


def _series(model: Forecaster, rows: pd.DataFrame) -> int:
    return 1 if model.schema.series is None else int(rows[model.schema.series].nunique())


def _preparation(model: Forecaster, rows: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Milliseconds of a forecast in this process: as usual rows are prepared, and as any others are."""
    usual, none = regular_rows.one_series, lambda *_: None
    ways: dict[str, Callable[..., Any]] = {"usual": usual, "any": none}
    times: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    with process.one_thread():
        for _ in range(300):
            for way, prepared in ways.items():
                regular_rows.one_series = prepared
                wall, cpu = time.perf_counter(), time.thread_time()
                forecast_and_clipped(model, rows)
                times[way].append((time.perf_counter() - wall, time.thread_time() - cpu))
    regular_rows.one_series = usual
    found = {}
    for way, taken in times.items():
        wall, cpu = np.median(taken[20:], axis=0) * 1000
        lowest = float(np.quantile([each for each, _ in taken], 0.1)) * 1000
        found[way] = {"p50": round(float(wall), 2), "p10": round(lowest, 2), "cpu_p50": round(float(cpu), 2)}
    return found


def _many_series(model: Forecaster, rows: pd.DataFrame) -> dict[str, float]:
    """Seconds of a forecast of many series in one request, each with the rows of the first one of the example.

    A model of one series is asked as if its table had named it: nothing else differs.
    """
    name = model.schema.series or "series"
    one = rows if model.schema.series is None else rows[rows[name] == rows[name].iloc[0]]
    many = pd.concat([one.assign(**{name: f"series {number}"}) for number in range(SERIES)], ignore_index=True)
    asked = replace(model, schema=replace(model.schema, series=name))
    times = list[tuple[float, float]]()
    with process.one_thread():
        for _ in range(5):
            wall, cpu = time.perf_counter(), time.process_time()
            forecast_and_clipped(asked, many)
            times.append((time.perf_counter() - wall, time.process_time() - cpu))
    wall, cpu = np.median(times, axis=0)
    return {"series": SERIES, "rows": len(many), "p50": round(float(wall), 2), "cpu_p50": round(float(cpu), 2)}


def _clients(port: int, body: bytes, clients: int, requests: int) -> dict[str, float]:
    """So many requests, by so many clients at once, each on a connection that it keeps."""
    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        parts = list(pool.map(lambda _: _asked(port, body, requests // clients), range(clients)))
    seconds = time.perf_counter() - began
    times = [taken for part, _ in parts for taken in part]
    return {
        "requests": len(times),
        "errors": sum(errors for _, errors in parts),
        "p50": round(1000 * float(np.median(times)), 1),
        "p99": round(1000 * float(np.quantile(times, 0.99)), 1),
        "per_second": round(len(times) / seconds, 1),
    }


def _asked(port: int, body: bytes, requests: int) -> tuple[list[float], int]:
    """Seconds of each request, and how many were not answered with a forecast."""
    times, errors = list[float](), 0
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    for _ in range(requests):
        began = time.perf_counter()
        connection.request("POST", "/invocations", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
        errors += answer.status != 200 or b"predictions" not in content
        times.append(time.perf_counter() - began)
    connection.close()
    return times, errors


if __name__ == "__main__":
    main()
