"""What trained, scheduled, measured and tested, with the works to cite."""

from __future__ import annotations

from butfor.paper.latex_text import escaped, listed
from butfor.paper.paper_evidence import PaperEvidence
from butfor.records.training_libraries import training_libraries
from butfor.study.asked_metrics import needs_predictions
from butfor.study.keras_metrics import MARK
from butfor.study.metric_catalogue import CATALOGUE
from butfor.study.summary import MetricTerms
from butfor.user_code.location import is_own

FROM_SKLEARN = ("digits",)
CITED = {"JAX": "jax2018github", "TensorFlow": "abadi2016tensorflow", "Keras": "chollet2015keras"}
SKLEARN, OF_KERAS, OWN = (
    "scikit-learn~\\citep{pedregosa2011scikit}",
    "Keras~\\citep{chollet2015keras}",
    "code of our own",
)
WITHOUT_SKLEARN = {  # of the catalogue: computed by NumPy, and the correlations by SciPy (see metrics/scores)
    *("accuracy", "top_k_accuracy", "log_loss", "brier", "ece", "rmse"),
    *("spearman", "pearson"),
}


def software_sentence(evidence: PaperEvidence, mlflow: bool) -> str:
    """Sentences in LaTeX. mlflow: whether runs were tracked there."""
    tracked = " and tracked in MLflow~\\citep{zaharia2018accelerating}" if mlflow else ""
    measured = "".join(f"; {listed(what)} came from {source}" for source, what in sources(evidence).items() if what)
    return (
        f"{_trained(evidence)}Runs were scheduled by Snakemake~\\citep{{molder2021snakemake}}{tracked};"
        f" tests were computed by SciPy~\\citep{{virtanen2020scipy}}{measured}."
    )


def _trained(evidence: PaperEvidence) -> str:
    versions: dict[str, set[str]] = {}
    for record in evidence.records:
        for name, version in training_libraries(record.machine).items():
            versions.setdefault(name, set()).add(version)
    libraries = [
        f"{name} {escaped(', '.join(sorted(releases)))}~\\citep{{{CITED[name]}}}" for name, releases in versions.items()
    ]
    return f"Models were trained with {listed(libraries)}. " if libraries else ""


def sources(evidence: PaperEvidence) -> dict[str, list[str]]:
    """What came from where, of all that the study reports: metrics by name that no training records, folds, and data."""
    by_source: dict[str, list[str]] = {SKLEARN: [], OF_KERAS: [], OWN: []}
    for terms in (evidence.study.get("metrics") or {}).values():
        if source := _source(evidence, terms):
            by_source[source].append(escaped(terms["title"]))
    data = {record.data.get("name") for record in evidence.records}
    by_source[SKLEARN] += ["the folds"] if evidence.study.get("replicates") else []
    by_source[SKLEARN] += ["the data"] if data & {*FROM_SKLEARN} else []
    return by_source


def _source(evidence: PaperEvidence, terms: MetricTerms) -> str:
    """Where the computation of a metric comes from; empty where it is butfor's."""
    score = terms["score"]
    if is_own(score):
        return OWN
    if score.startswith(MARK):
        return OF_KERAS
    holds_for = evidence.study["verdict"].get("holds_for", "test set")
    measured = score in CATALOGUE and needs_predictions(terms, {"holds_for": holds_for})
    return SKLEARN if measured and score not in WITHOUT_SKLEARN else ""
