"""What a study planned before its first run and what it plans by now: entered into its register at every start."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from butfor.records.job_folder import number_of_runs
from butfor.records.results_folder import is_record
from butfor.study.claims import testable
from butfor.study.study_protocol import ArmTerms, Protocol
from butfor.verdicts import register as registers
from butfor.verdicts.register import Entry, Register, content, present
from butfor.verdicts.removed import removed_arms
from butfor.verdicts.reported import Reported, last_report

BEFORE: Final = "declared before the data"
EXPLORATORY: Final = "exploratory"
MOMENT = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Seen:
    """What earlier starts have left: records, finished or not, of each arm's name, and the last report. runs: how many runs the
    records are of, where some are of one run under two names."""

    records: Mapping[str, int] = field(default_factory=dict)
    report: Reported | None = None
    runs: int | None = None


def enter(path: Path, protocol: Protocol, runs: Path, data: str) -> None:
    """Enter the protocol of a study where it is not what was entered last, and what the last report said.

    runs: where records lie. data: the fingerprint of the stored arrays.
    """
    before = registers.read(path)
    counts = Counter(record.relative_to(runs).parts[0] for record in runs.rglob("seed_*.json") if is_record(record))
    report = last_report(path.parent, before, data)
    after = entered(before, protocol, Seen(counts, report, number_of_runs(runs)), now=datetime.now(UTC))
    if after != before:
        registers.write(path, after)


def entered(before: Register, protocol: Protocol, seen: Seen, now: datetime) -> Register:
    """The register with what differs from the last entries added. Records that were deleted since have been seen."""
    runs = max(before["runs"], sum(seen.records.values()) if seen.runs is None else seen.runs)
    stamp = {"time": _moment(before, now), "runs": runs}
    why = protocol.because if runs and protocol.because not in _reasons(before) else ""
    stamp |= {"because": why} if why else {}
    reports = _reports(before["reports"], seen.report)
    verdicts = {row["asks"] or arm: row["verdict"] for arm, row in reports[-1]["verdicts"].items()} if reports else {}
    terms = before["terms"]
    if not terms or terms[-1]["terms"] != protocol.terms:
        terms = [*terms, {**stamp, "terms": protocol.terms}]
    after = {
        **before,
        "runs": runs,
        "terms": terms,
        "claims": _claims(before["claims"], protocol, stamp),
        "arms": _arms(before["arms"], protocol.arms, stamp, seen.records, verdicts),
        "reports": reports,
    }
    unchanged = all(after[key] == before[key] for key in ("terms", "claims", "arms"))
    return {**after, "reasons": [*before["reasons"], stamp]} if why and unchanged else after


def _moment(register: Register, now: datetime) -> str:
    """The time of an entry, after all others', by which they are told apart and put in order: the clock may be put back."""
    histories = [*register["claims"].values(), *register["arms"].values()]
    entries = [entry for history in (register["terms"], register["reasons"], *histories) for entry in history]
    last = max((entry["time"] for entry in entries), default="")
    moment = now.strftime(MOMENT)
    if moment > last:
        return moment
    return (datetime.strptime(last, MOMENT) + timedelta(seconds=1)).strftime(MOMENT)


def standing(register: Register, name: str, fingerprint: str, counts_removed: bool = True) -> dict[str, Any]:
    """Whether a claim was declared before the data: `standing`, `since` (time) and `runs` (records seen by then), None
    for one that was never registered, which takes a start with --no-hooks.

    What counts is how the claim stood when the first data came: what was changed or taken out before is not declared,
    and what was changed later and back again is. counts_removed: whether arms that were taken out after they were seen
    still count in the correction; where they do not, what is left was chosen by the data.
    """
    entries = register["claims"].get(name, [])
    same = [entry for entry in entries if entry.get("fingerprint") == fingerprint]
    stood = _before_data(entries)
    chosen = [] if counts_removed else sorted(removed_arms(register), key=lambda arm: arm.time)
    if stood and stood.get("fingerprint") == fingerprint and not chosen:
        first = next(entry for entry in same if entry["runs"] == 0)
        return {"standing": BEFORE, "since": first["time"], "runs": 0}
    later = next((entry for entry in same if entry["runs"]), None)
    if later is None and same and chosen:
        return {"standing": EXPLORATORY, "since": chosen[0].time, "runs": chosen[0].runs}
    later = later or {"time": None, "runs": None}
    return {"standing": EXPLORATORY, "since": later["time"], "runs": later["runs"]}


def _before_data(entries: list[Entry]) -> Entry | None:
    """The last entry that was made before there were data, if it was not of taking the claim out."""
    early = [entry for entry in entries if not entry["runs"]]
    return early[-1] if early else None


def _reasons(register: Register) -> set[str]:
    """The reasons that were given already: one that is left in the study file explains no later change."""
    histories = [register["terms"], register["reasons"], *register["claims"].values(), *register["arms"].values()]
    return {entry.get("because", "") for history in histories for entry in history} | {""}


def _reports(before: list[Reported], report: Reported | None) -> list[Reported]:
    """The reports with the last, where that is another than the one before it and says something else. One that a start leaves in
    its place before it is stopped is met again by the next start, when arms of its names may ask something else."""
    if report is None or (
        before and (before[-1]["time"] == report["time"] or _content(before[-1]) == _content(report))
    ):
        return before
    return [*before, report]


def _content(report: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in report.items() if key not in ("time", "runs")}


def _claims(before: dict[str, list[Entry]], protocol: Protocol, stamp: Entry) -> dict[str, list[Entry]]:
    history = {name: list(entries) for name, entries in before.items()}
    for name, claim in protocol.claims.items():
        entry = {"fingerprint": claim["fingerprint"], "sentence": claim["sentence"], "tested": testable(claim)}
        if name not in history or content(history[name][-1]) != entry:
            history.setdefault(name, []).append({**stamp, **entry})
    for name in present(before):
        if name not in protocol.claims:
            history[name].append(stamp)
    return history


def _arms(
    before: dict[str, list[Entry]],
    arms: dict[str, ArmTerms],
    stamp: Entry,
    records: Mapping[str, int],
    verdicts: Mapping[str, str],
) -> dict[str, list[Entry]]:
    """The arms' history; an arm that is gone, and one that asks something else by now, leave what was seen of them. verdicts: by
    what arms ask, or by their names where that is not known."""
    history, last = {name: list(entries) for name, entries in before.items()}, present(before)
    verdict_on = {name: verdicts.get(entry["asks"]) or verdicts.get(name) for name, entry in last.items()}
    former = {name: {"former": {"records": records.get(name, 0), "verdict": verdict_on[name]}} for name in last}
    for name, arm in arms.items():
        if name not in last or content(last[name]) != arm:
            asks_else = name in last and last[name]["asks"] != arm["asks"]
            history.setdefault(name, []).append({**stamp, **arm, **(former[name] if asks_else else {})})
    new = {arm["asks"]: name for name, arm in arms.items() if name not in last}
    for name, entry in last.items():
        if name not in arms:
            renamed = {"renamed": new[entry["asks"]]} if entry["asks"] in new else {}
            history[name].append({**stamp, **former[name], **renamed})
    return history
