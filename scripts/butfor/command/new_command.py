"""`butfor new`: a first study from the user's data or model."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("name")
@click.option(
    "--data",
    metavar="FILE|FOLDER|MODULE:FUNCTION",
    help="A table (.csv, .tsv, .parquet), arrays (.npz), a folder of images or texts by class, a function of yours, or a"
    " published data set such as fashion_mnist.",
)
@click.option(
    "--target",
    metavar="COLUMN[,COLUMN…]",
    help="The column of the table that is to be predicted, or several (default: guessed, and said).",
)
@click.option("--text", metavar="COLUMN", help="The column of the table whose texts are to be learnt from, alone.")
@click.option(
    "--model", metavar="MODULE:FUNCTION", help="A model of yours (docs/own-model-and-data.md says what it is to give)."
)
def command(name: str, data: str | None, target: str | None, text: str | None, model: str | None) -> None:
    """Write NAME.yaml, a commented first study that runs as written.

    The data are read once, as the study will read them, so that what is wrong with them is said now.

    \b
    butfor new mine --data patients.csv
    butfor new mine --data patients.csv --target diagnosis
    butfor new mine --data tickets.csv --text message --target billing,login
    butfor new mine --data my_data:load --model my_model:build
    """
    from butfor.command.snakemake_call import ROOT
    from butfor.first_study.study_draft import study_draft, write_new
    from butfor.workflow.planning import find_modules_beside

    path = Path(f"{name.removesuffix('.yaml')}.yaml")
    if path.exists():
        write_new(path, "")
    find_modules_beside([str(path)])
    study, model, beside = study_draft(path.stem, data, target, model, ROOT / "config" / "schema.yaml", text)
    write_new(path, study)
    following = (
        f"butfor plan {path}, which builds {model} and says what a start would refuse"
        if model
        else f"butfor run {path}"
    )
    click.echo(f"{study}\nWritten: {', '.join(map(str, (path, *beside)))}. Next: {following}")
