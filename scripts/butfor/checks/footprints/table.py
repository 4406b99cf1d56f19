"""What each recipe key leaves in a run's record: the table that manipulation checks are made from.

A key of the recipe without a row here does not pass the tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from butfor.checks.footprints import (
    augmentations,
    embedded_columns,
    epochs,
    initial_weights,
    objectives,
    regularisers,
    scaled_inputs,
    steps,
)
from butfor.checks.footprints.reading import listed
from butfor.records.record import Record

FROM_WEIGHTS = ("penalty/*", "first loss", "first objective", "first outputs")


@dataclass(frozen=True)
class Footprint:
    """What one recipe key leaves behind.

    shows: what the trace is, in words.
    trace: what the record shows of it, in words; it must move when the key does.
    fault: what in the record contradicts the recipe; empty if nothing does.
    moves: what else may differ from the reference (names as in steadiness.steady, * for any ending).
    conditional: whether the key acts only on some runs, so that it may have nothing to show beside other changes.
    """

    shows: str
    trace: Callable[[Record], str]
    fault: Callable[[Record], str]
    moves: tuple[str, ...] = ()
    conditional: bool = False


STEPS = ("order", "steps per epoch", "learning rate")
INITIAL = ("weights/*", "others/*", *FROM_WEIGHTS)
BUILT = ("structure", "parameters", "biases/*", "masks/*", *INITIAL)

FOOTPRINTS: dict[str, Footprint] = {
    "model": Footprint("model", initial_weights.model_trace, initial_weights.model_fault, (*BUILT, "loop")),
    "input_scaling": Footprint(
        "inputs",
        scaled_inputs.inputs_trace,
        scaled_inputs.scaling_fault,
        ("penalty/activations", "first loss", "first objective", "first outputs"),
    ),
    "categories": Footprint(
        "categories",
        embedded_columns.categories_trace,
        embedded_columns.categories_fault,
        ("structure", "parameters", "masks/input_dropout", *INITIAL),
    ),
    "initialiser": Footprint(
        "initial spread by layer",
        initial_weights.spreads,
        lambda r: initial_weights.kernel_fault(r, only=False),
        INITIAL,
    ),
    "layer_initialisers": Footprint(
        "initial spread by layer",
        initial_weights.spreads,
        lambda r: initial_weights.kernel_fault(r, only=True),
        INITIAL,
    ),
    "bias_initialiser": Footprint(
        "initial biases",
        lambda r: (
            listed([b["mean"] for b in initial_weights.biases(r)])
            + " ± "
            + listed([b["std"] for b in initial_weights.biases(r)])
        ),
        initial_weights.bias_fault,
        ("biases/*", "others/*", *FROM_WEIGHTS),
    ),
    "normalisation": Footprint(
        "normalising layers",
        initial_weights.normalisation_trace,
        initial_weights.normalisation_fault,
        ("structure", "parameters", "biases/*", "others/*", *FROM_WEIGHTS),
    ),
    "optimiser": Footprint("optimiser", steps.optimiser_trace, steps.optimiser_fault, ("optimiser",)),
    "learning_rate": Footprint("learning rate", steps.rates, steps.rate_fault, ("learning rate",)),
    "warmup": Footprint("learning rate", steps.rates, steps.rate_fault, ("learning rate",)),
    "schedule": Footprint("learning rate", steps.rates, steps.rate_fault, ("learning rate",)),
    "weight_decay": Footprint(
        "the optimiser's decay", lambda r: steps.settings(steps.decay(r)), steps.decay_fault, ("optimiser",)
    ),
    "clipping": Footprint(
        "the optimiser's limits", lambda r: steps.settings(steps.clips(r)), steps.clipping_fault, ("optimiser",)
    ),
    "l1": Footprint(
        "penalty at step 0",
        lambda r: regularisers.penalty(r, "kernels"),
        regularisers.kernel_penalty_fault,
        ("penalty/kernels",),
    ),
    "l2": Footprint(
        "penalty at step 0",
        lambda r: regularisers.penalty(r, "kernels"),
        regularisers.kernel_penalty_fault,
        ("penalty/kernels",),
    ),
    "activity_l1": Footprint(
        "penalty at step 0",
        lambda r: regularisers.penalty(r, "activations"),
        regularisers.activity_penalty_fault,
        ("penalty/activations",),
    ),
    "activity_l2": Footprint(
        "penalty at step 0",
        lambda r: regularisers.penalty(r, "activations"),
        regularisers.activity_penalty_fault,
        ("penalty/activations",),
    ),
    "max_norm": Footprint(
        "largest norm into a unit at the end",
        lambda r: f"{regularisers.largest_norm(r):.4g}",
        regularisers.norm_fault,
        conditional=True,
    ),
    "dropout": Footprint(
        "share of units dropped",
        lambda r: listed(regularisers.shares(r, "dropout_")),
        regularisers.dropout_fault,
        ("structure", "masks/dropout_*"),
    ),
    "input_dropout": Footprint(
        "share of inputs dropped",
        lambda r: listed(regularisers.shares(r, "input_dropout")),
        regularisers.input_dropout_fault,
        ("structure", "masks/input_dropout"),
    ),
    "spatial_dropout": Footprint(
        "share of feature maps dropped",
        lambda r: listed(regularisers.shares(r, "spatial_dropout_")),
        regularisers.spatial_dropout_fault,
        ("structure", "masks/spatial_dropout_*"),
    ),
    "loss": Footprint("first loss", objectives.first_objective, objectives.loss_fault, ("first objective",)),
    "class_weight": Footprint("weights of classes", objectives.weights, objectives.class_weight_fault),
    "sample_weight": Footprint(
        "weights of examples (mean, smallest, largest)", objectives.example_weights, objectives.sample_weight_fault
    ),
    "target_scaling": Footprint(
        "first loss", objectives.first_objective, objectives.loss_fault, ("first loss", "first objective")
    ),
    "precision": Footprint(
        "arithmetic",
        objectives.precision_trace,
        objectives.precision_fault,
        ("structure", "optimiser", "loop", "masks/*", *INITIAL),
    ),
    "ema": Footprint(
        "the optimiser's average of weights",
        lambda r: steps.settings(steps.average(r)),
        steps.average_fault,
        ("optimiser",),
    ),
    "label_smoothing": Footprint(
        "first loss, smoothed",
        lambda r: f"{r.first_loss['objective']:.6g} nats",
        regularisers.smoothing_fault,
        ("first objective",),
    ),
    "shift": Footprint(
        "largest shift",
        lambda r: f"{r.chance.get('shift', {'pixels': 0})['pixels']} pixels",
        regularisers.shift_fault,
        ("structure", "masks/shift"),
    ),
    "flip": Footprint(
        "share of images flipped",
        lambda r: listed(regularisers.shares(r, "flip")),
        regularisers.flip_fault,
        ("structure", "masks/flip"),
    ),
    "rotation": Footprint(
        "largest rotation",
        lambda r: f"{augmentations.drawn(r, 'rotation', 'degrees'):.3g} degrees",
        lambda r: augmentations.largest_fault(r, "rotation", "degrees"),
        ("structure", "masks/rotation"),
    ),
    "zoom": Footprint(
        "largest change of size",
        lambda r: f"{augmentations.drawn(r, 'zoom', 'stretch'):.3g}",
        lambda r: augmentations.largest_fault(r, "zoom", "stretch"),
        ("structure", "masks/zoom"),
    ),
    "noise": Footprint(
        "standard deviation of the noise",
        lambda r: f"{augmentations.drawn(r, 'noise', 'spread'):.3g}",
        augmentations.noise_fault,
        ("structure", "masks/noise"),
    ),
    "cutout": Footprint(
        "side of the square cut out",
        lambda r: f"{augmentations.drawn(r, 'cutout', 'pixels'):.0f} pixels",
        augmentations.cutout_fault,
        ("structure", "masks/cutout"),
    ),
    **{
        way: Footprint(
            "spread of the shares that are mixed",
            partial(augmentations.mixing_trace, way=way),
            partial(augmentations.mixing_fault, way=way),
            (f"masks/{way}",),
        )
        for way in ("mixup", "cutmix")
    },
    "early_stopping": Footprint(
        "last epoch, epoch restored",
        lambda r: f"{r.stopped_epoch}, {r.restored_epoch}",
        epochs.stopping_fault,
        conditional=True,
    ),
    "batch_size": Footprint("steps per epoch", lambda r: f"{r.steps_per_epoch}", epochs.batch_fault, STEPS),
    "accumulation": Footprint(
        "batches to an update",
        lambda r: f"{steps.accumulated(r)}",
        steps.accumulation_fault,
        ("optimiser",),
    ),
    "epochs": Footprint(
        "epochs", lambda r: f"{r.stopped_epoch}", epochs.epochs_fault, ("learning rate",), conditional=True
    ),
    "train_size": Footprint("training examples", lambda r: f"{r.data['train']}", epochs.size_fault, ("split", *STEPS)),
    "deterministic": Footprint(
        "operations that repeat themselves", objectives.determinism, objectives.determinism_fault, FROM_WEIGHTS
    ),
    "matmul_precision": Footprint(
        "precision of products", objectives.product_precision, objectives.product_precision_fault, FROM_WEIGHTS
    ),
    "loop": Footprint("loop", lambda r: r.loop, epochs.loop_fault, ("loop", "masks/*")),
}
