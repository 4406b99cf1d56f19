"""A trial step: one step of an engine's training before it begins, held against the same step worked out here from the
recipe, and then taken back.

What an engine says of itself (its optimiser's settings, its penalties) is not what it does; this is. The step is taken at
the highest learning rate of the training, because a warm-up begins with 0, and from weights none of which are all equal,
because decay of zeros and penalties on zeros cannot be seen.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from butfor.fingerprint import digest
from butfor.recipe.update_rules import UNDECAYED, UPDATE_RULES, Array, clipped, limited
from butfor.training.protocol import Engine, Order, Rates, TrialStep, TriedVariable

STIR = 0.01
SIGNIFICANT = 1e-4  # of a gradient's largest entry; the sign of smaller ones may be rounding
# Of the largest gradient; of a variable with less, such as a bias before normalisation, all may be rounding.
VANISHED = 1e-5
AVERAGE = "model_variables_moving_average"  # Keras's name
ROUNDING = 2.4e-7  # two units in the last place of float32
Recipe = dict[str, Any]


def tried(engine: Engine, recipe: Recipe, rates: Rates, order: Order) -> dict[str, Any]:
    """What a record holds of a trial step on the first of an epoch's batches; the engine is left as it was.

    order: the first epoch's. rates: the recipe's, by step of the whole training.
    """
    kept, step = engine.state(), tried_step(recipe, rates)
    engine.set_weights(list(map(stirred, engine.weights())))
    taken = engine.try_step(order, step)
    engine.resume(kept)
    variables = {name: {"digest": digest(each.after)} for name, each in taken.variables.items()}
    row: dict[str, Any] = {
        "step": step,
        "objective": taken.objective,
        "precision": taken.precision,
        "unknown": taken.unknown,
        "averages": {name: digest(values) for name, values in taken.averages.items()},
        "variables": variables,
    }
    if taken.unknown or taken.loss is None or recipe["optimiser"]["name"] not in UPDATE_RULES:
        return row
    with np.errstate(all="ignore"):
        compared = _Expected(recipe, float(rates[step]), step, taken)
        rows = {name: {**given, **compared.row(name)} for name, given in variables.items()}
        return {**row, "expected": taken.loss + compared.penalty, "penalty": compared.penalty, "variables": rows}


def tried_step(recipe: Recipe, rates: Rates) -> int:
    """Of the steps that move weights, the one with the highest rate."""
    every: int = recipe["accumulation"]
    return int(np.argmax(rates[every - 1 :: every])) * every + every - 1


def stirred(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Values that are all equal, a little apart."""
    if not np.issubdtype(values.dtype, np.floating) or values.ndim == 0 or values.max() > values.min():
        return values
    apart = STIR * np.cos(np.arange(values.size)).reshape(values.shape)
    return (values + apart).astype(values.dtype)


class _Expected:
    """The step that a recipe promises from the weights, gradients and draws of a trial.

    For a model of the user's own the engine's loss has all penalties in it, since only its layers know them.
    """

    def __init__(self, recipe: Recipe, rate: float, step: int, taken: TrialStep) -> None:
        self._recipe, self._rate, self._step, self._taken = recipe, rate, step, taken
        self._batches = recipe["accumulation"]
        self._rule = UPDATE_RULES[recipe["optimiser"]["name"]]
        own = ":" in recipe["model"]["name"]
        l1, l2 = (0.0, 0.0) if own else (recipe["l1"], recipe["l2"])
        variables = {name: each for name, each in taken.variables.items() if each.gradient is not None}
        self._weights = weights = {name: each.before.astype(np.float64) for name, each in variables.items()}
        kernels = [w for name, w in weights.items() if _kind(name) == "kernel"]
        self.penalty = float(sum(_penalty(w, l1, l2) for w in kernels)) if l1 or l2 else 0.0
        self._raw = {
            name: _slope(each, weights[name], *((l1, l2) if _kind(name) == "kernel" else (0.0, 0.0)), self._batches)
            for name, each in variables.items()
        }
        self._seen = clipped(self._raw, recipe["clipping"])
        decay = recipe["weight_decay"]
        if decay["name"] == "coupled":
            decays = {name for name in weights if _kind(name) not in UNDECAYED}
            self._seen = {n: g + decay["rate"] * weights[n] if n in decays else g for n, g in self._seen.items()}
        self._sizes = {name: _rms(g) for name, g in self._seen.items()}
        self._largest = max(self._sizes.values(), default=0.0)
        self._centred = any(_kind(name) == "moving_mean" for name in taken.averages)

    def row(self, name: str) -> dict[str, Any]:
        """How a variable moved, and how that compares: root mean squares of the change `made` and of the one `expected` of the
        gradient; as shares, how far the `gradient` that the optimiser saw is off, the `average` of weights if it keeps one, and
        what is `off` in the change; `decay`, the decoupled decay that leaves least of that, give or take `decay_error`.
        """
        if name not in self._seen:
            return {}
        variable, g, settings = self._taken.variables[name], self._seen[name], self._recipe["optimiser"]
        before, after = self._weights[name], variable.after.astype(np.float64)
        change = self._rule.change(g, self._rate, settings, (self._step + 1) // self._batches)
        row: dict[str, Any] = {"made": _rms(after - before), "expected": _rms(change)}
        reached = self._limited(variable, before + change)
        if reached is None or self._sizes[name] < VANISHED * self._largest or (self._centred and _kind(name) == "bias"):
            return row
        row["gradient"] = self._gradient(g, variable)
        if not variable.constraint and AVERAGE in variable.moments:
            row["average"] = self._average(after, variable.moments[AVERAGE].astype(np.float64))
        size = np.abs(g)
        significant = size >= SIGNIFICANT * size.max(initial=0.0)
        left, start, step = (after - reached)[significant], before[significant], change[significant]
        free = not variable.constraint or np.array_equal(reached, before + change)
        decayed = _decay(start, left, step, self._rate) if free else {}
        pull = decayed.get("decay", 0.0) * self._rate * start
        unexplained = np.maximum(np.abs(left + pull) - ROUNDING * np.abs(start), 0.0)
        return {**row, **decayed, "off": _share(unexplained, step)}

    def _limited(self, variable: TriedVariable, moved: Array) -> Array | None:
        """Where the limit on norms leaves a variable; None where its layer has a constraint of its own."""
        if variable.constraint not in ("", "MaxNorm"):
            return None
        return limited(moved, self._recipe["max_norm"]) if variable.constraint else moved

    def _average(self, after: Array, received: Array) -> float | None:
        """How far the average of weights is off that of a start from 0, whose first step sets it to the weights."""
        kept = self._recipe["ema"].get("momentum", 0.0) if self._step // self._batches else 0.0
        return _share(received - (1 - kept) * after, (1 - kept) * after)

    def _gradient(self, g: Array, variable: TriedVariable) -> float | None:
        moment = variable.moments.get(self._rule.moment)
        if moment is None:
            return None
        seen = self._rule.seen(moment.astype(np.float64), self._recipe["optimiser"])
        return _share(np.abs(seen) - np.abs(g) if self._rule.sign_lost else seen - g, g)


def _penalty(kernel: Array, l1: float, l2: float) -> float:
    """L1 and L2 on a kernel."""
    return float((l1 * np.abs(kernel).sum() if l1 else 0.0) + (l2 * np.square(kernel).sum() if l2 else 0.0))


def _slope(variable: TriedVariable, weights: Array, l1: float, l2: float, batches: int) -> Array:
    """A variable's gradient with that of its penalties, as a batch's share of the step."""
    slope = np.asarray(variable.gradient).astype(np.float64)
    if l1:
        slope += l1 * np.sign(weights) + 2 * l2 * weights
    elif l2:
        slope += 2 * l2 * weights
    return slope / batches if batches > 1 else slope


def _kind(name: str) -> str:
    """What a variable is in its layer: the last part of its path, without the number of a repeated one."""
    return name.rsplit("/", 1)[-1].split("#")[0]


def _decay(before: Array, left: Array, change: Array, rate: float) -> dict[str, float]:
    """Least squares of what is left on the weights, in units of the learning rate; the error is that of rounding at least."""
    size = float(np.square(before).sum()) * rate
    if not size or not before.size:
        return {}
    decay = -float((before * left).sum()) / size
    scatter = max(_rms(left + decay * rate * before), ROUNDING * _rms(before) + 1e-5 * _rms(change))
    common = 1e-5 * abs(float((before * change).sum())) / size  # where the step as a whole is off in its last bits
    return {"decay": decay, "decay_error": scatter / (rate * _rms(before) * math.sqrt(before.size)) + common}


def _share(part: Array, whole: Array) -> float | None:
    """The size of a part as a share of the whole's; None where that is nothing, or no number."""
    size = float(np.sqrt(np.square(whole).sum()))
    return float(np.sqrt(np.square(part).sum())) / size if size > 1e-30 and math.isfinite(size) else None


def _rms(values: Array) -> float:
    return float(np.sqrt(np.square(values).mean())) if values.size else 0.0
