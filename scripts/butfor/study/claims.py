"""What a study claims: sentences declared before the first run, each with the contrast that would support or refute it.

Standard library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict, cast

from butfor.arm_names import AT, anywhere, data_set_of
from butfor.errors import Errors, StudyFileError
from butfor.fingerprint import fingerprint
from butfor.recipe.recipe_mark import recipe_mark
from butfor.study.cost_metrics import is_cost, problem
from butfor.study.data_sets import place
from butfor.study.metrics import MARGINS
from butfor.study.plan import Plan
from butfor.study.study_metrics import meant, metrics_of, nameable
from butfor.study.summary import Expectation, OverDataSets

Settings = dict[str, Any]

MOSTLY = 0.5  # the rate of an arm that "fails", where a claim does not say
# Verdict settings that judge every claim, and what stood for settings that earlier registers do not name.
TERMS = ("alpha", "metric", "corrected_over", "must_learn", "count_removed", "paired")
EARLIER = {
    **{"rate": MOSTLY, "verdict.count_removed": True, "verdict.paired": True},
    **{"metrics": {}, "verdict.others": "corrected"},
}
DECIDING = (
    "score",
    "options",
    "scale",
    "higher_is_better",
    "margin",
    "relative_margin",
)  # of a metric that a study asks for


class Claim(TypedDict):
    """A claim as a study declares it, with the arm's `reference`, the `recipes` of both arms by fingerprint, and a
    `fingerprint` of its own, which stands for everything that decides the claim but not for its wording. data_sets: of a claim
    about several, whether it is about the mean over them or about every one; arm and reference are then named without one.
    against: the arm that the claim names in the place of the reference, which then is `reference` too."""

    sentence: str
    arm: str
    metric: str
    expect: Expectation
    data_sets: NotRequired[OverDataSets]
    against: NotRequired[str]
    margin: float | None
    rate: float | None
    reference: str
    recipes: dict[str, str]
    fingerprint: str


class ClaimError(StudyFileError):
    """A claim that no contrast of its study could decide, in words for the person who wrote it."""


def declared(settings: Settings, plan: Plan) -> dict[str, Claim]:
    """The claims of a completed study file by name. Raises ClaimError, or SeveralErrors of them."""
    errors, claims = Errors(), {}
    for name, written in settings["claims"].items():
        with errors.collected():
            claims[name] = _declared(name, written, settings, plan)
    errors.end()
    return claims


def fixed(settings: Settings) -> dict[str, Any]:
    """What a study's runs are made from beside recipes, fixed before the first: looks, seeds and data."""
    data = {
        ".".join([*place(name), key]): one[key]  # type: ignore[list-item]
        for name, one in settings["data_sets"].items()
        for key in ("name", "validation")
    }
    folds = {"replicates": settings["replicates"]} if settings["replicates"] else {}
    return {"looks": settings["looks"], "first_seed": settings["first_seed"], **folds, **data}


def _declared(name: str, written: dict[str, Any], settings: Settings, plan: Plan) -> Claim:
    written = {**written, "metric": written["metric"] or settings["verdict"]["metric"]}
    over, other = written.pop("data_sets", None), written.pop("against", None)
    reference, arms = _compared(name, {**written, "data_sets": over}, plan)
    written |= {"data_sets": over} if over else {}
    if other is not None:
        _check_other(name, {**written, "against": other}, reference, plan)
        reference, arms, written = other, [written["arm"], other], {**written, "against": other}
    if is_cost(written["metric"]):
        _check_cost(name, written, settings)
    else:
        _check_metric(name, written["metric"], settings)
        _check_margin(name, written, settings)
    _check_rate(name, written)
    if written["expect"] == "fails":
        written["rate"] = written["rate"] or MOSTLY
    full = {
        **written,
        "reference": reference,
        "recipes": {arm: recipe_mark(plan.arms[arm].recipe) for arm in arms},
    }
    own_margin = [MARGINS[written["metric"]]] if written["metric"] in MARGINS else []
    verdict = {f"verdict.{key}": settings["verdict"][key] for key in (*TERMS, *own_margin)}
    asked = settings["metrics"].get(written["metric"].partition("/")[2])
    measured = {"measured": deciding(asked)} if asked else {}
    decides = {**testable(full), **fixed(settings), **_named(verdict), **measured}
    return cast(Claim, {**full, "fingerprint": fingerprint(decides)})


def deciding(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What decides of a metric that a study asks for: all but what it is called and how it is shown. asked: see MetricTerms."""
    return {key: asked[key] for key in DECIDING if asked[key] is not None}


def testable(claim: Mapping[str, Any]) -> dict[str, Any]:
    """What a claim says that can be tested: all of it but the sentence."""
    terms = {key: value for key, value in claim.items() if key not in ("sentence", "fingerprint")}
    return _named({key: value for key, value in terms.items() if (key, value) != ("rate", None)})


def has_test(claim: Mapping[str, Any]) -> bool:
    """Whether a claim says what no verdict does, so that it has a test of its own."""
    unsettled = claim.get("data_sets") == "mean" and not str(claim.get("metric")).startswith("test/")
    by_test = claim.get("expect") in ("fails", "fails more", "same") or bool(claim.get("against"))
    return by_test or claim.get("margin") is not None or unsettled


def asking_seeds(claims: Mapping[str, Claim]) -> dict[str, Any]:
    """The claims against other arms, which looks go on for until they are decided, as `between` of a study has them, with how
    many claims they are corrected over; nothing if there are none."""
    asking = {
        name: {key: value for key, value in claim.items() if key != "sentence"}
        for name, claim in claims.items()
        if claim.get("against") and not is_cost(claim["metric"])
    }
    return {"between": {"claims": asking, "tested": sum(map(has_test, claims.values()))}} if asking else {}


def _named(deciding: dict[str, Any]) -> dict[str, Any]:
    """What decides, without what an earlier version of butfor did not name and did: what is registered stays what it was."""
    return {key: value for key, value in deciding.items() if key not in EARLIER or EARLIER[key] != value}


def _compared(name: str, claim: dict[str, Any], plan: Plan) -> tuple[str, list[str]]:
    """The reference of a claim's arm, without its data set where the claim is about several, and the names of both arms, on each
    of them."""
    arm, over = claim["arm"], claim["data_sets"]
    if not over:
        reference = _reference(name, arm, plan)
        return reference, [arm, reference]
    where, at = f"claims.{name}.data_sets: expected none", ("claims", name, "data_sets")
    if AT in arm:
        raise ClaimError(
            f"claims.{name}.arm: expected an ablation without a data set where data_sets: {over} says which are meant,"
            f" received {arm}. Write arm: {anywhere(arm)}, or leave out data_sets.",
            ("claims", name, "arm"),
        )
    placed = [other.name for other in plan.ablations if anywhere(other.name) == arm and AT in other.name]
    if not placed:  # no such arm, or one data set
        _reference(name, arm, plan)
        raise ClaimError(f"{where} in a study of one data set, received {over}. Leave it out.", at)
    if len(placed) == 1:
        raise ClaimError(
            f"{where} of an ablation that is on one data set, received {over}. Write arm: {placed[0]}, without data_sets.",
            at,
        )
    if is_cost(claim["metric"]):
        raise ClaimError(
            f"{where} with {claim['metric']}, received {over}. What an arm costs is compared on one data set: write"
            f" arm: {' or '.join(placed)}, without data_sets.",
            at,
        )
    references = [_reference(name, each, plan) for each in placed]
    return anywhere(references[0]), [*placed, *references]


def _reference(name: str, arm: str, plan: Plan) -> str:
    at = ("claims", name, "arm")
    where, compared = f"claims.{name}.arm: expected an arm that is compared with a reference", plan.ablations
    if arm not in plan.arms:
        placed = [other.name for other in compared if anywhere(other.name) == arm]
        close = difflib.get_close_matches(arm, [other.name for other in compared], n=1, cutoff=0.5)
        if placed:
            remedy = f"Name a data set: {' or '.join(placed)}."
            if len(placed) > 1:
                remedy += " Or write data_sets: mean, or data_sets: every, beside arm."
        else:
            remedy = f"Did you mean {close[0]}?" if close else f"Arms: {', '.join(other.name for other in compared)}."
        raise ClaimError(f"{where}, received {arm}, which is no arm of this study. {remedy}", at)
    if (reference := plan.arms[arm].reference) is None:
        raise ClaimError(f"{where}, received {arm}, which has none. Name an ablation, without compare: false.", at)
    return reference


def _check_other(name: str, claim: dict[str, Any], reference: str, plan: Plan) -> None:
    """Raises ClaimError where a claim cannot be against the arm that it names. reference: of its own arm."""
    arm, other, at = claim["arm"], claim["against"], ("claims", name, "against")
    where = f"claims.{name}.against: expected"
    if claim.get("data_sets") or claim["expect"] == "fails":
        beside = f"data_sets: {claim['data_sets']}" if claim.get("data_sets") else "expect: fails"
        raise ClaimError(f"{where} none beside {beside}, received {other}. Leave one of them out.", at)
    comparable = [one for one in plan.arms if data_set_of(one) == data_set_of(arm) and one not in (arm, reference)]
    if other == reference:
        raise ClaimError(
            f"{where} another arm than the reference of {arm}, received {other}, which is that. Leave it out.", at
        )
    if other not in comparable:
        close = difflib.get_close_matches(other, comparable, n=1, cutoff=0.5)
        remedy = f"Did you mean {close[0]}?" if close else f"Arms: {', '.join(comparable) or 'none'}."
        on = f" on {data_set_of(arm)}" if data_set_of(arm) else ""
        raise ClaimError(f"{where} an arm of this study{on} other than {arm}, received {other}. {remedy}", at)


def _check_cost(name: str, claim: dict[str, Any], settings: Settings) -> None:
    key, why = problem(claim, settings["costs"]["batch_sizes"])
    if key:
        raise ClaimError(f"claims.{name}.{key}: {why}", ("claims", name, key))


def _check_metric(name: str, metric: str, settings: Settings) -> None:
    names = nameable(settings)
    if metric not in names:
        tested = [each for each in names if each.startswith("test/")]
        raise ClaimError(
            f"claims.{name}.metric: expected one of {', '.join(tested)}, or the same on gap, train or validation, received"
            f" {metric}.{meant(metric, names)}",
            ("claims", name, "metric"),
        )


def _check_margin(name: str, claim: dict[str, Any], settings: Settings) -> None:
    where, metric, at = f"claims.{name}.margin: expected", claim["metric"], ("claims", name, "margin")
    if claim["expect"] in ("fails", "fails more") and claim["margin"] is not None:
        raise ClaimError(f"{where} none where runs are to fail, received {claim['margin']:g}. Leave it out.", at)
    if claim["expect"] != "same" or claim["margin"] is not None:
        return
    compared = metrics_of({**settings, "claimed": [metric]}).get(metric)
    is_relative = compared is not None and compared.relative is not None
    if compared is None or (compared.margin_in(settings["verdict"]) is None and not is_relative):
        settable = compared is not None and metric.startswith("test/")
        setting = f", or set {compared.margin_setting}" if compared is not None and settable else ""
        raise ClaimError(
            f"{where} one, received null: without a margin nothing can be shown to be the same in {metric}."
            f" Write how large a difference would not matter{setting}.",
            at,
        )


def _check_rate(name: str, claim: dict[str, Any]) -> None:
    if claim["rate"] is not None and claim["expect"] != "fails":
        raise ClaimError(
            f"claims.{name}.rate: expected none with expect: {claim['expect']}, received {claim['rate']:g}. It says in more"
            " than which share of its runs an arm fails: write expect: fails, or leave it out.",
            ("claims", name, "rate"),
        )
