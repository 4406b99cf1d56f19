"""The report's section on where its results come from."""

from __future__ import annotations

import json

from butfor.fingerprint import fingerprint
from butfor.plain_text import plain
from butfor.records.record import Record
from butfor.study.summary import DescribedStudy


def provenance_section(study: DescribedStudy, records: list[Record], source: str) -> str:
    """Study, data, code, versions and machine, and every arm's recipe by its fingerprint."""
    first = records[0]
    counts = (
        f"{first.data['train']} training, {first.data['validation']} validation and {first.data['test']} test images"
    )

    def values(key: str) -> str:
        return ", ".join(sorted({str(record.machine.get(key, "unknown")) for record in records}))

    arms = "\n".join(
        f"| `{arm['name']}` | `{_fingerprint(records, arm['name'])}` | {', '.join(arm['changed']) or '–'} |"
        for arm in study["arms"]
    )
    return (
        "## Provenance\n\n"
        f"- Study: fingerprint `{fingerprint(study)}` (its plan, recipes, seeds and verdict settings)\n"
        f"- Data: {first.data['name']}, fingerprint `{first.data['fingerprint']}`, {counts} per run, from {plain(source)}\n"
        f"- Code: revision {values('revision')}\n"
        f"- Versions: Python {values('python')}, TensorFlow {values('tensorflow')}, Keras {values('keras')},"
        f" NumPy {values('numpy')}\n"
        f"- Device: {values('device')}; {values('processor')}\n"
        f"- Loop: {', '.join(sorted({record.loop for record in records}))}\n\n"
        f"| arm | recipe | changed |\n| --- | --- | --- |\n{arms}\n\n"
        "The baseline's recipe:\n\n```json\n" + json.dumps(study["arms"][0]["recipe"], indent=1) + "\n```"
    )


def _fingerprint(records: list[Record], arm: str) -> str:
    return next((record.fingerprint for record in records if record.arm == arm), "no record")
