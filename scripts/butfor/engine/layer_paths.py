"""Names by which a record tells the layers of a model apart."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

import keras

from butfor.engine.keras_internals import Layer, sublayers


def in_order(model: keras.Model) -> Iterator[Layer]:
    """Every layer once, from input to output, each followed by those inside it."""
    return (layer for layer, _ in placed(model))


def placed(model: keras.Model) -> Iterator[tuple[Layer, str]]:
    """Every layer as `in_order`, with its path: the names of the layers that it lies in and its own, as student/conv2d."""
    seen: set[int] = set()
    waiting = [(layer, layer.name) for layer in sublayers(model)]
    while waiting:
        layer, path = waiting.pop(0)
        if id(layer) not in seen:
            seen.add(id(layer))
            waiting[:0] = [(inside, f"{path}/{inside.name}") for inside in sublayers(layer)]
            yield layer, path


class LayerPaths:
    """What a model's layers are called.

    names: of each layer by its id the bare name, where no other layer of the model has it. Models within a model, and cells of
    recurrent layers, are named without regard to each other; of layers of one name each has its path, and #2 after the second
    of one path.
    """

    def __init__(self, model: keras.Model) -> None:
        every = list(placed(model))
        bare, paths = Counter(layer.name for layer, _ in every), Counter[str]()
        self.names: dict[int, str] = {}
        self._by_path: dict[str, Layer] = {}
        self._by_name = defaultdict[str, list[Layer]](list)
        self._paths: dict[int, str] = {}
        for layer, path in every:
            paths[path] += 1
            own = path if paths[path] == 1 else f"{path}#{paths[path]}"
            self.names[id(layer)] = layer.name if bare[layer.name] == 1 else own
            self._paths[id(layer)] = path
            self._by_path.setdefault(path, layer)
            self._by_name[layer.name].append(layer)

    def activated(self, layer: Layer) -> Layer:
        """The layer by which another's values leave: the one that is called after it, beside it before any elsewhere."""
        beside = self._by_path.get(f"{self._paths[id(layer)]}_activation")
        elsewhere = self._by_name.get(f"{layer.name}_activation", [])
        return beside or (elsewhere[0] if len(elsewhere) == 1 else layer)
