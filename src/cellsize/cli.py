"""The command `cellsize`: a project from a table, and its answer."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

import cellsize
from cellsize import process
from cellsize.errors import InputError, disk_full, is_disk_full

app = typer.Typer(
    name="cellsize",
    help="How many layers and how many memory cells an LSTM needs for your table, measured.\n\n"
    "Two commands: `cellsize init sales.csv` makes a project of a table, `cellsize run` says the answer.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
Folder = Annotated[Path, typer.Argument(metavar="[DIR]", help="Folder of the project.", show_default="this one")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the model in the registry: register.name.")]
Version = Annotated[str, typer.Argument(metavar="VERSION", help="Number of the version.")]
Why = Annotated[str, typer.Option(help="The reason, in a few words; it is kept.")]
Uri = Annotated[
    str | None,
    typer.Option(
        help="The registry.", show_default="MLFLOW_TRACKING_URI, else mlflow.uri of params.yaml in this folder"
    ),
]
COLUMNS = "Column; repeat the option for several."


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(cellsize.__version__)
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", help="Say the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    process.set_environment()


@app.command()
def init(
    table: Annotated[
        Path, typer.Argument(help="A CSV file (.csv, .csv.gz) or a Parquet file; sequences also in .ts or .npz.")
    ],
    into: Annotated[Path, typer.Option(help="Folder of the project; made if it is missing.")] = Path(),
    target: Annotated[
        list[str] | None, typer.Option(help=f"What to forecast. {COLUMNS} Asked for, unless only one has numbers.")
    ] = None,
    time: Annotated[list[str] | None, typer.Option(help=f"Where the time is. {COLUMNS}")] = None,
    series: Annotated[list[str] | None, typer.Option(help="Column that tells several series apart.")] = None,
    frequency: Annotated[
        str | None, typer.Option(help="Step between two rows: h, 15min, D, W-MON, MS, B, step.")
    ] = None,
    time_format: Annotated[
        str | None, typer.Option(help='How times are written, such as "%d.%m.%Y %H:%M", or: epoch s, epoch ms.')
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(help="Whose clock times without an offset show: Area/City, such as Europe/Berlin.")
    ] = None,
    horizon: Annotated[int | None, typer.Option(min=1, help="Steps to forecast; else one season.")] = None,
    lookback: Annotated[int | None, typer.Option(min=1, help="Steps that memory cells see; else two seasons.")] = None,
    past: Annotated[
        list[str] | None, typer.Option(help=f"Covariate seen in the past only. {COLUMNS} Else all that may be.")
    ] = None,
    future: Annotated[
        list[str] | None, typer.Option(help=f"Covariate also known for the steps to forecast: a price. {COLUMNS}")
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(help="forecast; classify, regress: a label for each sequence. Else what the table says."),
    ] = None,
    group: Annotated[
        str | None, typer.Option(help="Column whose sequences stay together in a fold, such as a person.")
    ] = None,
    text: Annotated[
        str | None, typer.Option(help="Column of texts to classify, a row for each: they are read by characters.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")] = False,
) -> None:
    """Make a project of a table: look at it, and write params.yaml, dvc.yaml and what a repository needs.

    The last part of the time is held out, and none of its values decides anything. Nothing is overwritten.
    """
    with _one_line():
        from cellsize.progress import lines
        from cellsize.project import folder
        from cellsize.project.asked import Asked, task_of
        from cellsize.project.examine import examine

        folder.refuse_existing(into)
        if len(series or ()) > 1:
            raise InputError(
                f"--series: {' and '.join(map(repr, series or ()))}; one column tells series apart: write both into one"
            )
        asked = Asked(
            table=table, targets=tuple(target or ()), time=tuple(time or ()), time_format=time_format,
            timezone=timezone, series=series[0] if series else None, frequency=frequency, horizon=horizon,
            lookback=lookback, past=None if past is None else tuple(past), future=tuple(future or ()),
            task=task_of(task), group=group, text=text,
        )  # fmt: skip
        place = folder.table_from(into, table)
        process.return_memory()
        with lines("init", typer.echo) as note, process.one_thread():
            found = examine(asked, None if yes or not _is_terminal() else _ask, note)
        for line in found.findings:
            typer.echo(line)
        for line in folder.write(into, found.changes | {"prepare.table": place}):
            typer.echo(line)
        typer.echo(f"\nRead {into / 'params.yaml'}, change what you know better, then: cellsize run{_argument(into)}")


@app.command()
def run(folder: Folder = Path()) -> None:
    """Measure the size: run what changed since the last run, then say the answer."""
    with _one_line(resume=f"cellsize run{_argument(folder)}"):
        from cellsize.project import runner

        runner.run(folder, typer.echo)


@app.command()
def answer(folder: Folder = Path()) -> None:
    """Say the answer of the last run."""
    with _one_line():
        from cellsize.project import runner

        runner.check(folder)
        runner.require_a_run(folder)
        runner.answer(folder)


@app.command()
def plan(folder: Folder = Path()) -> None:
    """Say what the search would cost: sizes, core-minutes, memory. Trains nothing."""
    with _one_line(resume=f"cellsize plan{_argument(folder)}"):
        from cellsize.project import runner

        runner.plan(folder)


@app.command()
def retrain(
    folder: Folder = Path(),
    full: Annotated[bool, typer.Option("--full", help="Measure the size anew; changed old rows are meant.")] = False,
) -> None:
    """Look at what is new for the champion, and train what is needed: nothing, the same size, or a whole sizing.

    Exit status: 0 nothing to do, 10 a new champion, 11 registered and not promoted, 12 the table is refused.
    """
    with _one_line(resume=f"cellsize retrain{_argument(folder)}{' --full' * full}"):
        from cellsize.project.retrain import retrain as train_again

        raise typer.Exit(train_again(folder, full=full, say=typer.echo))


@app.command()
def serve(
    name: Annotated[str, typer.Argument(help="Name of the registered model.")],
    alias: Annotated[str, typer.Option(help="Which of its versions.")] = "champion",
    version: Annotated[str | None, typer.Option(help="Number of a version, in place of an alias.")] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0: a free one.")] = 5077,
    host: Annotated[
        str, typer.Option(help="Address to listen on; by default nobody else's requests come in.")
    ] = "127.0.0.1",
) -> None:
    """Answer requests for forecasts over HTTP, as `mlflow models serve` does, and refuse wrong ones in words."""
    with _one_line():
        from cellsize.registry.serve import serve

        serve(name, version, alias, host, port, typer.echo)


@app.command()
def export(
    name: Annotated[str, typer.Argument(help="Name of the registered model.")],
    version: Annotated[str, typer.Argument(help="Number of its version, or an alias.")],
    onnx: Annotated[Path, typer.Option(help="File to write: NAME.onnx; what it is fed is said in NAME.json.")],
    int8: Annotated[
        bool, typer.Option("--int8", help="Also NAME.int8.onnx: weights of lstm layers in 8 bits, measured.")
    ] = False,
) -> None:
    """Write a registered model as an ONNX file, which runs without Python and torch."""
    with _one_line():
        from cellsize.registry.export import export

        export(name, version, onnx, int8, typer.echo)


@app.command()
def models(name: Name, uri: Uri = None) -> None:
    """Show the versions of a registered model: sizes, errors, aliases; who made which champion, when and why."""
    with _one_line():
        from cellsize.registry import listing, store

        listing.show(listing.rows(store.find(uri), name))


@app.command()
def promote(name: Name, version: Version, why: Why, uri: Uri = None) -> None:
    """Make a version champion by hand, whatever the gate said."""
    with _one_line():
        from cellsize.registry import promotion, store

        moved = promotion.promote(store.find(uri), name, version, why)
        typer.echo(f"{name}: champion is version {moved.end}, before {moved.begin or 'none'}")


@app.command()
def rollback(name: Name, why: Why, uri: Uri = None) -> None:
    """Make the champion before this one champion again."""
    with _one_line():
        from cellsize.registry import promotion, store

        moved = promotion.rollback(store.find(uri), name, why)
        typer.echo(f"{name}: champion is version {moved.end} again, before {moved.begin}")


@app.command()
def check(
    name: Name,
    data: Annotated[Path, typer.Option(help="New rows, with those before them that a forecast looks back on.")],
    alias: Annotated[str, typer.Option(help="Which of its versions.")] = "champion",
    version: Annotated[str | None, typer.Option(help="Number of a version, in place of an alias.")] = None,
    uri: Uri = None,
    html: Annotated[Path | None, typer.Option(help="Page to write.")] = None,
    json: Annotated[Path | None, typer.Option(help="File to write what was measured to.")] = None,
) -> None:
    """Say whether new rows are still what a model has learned from: its error, its intervals, its inputs.

    Exit status: 0 as before, 3 inputs shifted, 4 worse, 5 cannot tell, 1 the rows cannot be used.
    """
    with _one_line():
        from cellsize.lifecycle.checking import check

        raise typer.Exit(check(name, data, version, alias, uri, html, json, typer.echo))


@app.command()
def reproduce(
    name: Name,
    version: Version,
    into: Annotated[
        Path | None, typer.Option(help="Folder to make.", show_default="NAME-VERSION in this folder")
    ] = None,
    table: Annotated[
        Path | None, typer.Option(help="The raw table, if it lies elsewhere than in this project.")
    ] = None,
    uri: Uri = None,
) -> None:
    """Make a folder that rebuilds a version, and print the commands that do."""
    with _one_line():
        from cellsize.project.reproduce import reproduce as make
        from cellsize.registry import provenance, store

        kept = provenance.read(store.find(uri), name, version)
        for line in make(kept, into or Path(f"{name}-{version}"), table):
            typer.echo(line)


def _argument(folder: Path) -> str:
    """A folder as an argument for a shell; nothing for the one that somebody is in."""
    if folder == Path():
        return ""
    text = str(folder)
    return f" {text}" if re.fullmatch(r"[\w./-]+", text) else f' "{text}"'


def _is_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _ask(numeric: tuple[str, ...]) -> tuple[str, ...]:
    """Asks which columns are the targets, until the answer is among them."""
    typer.echo(f"Columns of numbers: {', '.join(numeric)}")
    while True:
        words = typer.prompt("Which to forecast (several: separated by commas)")
        named = tuple(dict.fromkeys(word.strip() for word in words.split(",") if word.strip()))
        unknown = [name for name in named if name not in numeric]
        if named and not unknown:
            return named
        typer.echo(f"No such column: {', '.join(unknown)}" if unknown else "Name one column.")


@contextmanager
def _one_line(resume: str = "") -> Iterator[None]:
    """Says what is wrong in one line and ends with a status; after Ctrl-C says how to resume.

    Args:
        resume: The command to repeat.
    """
    from cellsize.lineage import INTERRUPTED
    from cellsize.project.runner import Interrupted

    try:
        yield
    except InputError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None
    except OSError as error:
        if not is_disk_full(error):
            raise
        where = Path(error.filename).parent if isinstance(error.filename, str) else Path()
        typer.echo(f"error: {disk_full(str(where.absolute()))}", err=True)
        raise typer.Exit(1) from None
    except (KeyboardInterrupt, typer.Abort, Interrupted):  # typer makes an Abort of Ctrl-D
        again = f"; what is finished is kept, and this resumes there: {resume}" if resume else "; nothing was written"
        typer.echo(f"interrupted{again}", err=True)
        raise typer.Exit(INTERRUPTED) from None
