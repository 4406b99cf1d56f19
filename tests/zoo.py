"""A model of several of Keras's layers side by side, which its setting `layers` names, seeded as a user's own code seeds them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

L: Any = keras.layers
FLAT, ROWS, GREY, COLOUR, VOLUME = (64,), (8, 8), (8, 8, 1), (8, 8, 3), (4, 4, 4, 1)  # a volume is a film, too
Make = Callable[[dict[str, Any], int], Any]  # from what seeds its kernels, and a seed for its draws


def _random(name: str, **settings: Any) -> Make:
    return lambda kernel, seed: getattr(L, name)(**settings, seed=seed)


def _attention(name: str, **settings: Any) -> Make:
    def made(kernel: dict[str, Any], seed: int) -> Any:
        layer = getattr(L, name)(**settings, **kernel, seed=seed)
        return lambda x: layer(x, x)

    return made


def _paired(name: str, **settings: Any) -> Make:
    def made(kernel: dict[str, Any], seed: int) -> Any:
        layer = getattr(L, name)(**settings, seed=seed)
        return lambda x: layer([x, x])

    return made


def _recurrent(name: str, *sizes: int) -> Make:
    def made(kernel: dict[str, Any], seed: int) -> Any:
        again = keras.initializers.Orthogonal(seed=seed + 1)
        return getattr(L, name)(
            *sizes, dropout=0.2, recurrent_dropout=0.2, recurrent_initializer=again, **kernel, seed=seed
        )

    return made


def _kernel(name: str, *sizes: Any) -> Make:
    return lambda kernel, seed: getattr(L, name)(*sizes, **kernel)


def _plain(name: str, *sizes: Any, **settings: Any) -> Make:
    return lambda kernel, seed: getattr(L, name)(*sizes, **settings)


def _wrapped(outer: Callable[[Any], Any], inner: Make) -> Make:
    return lambda kernel, seed: outer(inner(kernel, seed))


def _embedded(kernel: dict[str, Any], seed: int) -> Any:
    table = L.Embedding(17, 4, embeddings_initializer=kernel["kernel_initializer"])
    return lambda x: table(keras.ops.cast(x * 16, "int32"))


LAYERS: dict[str, tuple[tuple[int, ...], Make]] = {
    **{name: (FLAT, _random(name, rate=0.2)) for name in ("Dropout", "AlphaDropout", "GaussianDropout")},
    "GaussianNoise": (FLAT, _random("GaussianNoise", stddev=0.1)),
    "SpatialDropout1D": (ROWS, _random("SpatialDropout1D", rate=0.2)),
    "SpatialDropout2D": (GREY, _random("SpatialDropout2D", rate=0.2)),
    "SpatialDropout3D": (VOLUME, _random("SpatialDropout3D", rate=0.2)),
    **{name: (ROWS, _recurrent(name, 4)) for name in ("LSTM", "GRU", "SimpleRNN")},
    "ConvLSTM2D": (VOLUME, _recurrent("ConvLSTM2D", 2, 3)),
    "Bidirectional": (ROWS, _wrapped(L.Bidirectional, _recurrent("LSTM", 4))),
    "TimeDistributed": (ROWS, _wrapped(L.TimeDistributed, _kernel("Dense", 4))),
    "MultiHeadAttention": (ROWS, _attention("MultiHeadAttention", num_heads=2, key_dim=4, dropout=0.2)),
    "GroupQueryAttention": (
        ROWS,
        _attention("GroupQueryAttention", head_dim=4, num_query_heads=2, num_key_value_heads=1, dropout=0.2),
    ),
    "Attention": (ROWS, _paired("Attention", dropout=0.2)),
    "AdditiveAttention": (ROWS, _paired("AdditiveAttention", dropout=0.2, use_scale=False)),
    "Embedding": (FLAT, lambda kernel, seed: _embedded(kernel, seed)),
    **{name: (ROWS, _plain(name)) for name in ("BatchNormalization", "LayerNormalization", "RMSNormalization")},
    **{name: (ROWS, _plain(name)) for name in ("UnitNormalization", "PReLU", "LeakyReLU")},
    "SpectralNormalization": (FLAT, _wrapped(L.SpectralNormalization, _kernel("Dense", 4))),
    "GroupNormalization": (ROWS, _plain("GroupNormalization", 2)),
    "EinsumDense": (ROWS, _kernel("EinsumDense", "abc,cd->abd", (8, 4))),
    "Conv1D": (ROWS, _kernel("Conv1D", 3, 3)),
    "Conv2DTranspose": (GREY, _kernel("Conv2DTranspose", 2, 3)),
    "SeparableConv2D": (
        GREY,
        lambda kernel, seed: L.SeparableConv2D(
            2,
            3,
            depthwise_initializer=kernel["kernel_initializer"],
            pointwise_initializer=keras.initializers.HeNormal(seed=seed + 1),
        ),
    ),
    "RandomBrightness": (COLOUR, _random("RandomBrightness", factor=0.2, value_range=(0, 1))),
    "RandomContrast": (COLOUR, _random("RandomContrast", factor=0.2, value_range=(0, 1))),
    "RandomColorDegeneration": (COLOUR, _random("RandomColorDegeneration", factor=0.5, value_range=(0, 1))),
    "RandomColorJitter": (COLOUR, _random("RandomColorJitter", value_range=(0, 1), brightness_factor=0.2)),
    "RandomCrop": (COLOUR, _random("RandomCrop", height=8, width=8)),
    "RandomElasticTransform": (COLOUR, _random("RandomElasticTransform", value_range=(0, 1))),
    "RandomErasing": (COLOUR, _random("RandomErasing", value_range=(0, 1))),
    "RandomFlip": (COLOUR, _random("RandomFlip", mode="horizontal")),
    "RandomGaussianBlur": (COLOUR, _random("RandomGaussianBlur", value_range=(0, 1))),
    "RandomGrayscale": (COLOUR, _random("RandomGrayscale", factor=0.5)),
    "RandomHue": (COLOUR, _random("RandomHue", factor=0.2, value_range=(0, 1))),
    "RandomInvert": (COLOUR, _random("RandomInvert", factor=0.5, value_range=(0, 1))),
    "RandomPerspective": (COLOUR, _random("RandomPerspective", factor=0.5)),
    "RandomPosterization": (COLOUR, _random("RandomPosterization", factor=4, value_range=(0, 1))),
    "RandomRotation": (COLOUR, _random("RandomRotation", factor=0.1)),
    "RandomSaturation": (COLOUR, _random("RandomSaturation", factor=0.3, value_range=(0, 1))),
    "RandomSharpness": (COLOUR, _random("RandomSharpness", factor=0.5, value_range=(0, 1))),
    "RandomShear": (COLOUR, _random("RandomShear", x_factor=0.2)),
    "RandomTranslation": (COLOUR, _random("RandomTranslation", height_factor=0.2, width_factor=0.2)),
    "RandomZoom": (COLOUR, _random("RandomZoom", height_factor=0.2)),
    "Solarization": (COLOUR, _random("Solarization", addition_factor=0.2, threshold_factor=0.5, value_range=(0, 1))),
    "RandAugment": (COLOUR, _random("RandAugment", value_range=(0, 1))),
    "CutMix": (COLOUR, _random("CutMix")),
    "MixUp": (COLOUR, _random("MixUp")),
}

UNREPEATABLE: dict[str, tuple[tuple[int, ...], Make]] = {  # whatever seed they are given
    "AugMix": (COLOUR, _random("AugMix", value_range=(0, 1))),  # chooses by Python's own generator
}


def build(recipe: dict[str, Any], shape: tuple[int, ...], classes: int, parts: Any) -> keras.Model:
    """Each layer on digits in the shape that it takes, then logits of all that they give."""
    inputs = keras.Input(shape)
    outputs = [_branch(inputs, name, parts) for name in recipe["model"]["layers"]]
    x = L.Concatenate()(outputs) if len(outputs) > 1 else outputs[0]
    return keras.Model(inputs, L.Dense(classes, **parts.kernel("logits"))(x))


def _branch(x: Any, name: str, parts: Any) -> Any:
    taken, make = (LAYERS | UNREPEATABLE)[name]
    x = L.Reshape(GREY if taken == COLOUR else taken)(x)
    x = L.Concatenate()([x, x, x]) if taken == COLOUR else x
    kernel = {"kernel_initializer": keras.initializers.GlorotUniform(seed=parts.key("kernel", name))}
    return L.Flatten()(make(kernel, parts.key("draws", name))(x))
