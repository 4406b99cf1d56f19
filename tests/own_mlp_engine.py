"""The engine in NumPy for a model "of the user's own", whatever that builds: a multilayer perceptron with 8 units."""

from numpy_engine import NumpyEngine

MLP = {"name": "mlp", "widths": [8], "activation": "relu"}


class OwnMlpEngine(NumpyEngine):
    """`BUTFOR_ENGINE=own_mlp_engine:OwnMlpEngine`"""

    def __init__(self, recipe, dataset, rates):
        super().__init__({**recipe, "model": MLP}, dataset, rates)

    @classmethod
    def build_user_model(cls, recipe, dataset, arm):
        return []
