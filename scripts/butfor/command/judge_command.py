"""`butfor judge`: verdicts on runs made elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from butfor.languages.phrases import ENGLISH, languages, phrase, speaking


@click.command()
@click.argument("file", metavar="RUNS.csv", type=click.Path(path_type=Path))
@click.option("--baseline", metavar="ARM", help="The arm that the others are compared with (default: baseline).")
@click.option(
    "--metric",
    "metrics",
    multiple=True,
    metavar="COLUMN",
    help="The metric that decides; repeat it for metrics beside it, and no others are judged. Default: the first whose better"
    " direction is known decides, and the others of which it is known are judged beside it.",
)
@click.option(
    "--margin",
    "margins",
    multiple=True,
    metavar="NUMBER",
    help="The smallest difference that matters, in the file's unit, or a share of the baseline's mean such as 2%;"
    " COLUMN=NUMBER for a metric beside. Default: half a point for shares and percentages, else none.",
)
@click.option(
    "--better",
    type=click.Choice(["higher", "lower"]),
    help="Which way the deciding metric is better, where its name does not say.",
)
@click.option(
    "--scale",
    type=click.Choice(["share", "percent", "number"]),
    help="What the deciding metric's values are, where they do not show it.",
)
@click.option("--arm", default="arm", metavar="COLUMN", help="The column that names the variant.")
@click.option("--seed", metavar="COLUMN", help="The column of seeds (default: seed, run, replicate, fold or trial).")
@click.option(
    "--paired/--unpaired",
    default=None,
    help="Compare by seed or as independent samples (default: by seed, where arms share seeds).",
)
@click.option(
    "--alpha",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.05,
    show_default=True,
    help="The chance of any wrong verdict.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where report, figures and tables go (default: results/judged/<name of the file>).",
)
@click.option(
    "--language", type=click.Choice(languages()), default=ENGLISH, show_default=True, help="Of report and figures."
)
def command(file: Path, out: Path | None, language: str, **given: Any) -> None:  # fmt: skip
    """Give verdicts on runs made elsewhere: a CSV file with the columns arm and seed and one per metric.

    A run without a value of the metric that decides has failed. Other columns are ignored, and named. butfor judges such runs as
    its own, by the same code, and says that it has controlled nothing of them.

    \b
    butfor judge runs.csv
    butfor judge runs.csv --baseline full --metric f1 --margin 0.01
    butfor judge runs.csv --metric val_bpb --better lower --margin 1%
    """
    from butfor.elsewhere.column_metrics import Asked
    from butfor.elsewhere.runs_file import baseline_of_runs, read_runs
    from butfor.report.headline import headline

    runs = read_runs(file, given["arm"], given["seed"])
    asked = Asked(given["metrics"], given["margins"], given["better"], given["scale"])
    place = out or Path("results") / "judged" / file.stem
    baseline = baseline_of_runs(runs, given["baseline"])
    from butfor.elsewhere.judged_runs import judge_runs  # a second's imports, after what may be wrong with the file

    judged = judge_runs(runs, baseline, asked, place, given["alpha"], given["paired"], language)
    with speaking(language):
        for sentence in judged.origin.sentences:
            click.echo(sentence)
        click.echo(phrase("Made elsewhere: nothing of these runs is proven."))
        click.echo(headline(place, place))
