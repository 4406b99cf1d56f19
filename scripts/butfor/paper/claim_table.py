"""The table of what was claimed before the first run, and what became of it."""

from __future__ import annotations

from typing import get_args

from butfor.arm_names import anywhere
from butfor.paper.latex_text import escaped, listed
from butfor.paper.paper_evidence import PaperEvidence
from butfor.paper.spread_rounding import decimals_by, signed_number
from butfor.paper.tabular import Column, Table
from butfor.plain_text import counted
from butfor.report.claim_section import data_set_shown
from butfor.verdicts.rows import ClaimRow, Outcome

BROKEN = {"Claim": 0.31, "Ablation": 0.17, "Expected": 0.12}  # columns of several lines, in shares of the text's width
EXPECTED = {"same": "same", "fails more": "fails more"}
EXPLORATORY = r"$^{\dagger}$"


def claim_tables(evidence: PaperEvidence, width: float) -> list[Table]:
    """The table, where the study claims anything. width: of the text in inches."""
    claims = evidence.claims["claims"]
    if not claims:
        return []
    columns = [
        *(
            Column("", head, rf">{{\raggedright\arraybackslash}}p{{{share * width:.2f}in}}")
            for head, share in BROKEN.items()
        ),
        Column("", r"$\Delta$, interval"),
        Column("", "Outcome"),
    ]
    table = Table("claims", _caption(evidence, claims), columns)
    for claim in claims:
        mark = EXPLORATORY * (claim["standing"] == "exploratory")
        label = escaped(evidence.labels.get(anywhere(claim["arm"]), claim["arm"]))
        expected = _expected(claim, evidence.metric.name)
        cells = [escaped(claim["sentence"]) + mark, label, expected, _effect(claim), escaped(claim["outcome"])]
        table.add(cells, before=r"\addlinespace[2pt]" if table.cells else "")
    return [table]


def _effect(claim: ClaimRow) -> str:
    """The effect with its interval; of an arm without a pair, or of a claim about runs that fail, how many did."""
    if claim["effect"] is None or claim["rate"] is not None or claim["expect"] == "fails more":
        return (
            f"{claim['failed_ablation']} of {claim['planned'] - claim['missing']} failed" if claim["planned"] else "--"
        )
    low, high = claim["low"], claim["high"]
    on = f" on {escaped(data_set)}" if (data_set := data_set_shown(claim)) else ""
    if low is None or high is None:
        return f"${signed_number(claim['effect'], claim['decimals'])}${on}"
    decimals = decimals_by((high - low) / 2, claim["decimals"])
    effect, least, most = (signed_number(value, decimals) for value in (claim["effect"], low, high))
    return f"${effect}\\;[{least},\\,{most}]${on}"


def _expected(claim: ClaimRow, metric: str) -> str:
    """What the claim says of its arm; metric: the one that goes without saying."""
    if claim["rate"] is not None:
        return f"fails in more than {100 * claim['rate']:g}\\,\\% of runs"
    margin = (
        "" if claim["margin"] is None else f" {'within' if claim['expect'] == 'same' else 'by'} {claim['margin']:.4g}"
    )
    margin += f" against {claim['against']}" if claim.get("against") else ""
    of = "" if claim["metric"] == metric else f" ({claim['metric']})"
    return _breakable(escaped(f"{EXPECTED.get(claim['expect'], claim['expect'])}{margin}{of}"))


def _breakable(words: str) -> str:
    """Words of LaTeX whose names, such as that of a metric, may be broken at their parts, since the column is narrow."""
    return words.replace("/", r"/\allowbreak{}").replace(r"\_", r"\_\allowbreak{}")


def _caption(evidence: PaperEvidence, claims: list[ClaimRow]) -> str:
    late = any(claim["standing"] == "exploratory" for claim in claims)
    units = list(dict.fromkeys(claim["unit"] for claim in claims))
    tally = listed(
        f"{count} {outcome}"
        for outcome in get_args(Outcome)
        if (count := sum(claim["outcome"] == outcome for claim in claims))
    )
    removed = evidence.claims["removed"]
    sentences = [
        f"What was claimed {'and when' if late else 'before the first run'}, and what became of it: {tally}.",
        f"$\\Delta$: effect of the ablation on its reference, in {listed(map(escaped, units))}, with its interval as in the other"
        " tables.",
        "A claim is supported or refuted only where that is shown after correction over looks and, where its verdict decides,"
        " over ablations, else over the claims that are tested by themselves.",
        f"{EXPLORATORY} Declared or changed after there were runs: exploratory." if late else "",
        f"{counted(removed, 'claim')} taken out since still count{'s' * (removed == 1)} in the correction."
        if removed
        else "",
    ]
    return " ".join(filter(None, sentences))
