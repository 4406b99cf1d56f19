"""Which endings of a run count as failures. Standard library only, so that a study can be watched without a record being read."""

from __future__ import annotations


def counts_as_failed(status: str, must_learn: bool, metric: str) -> bool:
    """Whether a run counts as failed that ended so, where arms are compared by the metric of that name.

    One that diverged always does. Where recipes `must_learn`, so does one that learnt nothing, and one whose answers are
    no better than the commonest class where accuracy is compared.
    """
    answers_alone = status == "commonest_class" and metric.endswith("/accuracy")
    return status == "diverged" or (must_learn and (status == "at_chance" or answers_alone))
