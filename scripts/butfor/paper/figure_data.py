"""What a paper's figure of effects shows, as tables: a row per ablation, and a row per ablation and seed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from butfor.arm_names import anywhere
from butfor.paper.paper_evidence import PaperEvidence
from butfor.verdicts.paired_values import pairing

FIELDS = (
    "arm",
    "data",
    "reference",
    "family",
    "metric",
    "unit",
    "effect",
    "low",
    "high",
    "margin",
    "pairs",
    "verdict",
    "remark",
)


def effects_table(evidence: PaperEvidence) -> pd.DataFrame:
    """Every ablation's effect on the metric that decides, with its interval and verdict."""
    labels = evidence.labels
    rows = [{"label": labels[anywhere(row["arm"])], **{key: row[key] for key in FIELDS}} for row in evidence.settling]  # type: ignore[literal-required]
    frame = pd.DataFrame(rows, columns=["label", *FIELDS])
    return frame.astype(dict.fromkeys(("effect", "low", "high", "margin"), float))


def seeds_table(evidence: PaperEvidence) -> pd.DataFrame:
    """Every ablation's paired differences, in the order of the seeds, as of the seeds that its contrast counts."""
    pairs = pairing(evidence.study, evidence.records, evidence.metric)
    rows = [
        {"arm": row["arm"], "pair": place, "difference": float(value)}
        for row in evidence.settling
        for place, value in enumerate(pairs(row["arm"], row["look"]).differences)
    ]
    return pd.DataFrame(rows, columns=["arm", "pair", "difference"])


def write_data(frames: dict[str, pd.DataFrame], folder: Path) -> None:
    """Each as CSV and as Parquet."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
        frame.to_parquet(folder / f"{name}.parquet", index=False)
