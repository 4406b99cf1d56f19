"""The page of links from a study's report into MLflow: it is written by the import, since only that knows the runs there, and
the report, which reads nothing of MLflow's, links to its arms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path

from mlflow.entities import Run

from butfor.languages.phrases import language, phrase
from butfor.tracking import target, ui, views

PAGE = """<!doctype html>
<html lang="{language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }}
input {{ font: inherit; width: 24rem; max-width: 100% }}
th {{ text-align: left; font-weight: normal; padding-right: 2rem }}
th, td {{ vertical-align: top; padding-bottom: 0.3rem }}
:target {{ background: color-mix(in srgb, Highlight 25%, transparent) }}
</style>
<h1>{title}</h1>
<p>{lead}
<p><label>{where} <input id="address" value="{address}"></label>
<p>{whole}
<table>
{rows}
</table>
<script>
const address = document.getElementById("address");
const point = () => document.querySelectorAll("a[data-at]").forEach((link) => {{
  link.href = address.value.replace(/\\/+$/, "") + link.dataset.at;
}});
address.addEventListener("input", point);
point();
</script>
</html>
"""


def link_page(study: str, results: Path, experiment: str, arms: Mapping[str, str], runs: Iterable[Run]) -> str:
    """The page, in HTML: a line per arm, which its name is the anchor of, with links to its run and to those of its seeds.

    arms: links to the runs of arms, without the server's address. runs: of seeds.
    """
    by_arm: dict[str, list[Run]] = {arm: [] for arm in arms}
    for run in runs:
        by_arm.setdefault(run.data.tags["butfor.arm"], []).append(run)
    base = address(results)
    rows = [_row(base, experiment, arm, arms.get(arm, ""), own) for arm, own in by_arm.items()]
    return PAGE.format(
        language=language(),
        title=escape(phrase("{study} in MLflow", study=study)),
        lead=escape(_lead(results)),
        where=escape(phrase("MLflow's address:")),
        address=escape(base),
        whole=_link(base, views.link(experiment), escape(phrase("All arms and their verdicts"))),
        rows="\n".join(rows),
    )


def address(results: Path) -> str:
    """Where a browser finds MLflow: the server of the user's, or the pages that `make ui` opens; without credentials."""
    uri, artifacts = target.store(results)
    if artifacts is not None:
        return f"http://{ui.NAME}:{ui.USUAL_PORT}"
    scheme, _, rest = uri.partition("://")
    place, slash, path = rest.partition("/")
    return f"{scheme}://{place.rpartition('@')[2]}{slash}{path}".rstrip("/")


def _lead(results: Path) -> str:
    if target.is_server(results):
        return phrase("Each link opens a run on your MLflow server: an arm's, or that of a seed.")
    return phrase(
        "Each link opens a run in MLflow: an arm's, or that of a seed. Start its pages with `butfor ui {results}` first; where"
        " that names another port, write its address here.",
        results=results,
    )


def _row(base: str, experiment: str, arm: str, link: str, runs: list[Run]) -> str:
    own = sorted(runs, key=lambda run: int(run.data.params["seed"]))
    seeds = [_link(base, views.run_link(experiment, run.info.run_id), run.data.params["seed"]) for run in own]
    name = _link(base, link, escape(arm)) if link else escape(arm)
    return f'<tr id="{escape(arm)}"><th>{name}<td>{" ".join(seeds)}'


def _link(base: str, at: str, words: str) -> str:
    return f'<a href="{escape(base + at)}" data-at="{escape(at)}">{words}</a>'
