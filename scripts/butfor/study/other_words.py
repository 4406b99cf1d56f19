"""What to write instead of a key that a study file does not have there: what other tools call it, or where it belongs.

Standard library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Iterator
from typing import Any

from jsonschema.exceptions import ValidationError

from butfor import spoken_units
from butfor.remedies import CLOSE

Schema = dict[str, Any]

SAME = {  # what other tools call a key: its name here
    **dict.fromkeys(("lr", "lrate", "base_lr", "init_lr"), "learning_rate"),
    **dict.fromkeys(("batch", "bs", "minibatch", "batch_size_train", "per_device_train_batch_size"), "batch_size"),
    **dict.fromkeys(("num_epochs", "n_epochs", "max_epochs", "num_train_epochs"), "epochs"),
    **dict.fromkeys(("optim", "optimizer", "opt"), "optimiser"),
    **dict.fromkeys(("scheduler", "lr_schedule", "lr_scheduler", "lr_scheduler_type", "decay"), "schedule"),
    **dict.fromkeys(("clipnorm", "clipvalue", "grad_clip", "gradient_clip_val", "max_grad_norm"), "clipping"),
    **dict.fromkeys(("kernel_initializer", "init", "weight_init", "kernel_initialiser"), "initialiser"),
    **dict.fromkeys(("units", "hidden", "hidden_units", "hidden_sizes", "hidden_dim", "layers", "layer_sizes"), "widths"),
    **dict.fromkeys(("num_layers", "n_layers"), "depth"),
    **dict.fromkeys(("batch_norm", "batchnorm", "batch_normalization", "layer_norm", "norm"), "normalisation"),
    **dict.fromkeys(("random_crop", "random_translation", "translation", "width_shift_range", "height_shift_range"), "shift"),
    **dict.fromkeys(("random_flip", "horizontal_flip", "hflip", "fliplr", "mirror"), "flip"),
    **dict.fromkeys(("random_rotation", "rotate", "rotation_range", "degrees"), "rotation"),
    **dict.fromkeys(("random_zoom", "zoom_range", "random_scale"), "zoom"),
    **dict.fromkeys(("gaussian_noise", "input_noise", "jitter", "noise_std"), "noise"),
    **dict.fromkeys(("class_weights", "pos_weight", "weighting"), "class_weight"),
    **dict.fromkeys(("sample_weights", "example_weight", "example_weights", "weights"), "sample_weight"),
    **dict.fromkeys(("criterion", "loss_fn", "loss_function", "objective"), "loss"),
    **dict.fromkeys(("dtype", "dtype_policy", "amp", "mixed_precision"), "precision"),
    **dict.fromkeys(("determinism", "enable_op_determinism", "op_determinism", "cudnn_deterministic"), "deterministic"),
    **dict.fromkeys(("tf32", "allow_tf32", "float32_matmul_precision"), "matmul_precision"),
    **dict.fromkeys(("mixup_alpha", "mix_up"), "mixup"),
    **dict.fromkeys(("cutmix_alpha", "cut_mix"), "cutmix"),
    **dict.fromkeys(("random_erasing", "erasing", "random_erase"), "cutout"),
    **dict.fromkeys(("gradient_accumulation_steps", "accumulate_grad_batches", "grad_accum"), "accumulation"),
    **dict.fromkeys(("use_ema", "ema_momentum", "ema_decay", "model_ema", "polyak", "weight_averaging"), "ema"),
    **dict.fromkeys(("wd", "weight_decay_rate"), "weight_decay"),
    **dict.fromkeys(("kernel_regularizer", "l2_reg", "l2_regularization"), "l2"),
    **dict.fromkeys(("warmup_steps", "warmup_epochs", "warmup_ratio"), "warmup"),
    **dict.fromkeys(("scaling", "normalize", "rescale", "rescaling"), "input_scaling"),
    **dict.fromkeys(("architecture", "network", "arch", "backbone"), "model"),
    **dict.fromkeys(("n_seeds", "num_seeds", "n_trials", "trials", "runs"), "seeds"),
    **dict.fromkeys(("cross_validation", "cv", "kfold", "k_fold"), "replicates"),
    **dict.fromkeys(("n_splits", "k"), "folds"),
    **dict.fromkeys(("n_repeats",), "repeats"),
    **dict.fromkeys(("stratify",), "stratified"),
    **dict.fromkeys(("group",), "groups"),
    **dict.fromkeys(("val_split", "validation_split", "val_size", "validation_size"), "validation"),
    **dict.fromkeys(("dataset", "data_set"), "data"),
    **dict.fromkeys(("path", "data_path", "filename"), "file"),
    **dict.fromkeys(("name", "project", "experiment", "experiment_name"), "study"),
    **dict.fromkeys(("arms", "variants", "experiments", "sweep", "parameters", "params", "ablation"), "ablations"),
    **dict.fromkeys(("baseline", "defaults", "hyperparameters", "hparams", "training"), "recipe"),
    **dict.fromkeys(("output", "output_dir", "outdir", "results_dir", "save_dir", "log_dir"), "results"),
    **dict.fromkeys(("changes", "override", "overrides", "value"), "set"),
    **dict.fromkeys(("values", "levels", "choices", "choice", "options", "vary"), "each"),
    **dict.fromkeys(("remove", "drop", "leave_out", "off"), "remove_each"),
    **dict.fromkeys(("add", "only"), "add_each"),
    **dict.fromkeys(("reference", "base", "parent", "relative_to"), "from"),
    **dict.fromkeys(("mem", "memory", "ram", "mem_gb"), "mem_mb"),
    **dict.fromkeys(("time", "walltime", "time_limit", "time_min"), "runtime"),
    **dict.fromkeys(("timeout", "max_time"), "max_minutes"),
    **dict.fromkeys(("cpus", "cpus_per_task", "cores", "num_threads", "n_jobs"), "threads"),
    **dict.fromkeys(("text", "claim", "statement", "hypothesis"), "sentence"),
    **dict.fromkeys(("direction", "effect", "outcome", "expected"), "expect"),
    **dict.fromkeys(("versus", "vs", "than", "compared_with", "compared_to", "other"), "against"),
}  # fmt: skip
QUANTILES = (
    "alpha",
    "share",
    "tau",
    "quantile",
    "q",
)  # names of a quantile, of which the loss and the metric have one each
QUANTILE = "The quantile is `share` of the loss pinball, and `alpha` of the metric pinball."
SEEDS = "Did you mean seeds (how many) or first_seed (the number of the first)?"
PROFILE = "It is a line in profiles/slurm/profile.yaml, with what else a cluster is asked for"
METRIC = "The metric that decides is verdict.metric; the loss, and by the task accuracy or mae, are always measured"
POSITIVE = "`positive` belongs to a metric, such as metrics: {f1: {positive: ill}}"
AUGMENTATION = "Each augmentation is a key of its own: shift, flip, rotation, zoom, cutout, noise, mixup, cutmix"
ADVICE = {  # what has no name here: what to do instead
    **dict.fromkeys(("gres", "gpu", "gpus", "partition", "account", "qos", "nodes", "constraint", "slurm_extra"), PROFILE),
    **dict.fromkeys(("metric", "metrics"), METRIC),
    **dict.fromkeys(("positive", "positive_class", "pos_label"), POSITIVE),
    **dict.fromkeys(("augmentation", "augment", "augmentations", "transforms"), AUGMENTATION),
    "callbacks": "What callbacks do are keys of a recipe: early_stopping, schedule (which may be a function of yours), ema",
}  # fmt: skip


def advice(key: Any, error: ValidationError, root: Schema, there: Collection[str]) -> str:
    """A sentence on an unknown key: the name that is meant here, or the place where it belongs; empty if nothing is known.

    there: the keys that stand beside it already, none of which can be meant.
    """
    if error.validator != "additionalProperties" or not isinstance(key, str):
        return ""
    block = str(error.absolute_path[-1]) if error.absolute_path else ""
    free = [name for name in error.schema.get("properties", {}) if name not in there]
    meant = SAME.get(key.lower(), key)
    if key.lower() in QUANTILES and "pinball" in (block, error.instance.get("name"), error.instance.get("score")):
        return QUANTILE
    if {"seeds", "first_seed"} & {*free} and key.lower() in ("seed", "random_state", "random_seed"):
        return SEEDS
    if meant in free:
        return f"Did you mean {meant}{_in_its_unit(key, error, meant)}?"
    if similar := difflib.get_close_matches(key, free, n=1, cutoff=CLOSE):
        return f"Did you mean {similar[0]}?"
    if key.lower() in ADVICE:
        return f"{ADVICE[key.lower()]}."
    places = [place for inside, name, place in _keys(root) if name == meant and inside == block]
    if meant in there and meant != key:
        return ""
    if block and error.absolute_path[0] == "ablations" and key.split(".")[0] in root["$defs"]["recipe"]["properties"]:
        return f"What an arm changes stands under set: write {block}: {{set: {{{key}: …}}}}."
    places = places or [place for _, name, place in _keys(root) if name == meant]
    if places:
        return f"{meant} is a key of {' and of '.join(dict.fromkeys(places))}."
    return "" if block else f"If it only holds what aliases refer to, call it x-{key}."


def _in_its_unit(key: str, error: ValidationError, meant: str) -> str:
    """A value that was written with a unit, in the unit of the key that is meant."""
    unit, value = error.schema["properties"][meant].get("unit", ""), error.instance[key]
    number = spoken_units.number(f"{value}GB" if key.lower().endswith("gb") else value, unit)
    return "" if number is None else f": {math.ceil(number)} ({unit})"


def _keys(root: Schema) -> Iterator[tuple[str, str, str]]:
    """Every key that a study file may have: the block that it stands in, its name, and its place in words."""
    for key, schema in root["properties"].items():
        yield "", key, "the study file, at its left edge"
        for inner in schema.get("properties", {}):
            yield key, inner, f"`{key}:`"
    for name, words in (
        ("recipe", "`recipe:`"),
        ("ablation", "an entry of `ablations:`"),
        ("claim", "one of `claims:`"),
    ):
        for key, schema in root["$defs"][name]["properties"].items():
            yield name, key, words
            choices = schema.get("choices") or root["$defs"].get(schema.get("$ref", "").rsplit("/", 1)[-1], {}).get(
                "choices"
            )
            for choice, settings in (choices or {}).items():
                for inner in (settings or {}).get("properties", {}):
                    yield key, inner, f"the {key} {choice}"
