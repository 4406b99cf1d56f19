"""U-Net and UNet++ of three levels, with and without deep supervision (Zhou et al. 2018)."""

import keras
from keras import layers, ops


def block(x, filters, name):
    for place in (1, 2):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"{name}_{place}")(x)
    return x


def heads(inputs, settings, classes):
    """The outputs of the levels that have one: of U-Net the last alone."""
    widths = [settings["filters"] * 2**level for level in range(3)]
    nodes = {(0, 0): block(inputs, widths[0], "x00")}
    for level in (1, 2):
        nodes[level, 0] = block(layers.MaxPooling2D()(nodes[level - 1, 0]), widths[level], f"x{level}0")
    for column in (1, 2):
        for level in range(3 - column) if settings["nested"] else (2 - column,):
            below = nodes[level + 1, column - 1]
            beside = [nodes[level, before] for before in range(column) if (level, before) in nodes]
            joined = layers.Concatenate()([*beside, layers.UpSampling2D()(below)])
            nodes[level, column] = block(joined, widths[level], f"x{level}{column}")
    columns = (1, 2) if settings["supervised"] else (2,)
    return [layers.Conv2D(classes, 1, name=f"head_{column}")(nodes[0, column]) for column in columns]


class Supervised(keras.Model):
    """A model whose answer is the mean of its heads, each of which is trained."""

    def __init__(self, of_all):
        super().__init__()
        self.of_all = of_all

    def call(self, x, training=None):
        return ops.mean(ops.stack(self.of_all(x, training=training)), axis=0)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        of_each = [
            ops.mean(ops.sparse_categorical_crossentropy(y, head, from_logits=True))
            for head in self.of_all(x, training=training)
        ]
        return sum(of_each) / len(of_each)


def build(recipe, shape, classes, parts):
    inputs = keras.Input(shape)
    found = heads(inputs, recipe["model"], classes)
    return Supervised(keras.Model(inputs, found)) if len(found) > 1 else keras.Model(inputs, found[0])
