"""What tables call the arm that an ablation is compared with."""

from __future__ import annotations

from butfor.study.study_metrics import ELSEWHERE
from butfor.study.summary import Study, arm_of
from butfor.verdicts.rows import ContrastRow

NO_TABLE = str.maketrans({"|": "¦", "`": "'"})  # what would break a table of markdown


def reference_called(study: Study, row: ContrastRow) -> str:
    """Its name; of runs made elsewhere, the one that their file has for it."""
    if study.get("task") != ELSEWHERE:
        return row["reference"]
    label = arm_of(study, row["reference"]).get("label") or row["reference"]
    return label.translate(NO_TABLE)
