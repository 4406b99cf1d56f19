"""A first model of texts, written beside a first study as code that is the user's own: no built-in model reads texts."""

from __future__ import annotations

from pathlib import Path

MODEL = '''\
"""A first model of texts: the mean of the vectors of a text's words, one layer, and the classes."""

import keras


def build(recipe, shape, classes, parts):
    words = keras.Input(shape)
    numbers = len(parts.vocabulary) + 2  # 0 stands for no word, 1 for any that is not among them
    x = keras.layers.Embedding(numbers, recipe["model"]["width"], mask_zero=True, name="words")(words)
    x = keras.layers.GlobalAveragePooling1D()(x)
    x = parts.dense(x, recipe["model"]["width"], "hidden", "relu")
    x = parts.dropout(x)
    return keras.Model(words, keras.layers.Dense(classes, **parts.kernel("logits"))(x))
'''
DECLARATION = """\
# What the model keeps to: the recipe's keys that it reads, its layers, and settings of its own.
uses: [initialiser, layer_initialisers, bias_initialiser, normalisation, l1, l2, activity_l1, activity_l2, max_norm, dropout]
layers: [hidden, logits]
dropouts: 1
properties:
  width: {type: integer, minimum: 1, default: 32, unit: units, description: Numbers in a word's vector and units in the layer.}
"""


def write_word_model(study: str, folder: Path) -> tuple[str, list[Path]]:
    """Write the model's two files and give its name for a recipe, with the files; those that are there are left as they are, and
    not among these. study: its name, of which the files' begins."""
    module = f"{study.replace('-', '_').replace('.', '_')}_model"
    written = []
    for path, text in ((folder / f"{module}.py", MODEL), (folder / f"{module}.yaml", DECLARATION)):
        if not path.exists():
            path.write_text(text, encoding="utf-8")
            written.append(path)
    return f"{module}:build", written
