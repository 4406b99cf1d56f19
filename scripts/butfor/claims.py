"""What a study claims: sentences declared before the first run, each with the contrast that would support or refute it.

Standard library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

import difflib
from typing import Any

from butfor.arm import fingerprint
from butfor.errors import StudyFileError
from butfor.plan import Plan

Claim = dict[str, Any]
Settings = dict[str, Any]

MARGINS = {"test/accuracy": "margin", "test/loss": "loss_margin"}  # the verdict setting that holds a metric's margin
TERMS = ("alpha", "metric", "corrected_over", "must_learn")  # verdict settings that every claim is judged by


class ClaimError(StudyFileError):
    """A claim that no contrast of its study could decide, in words for the person who wrote it."""


def declared(settings: Settings, plan: Plan) -> dict[str, Claim]:
    """A completed study file's claims by name: as written, with `reference`, `recipes` (of both arms, by fingerprint) and
    `fingerprint`, which stands for everything that decides the claim but not for its wording. Raises ClaimError."""
    return {name: _declared(name, claim, settings, plan) for name, claim in settings["claims"].items()}


def terms(settings: Settings) -> dict[str, Any]:
    """What a study's claims are judged by, fixed before the first run: data, seeds, looks and verdict settings."""
    data = {key: settings["data"][key] for key in ("name", "validation")}
    seeds = {"looks": settings["looks"], "first_seed": settings["first_seed"]}
    return {**seeds, **{f"data.{k}": v for k, v in data.items()}, **_verdict(settings, (*TERMS, *MARGINS.values()))}


def _declared(name: str, claim: Claim, settings: Settings, plan: Plan) -> Claim:
    reference = _reference(name, claim["arm"], plan)
    _check_margin(name, claim, settings["verdict"])
    full = {
        **claim,
        "reference": reference,
        "recipes": {arm: fingerprint(plan.arms[arm].recipe) for arm in (claim["arm"], reference)},
    }
    own_margin = [MARGINS[claim["metric"]]] if claim["metric"] in MARGINS else []
    fixed = {key: value for key, value in terms(settings).items() if not key.startswith("verdict.")}
    decides = {**tested(full), **fixed, **_verdict(settings, (*TERMS, *own_margin))}
    return {**full, "fingerprint": fingerprint(decides)}


def tested(claim: Claim) -> dict[str, Any]:
    """What a claim says that can be tested: all of it but the sentence."""
    return {key: value for key, value in claim.items() if key not in ("sentence", "fingerprint")}


def _verdict(settings: Settings, keys: tuple[str, ...]) -> dict[str, Any]:
    return {f"verdict.{key}": settings["verdict"][key] for key in keys}


def _reference(name: str, arm: str, plan: Plan) -> str:
    where, compared = f"claims.{name}.arm: expected an arm that is compared with a reference", plan.ablations
    if arm not in plan.arms:
        close = difflib.get_close_matches(arm, [found.name for found in compared], n=1, cutoff=0.5)
        remedy = f"Did you mean {close[0]}?" if close else f"Arms: {', '.join(found.name for found in compared)}."
        raise ClaimError(f"{where}, received {arm}, which is no arm of this study. {remedy}")
    if (reference := plan.arms[arm].reference) is None:
        raise ClaimError(f"{where}, received {arm}, which has none. Name an ablation, without compare: false.")
    return reference


def _check_margin(name: str, claim: Claim, verdict: Settings) -> None:
    where, metric = f"claims.{name}.margin: expected", claim["metric"]
    if claim["expect"] == "fails" and claim["margin"] is not None:
        raise ClaimError(f"{where} none where runs are to fail, received {claim['margin']:g}. Leave it out.")
    if claim["expect"] != "same" or claim["margin"] is not None:
        return
    if metric not in MARGINS or verdict[MARGINS[metric]] is None:
        setting = f", or set verdict.{MARGINS[metric]}" if metric in MARGINS else ""
        raise ClaimError(
            f"{where} one, received null: without a margin nothing can be shown to be the same in {metric}."
            f" Write how large a difference would not matter{setting}."
        )
