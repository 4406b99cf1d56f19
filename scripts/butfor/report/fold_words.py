"""What the report says of folds where a study has them in place of seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from butfor.fold_numbers import is_stratified, overlap
from butfor.languages.phrases import phrase
from butfor.recipe.tasks import task_of
from butfor.records.record import Record
from butfor.verdicts.rows import ContrastRow

MOST_REPEATS = 1000  # that a study may ask for


def replicate(study: Mapping[str, Any]) -> str:
    """What runs of an arm are counted in."""
    return "fold" if study.get("replicates") else "seed"


def method(study: Mapping[str, Any], records: list[Record]) -> str:
    """How examples were divided, and what that does to the error of an effect; empty without folds."""
    if not (replicates := study.get("replicates")):
        return ""
    count, repeats = replicates["folds"], replicates["repeats"]
    sizes = sorted({record.data["test"] for record in records if record.data.get("test")})
    tested = (
        phrase("{n} to {n_most} examples", n=sizes[0], n_most=sizes[-1])
        if len(sizes) > 1
        else phrase("{n} examples", n="".join(map(str, sizes)))
    )
    divided = (
        phrase(
            "Examples were divided into {n} folds, and each is the test part once ({examples}).",
            n=count,
            examples=tested,
        )
        if repeats == 1
        else phrase(
            "Examples were divided into {n} folds, in {n_times} divisions, and each is the test part once ({examples}).",
            n=count,
            n_times=repeats,
            examples=tested,
        )
    )
    rest = phrase(
        "A run is trained on the other folds, and all that is fitted to data (scalings, what fills gaps, weights of classes) is"
        " fitted on those alone. Seed n is fold n mod {n} of division n div {n}, so that arms in a pair share the fold, the"
        " initial weights and the order. Training sets overlap, so that runs are alike by more than their spread shows: the"
        " variance of a mean effect is 1/J + n_test/n_train times that of the J effects, with n_test/n_train = {overlap} and J -"
        " 1 degrees of freedom (Nadeau and Bengio 2003), and failed runs count as so many independent ones as would tell as much."
        " This presumes that two effects correlate by the share of the examples that a fold has.",
        n=count,
        overlap=f"{overlap(replicates):.3g}",
    )
    return f"{divided} {_whose(replicates, records)} {rest}\n\n"


def _whose(replicates: Mapping[str, Any], records: list[Record]) -> str:
    """Which examples a fold has."""
    groups, task = replicates.get("groups"), task_of(records[0].data if records else {}).name
    by_class = is_stratified(replicates.get("stratified"), task)
    if groups and by_class:
        return phrase(
            "A fold has whole groups by `{groups}`, so that none is both trained on and tested on, and as far as they allow it as"
            " many examples of each class as any other fold (stratified).",
            groups=groups,
        )
    if groups:
        return phrase(
            "A fold has whole groups by `{groups}`, so that none is both trained on and tested on.",
            groups=groups,
        )
    if by_class:
        return phrase("A fold has about as many examples of each class as any other (stratified).")
    return phrase("Which examples a fold has is drawn at random.")


def scope(study: Mapping[str, Any]) -> str:
    """What verdicts are about; empty without folds."""
    if not study.get("replicates"):
        return ""
    return phrase(
        "Folds vary both training and test examples, so that the conclusions are about data like these, of which as many are"
        " trained on as here."
    )


def more_repeats(study: Mapping[str, Any], settling: Sequence[ContrastRow]) -> str:
    """What to write where so many folds decide nothing."""
    if needed := sorted(filter(None, (repeats_needed(study, row) for row in settling))):
        return phrase(
            "To decide one of them, write `repeats: {n}` in `replicates`, if effects and spreads stay as they are.",
            n=needed[0],
        )
    return phrase(
        "No number of repeats is known to decide one of them, since all divide the same examples; more examples may."
    )


def lacking(study: Mapping[str, Any], undecided: Sequence[ContrastRow]) -> str:
    """How many repeats each undecided ablation lacks."""
    needed = [(row["arm"], repeats_needed(study, row)) for row in undecided]
    each = ", ".join(f"`{arm}` {f'`repeats: {repeats}`' if repeats else phrase('none')}" for arm, repeats in needed)
    return phrase(
        "How many repeats, {n} by now, would settle what is undecided, if effect, spread and failures stay as they are (at most:"
        " counted for the strictest threshold of the correction for several comparisons; none where no number is known to do,"
        " since all of them divide the same examples): {arms}.",
        n=study["replicates"]["repeats"],
        arms=each,
    )


def repeats_needed(study: Mapping[str, Any], row: ContrastRow) -> int | None:
    """How many whole repeats an undecided ablation needs in all; None where no number is known to do."""
    more = row["more_seeds"]
    repeats = None if more is None else math.ceil((row["planned"] + more) / study["replicates"]["folds"])
    return repeats if repeats and repeats <= MOST_REPEATS else None


def test_set(study: Mapping[str, Any]) -> str:
    """What stands in place of the section on the test set; empty without folds."""
    if not study.get("replicates"):
        return ""
    words = phrase(
        "There is no fixed test set: each run is tested on its own fold. What other examples would change is"
        " part of the errors and intervals above, as far as the correction for overlapping training sets holds, and is not added"
        " again. Verdicts are about data like these."
    )
    return f"## {phrase('The test set')}\n\n{words}"
