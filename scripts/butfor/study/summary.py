"""A study and its plan as plain values: what every rule after training is given. Standard library only."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from butfor.study.arm import Recipe

Expectation = Literal["helps", "hurts", "same", "fails", "fails more"]
OverDataSets = Literal["mean", "every"]  # what a claim is about, of several data sets


class ArmPlan(TypedDict):
    """An arm, its resolved recipe, and the recipe keys in which it departs from its reference (None: it has none).

    primary: whether it is one of those that share half of alpha. label: what it is called, where that is not its name.

    grid, levels: for a cell of a grid, the grid's name and by recipe key the name of the cell's level; else empty. placebo: of
    one alone (see study/placebo).
    """

    name: str
    reference: str | None
    family: str
    changed: list[str]
    primary: bool
    grid: str
    levels: dict[str, str]
    recipe: Recipe
    placebo: NotRequired[bool]
    label: NotRequired[str]


class LookPlan(TypedDict):
    """A planned analysis: the seeds that it adds, and how many per arm there are by then (`seen`)."""

    name: str
    seeds: list[int]
    seen: int


class SearchPlan(TypedDict, total=False):
    """The search of the learning rate: the rates that it tries and its seeds, none of them the study's; empty without one."""

    rates: list[float]
    seeds: list[int]


class MetricTerms(TypedDict):
    """A metric that a study asks for beside those that every run records.

    score: what computes it from predictions: a name of the catalogue with its `options`, or `module:function`. parts: of the
    data, on which it is asked: test always, train, validation and gap where a claim names them. scale, decimals, lowest,
    highest, share: see KnownMetric. margin: in its unit; relative_margin: as a share of the baseline's mean instead, by which
    the stages that judge fill in the margin. primary: whether it decides. whole_title: in a sentence, where that is not the
    title after a part of the data, as of runs made elsewhere.
    """

    name: str
    score: str
    options: dict[str, Any]
    parts: list[str]
    title: str
    unit: str
    scale: float
    decimals: int
    higher_is_better: bool
    lowest: float | None
    highest: float | None
    share: bool
    margin: float | None
    relative_margin: float | None
    margins: NotRequired[dict[str, float]]
    whole_title: NotRequired[str]
    primary: bool


class PlanSummary(TypedDict):
    """The plan: all arms, the baseline first; all looks in order; the search of the learning rate; the metrics that the study
    asks for by name, if any."""

    arms: list[ArmPlan]
    looks: list[LookPlan]
    tune: SearchPlan
    metrics: NotRequired[dict[str, MetricTerms]]


class VerdictSettings(TypedDict):
    """How contrasts become verdicts, as in config/schema.yaml; margins are in the unit of their metric."""

    alpha: float
    metric: str
    others: Literal["corrected", "descriptive"]
    corrected_over: Literal["report", "family"]
    margin: float
    loss_margin: float | None
    must_learn: bool
    paired: bool
    futility: bool
    count_removed: bool
    holds_for: NotRequired[Literal["test set", "new data"]]


class Budget(TypedDict):
    """What a further look must not exceed; None is no limit."""

    max_runs: int | None
    max_gpu_hours: float | None


class Study(PlanSummary):
    """A study as the stages after training see it: its plan, how it is judged, and its budget.

    removed: how many ablations of each family were judged once and are not in the plan any more, but count; filled in from the
    register by the stages that judge. claimed: the metrics that its claims name. task: what kind of targets the data have,
    filled in from the records (see verdicts/as_recorded). between: see claims.asking_seeds. replicates: the folds that stand
    for seeds, if they do. example_groups: by data set, what its test examples belong to, if the data say so; filled in by the
    stages that judge.
    """

    verdict: VerdictSettings
    budget: Budget
    removed: dict[str, int]
    claimed: NotRequired[list[str]]
    task: NotRequired[str]
    between: NotRequired[dict[str, Any]]
    replicates: NotRequired[dict[str, Any]]
    example_groups: NotRequired[dict[str, Any]]
    own_seeds: NotRequired[dict[str, list[int]]]


class DescribedStudy(Study):
    """A study with its name and its question, for the report, and how that is to look.

    report: as in config/schema.yaml, where the study asks for something. mlflow: whether its runs are shown there.
    """

    study: str
    question: str
    report: NotRequired[dict[str, Any]]
    mlflow: NotRequired[bool]


def ablations_of(study: PlanSummary) -> list[ArmPlan]:
    """The arms that have a reference, in the order of the plan."""
    return [arm for arm in study["arms"] if arm["reference"]]


def reference_of(arm: ArmPlan) -> str:
    """The reference of an ablation. Raises ValueError for an arm without one."""
    if arm["reference"] is None:
        raise ValueError(f"expected an arm with a reference, received {arm['name']}")
    return arm["reference"]


def families(study: PlanSummary) -> list[str]:
    """The families of ablations, in the order of the plan."""
    return list(dict.fromkeys(arm["family"] for arm in ablations_of(study)))


def arm_of(study: PlanSummary, name: str) -> ArmPlan:
    """The arm of that name."""
    return next(arm for arm in study["arms"] if arm["name"] == name)


def setting(arm: ArmPlan, key: str) -> Any:
    """An arm's value of a recipe key with dots."""
    value: Any = arm["recipe"]
    for step in key.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value
