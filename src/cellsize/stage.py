"""The door of every stage: paths from the command line, parameters checked whole, one line for what is wrong."""

import gc
import inspect
import sys
from collections.abc import Callable
from pathlib import Path

from threadpoolctl import threadpool_limits

from cellsize import params
from cellsize.errors import InputError

PARAMS = Path("params.yaml")


def run(main: Callable[..., None]) -> None:
    """Calls a stage's `main` with the checked parameters and a path for each further argument.

    Sums over several threads end in other last digits than over one, and a training amplifies them: with one thread
    the results are the same bytes whatever the number of cores.

    Args:
        main: Takes `params.Params`, then paths; `dvc.yaml` gives them in this order.
    """
    gc.freeze()  # the imports stay, and are not looked through again
    gc.enable()  # see pipeline/__init__.py
    names = list(inspect.signature(main).parameters)[1:]
    paths = [Path(argument) for argument in sys.argv[1:]]
    try:
        if len(paths) != len(names):
            raise InputError(f"{Path(sys.argv[0]).name}: expects {' '.join(names).upper()}; run it through dvc repro")
        if torch := sys.modules.get("torch"):  # counts its threads itself, at its first use; not every stage loads it
            torch.set_num_threads(1)
        with threadpool_limits(limits=1):
            main(params.load(PARAMS), *paths)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        print("interrupted; what is finished is kept, and the next run goes on from there", file=sys.stderr)
        raise SystemExit(130) from None
    finally:
        gc.freeze()  # the process ends here: a last look for garbage among all of torch's objects takes a second
