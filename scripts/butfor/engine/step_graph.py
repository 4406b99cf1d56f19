"""What a model's training step and its predictions consist of, read off their graphs; nothing is run.

Two models with equal graphs and equal variables train and predict alike. What a seed decides in a model of the user's own, or
what training changes, may lie elsewhere than in the variables that Keras knows: a NumPy mask and a whole number that a layer
draws with are constants of the graph, a tf.random.Generator and an optimiser of its own bring variables of theirs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import keras
import tensorflow as tf

from butfor.engine.loops import step_loss

Node = Any  # a NodeDef of TensorFlow's
# What each compiler draws by an algorithm of its own choice. Kinds with a key are given it by the first of these.
DRAWING = {
    *("StatelessRandomGetKeyCounter", "StatelessRandomBinomial", "StatelessRandomPoisson"),
    *("StatelessMultinomial", "StatelessParameterizedTruncatedNormal"),
}
STATELESS = ("StatelessRandom", "StatelessMultinomial", "StatelessParameterized", "StatelessTruncated")
# What remembers, and not in a variable.
REMEMBERING = {
    *("RandomUniform", "RandomUniformInt", "RandomStandardNormal", "RandomGamma", "RandomPoisson", "RandomPoissonV2"),
    *("TruncatedNormal", "ParameterizedTruncatedNormal", "RandomShuffle", "Multinomial"),
    *("PyFunc", "PyFuncStateless", "EagerPyFunc"),
}


class StepGraph:
    """The graphs of a prepared model. known: gives the variables that the start of a seed or of an epoch assigns, once all have
    been made. x, y: what a batch is.

    draws: whether training draws by an algorithm that the compiler chooses. predicts_by_draws: whether predictions draw. hides:
    whether either changes, or may change, more than the known variables. digest: of all but their values.
    """

    def __init__(self, model: keras.Model, known: Callable[[], list[Any]], x: tf.TensorSpec, y: tf.TensorSpec) -> None:
        step = tf.function(lambda x, y: step_loss(model.train_step((x, y)))).get_concrete_function(x, y)
        prediction = tf.function(lambda x: model(x, training=False)).get_concrete_function(x)
        handles = [(v.value if isinstance(v, keras.Variable) else v).handle for v in known()]
        self._places = {id(handle): place for place, handle in enumerate(handles)}
        trained, predicted = (list(_nodes(each.graph)) for each in (step, prediction))
        self.draws = any(node.op in DRAWING for node in trained)
        self.predicts_by_draws = any(node.op.startswith(STATELESS) for node in predicted)
        taken = [tensor for each in (step, prediction) for tensor in each.captured_inputs]
        self.hides = any(node.op in REMEMBERING for node in (*trained, *predicted)) or any(
            tensor.dtype == tf.resource and id(tensor) not in self._places for tensor in taken
        )
        self.digest = _digest([self._taken(tensor) for tensor in taken], [*trained, *predicted])

    def _taken(self, tensor: tf.Tensor) -> bytes:
        """What stands for something that a graph takes from outside: the place of a variable, the value of a tensor."""
        place = self._places.get(id(tensor))
        return b"%d" % place if place is not None else b"" if tensor.dtype == tf.resource else tensor.numpy().tobytes()


def _nodes(graph: Any) -> Iterator[Node]:
    """What a function's graph runs, each node followed by those of the functions that it calls. What leads nowhere is left out:
    recurrent layers draw masks for predictions, too, which nothing takes."""
    definition, used, ends = graph.as_graph_def(), set[str](), [*graph.control_outputs, *(x.op for x in graph.outputs)]
    while ends:
        if (operation := ends.pop()).name not in used:
            used.add(operation.name)
            ends += [*operation.control_inputs, *(tensor.op for tensor in operation.inputs)]
    functions = {each.signature.name: each.node_def for each in definition.library.function}
    waiting = [node for node in definition.node if node.name in used]
    while waiting:
        node = waiting.pop(0)
        yield node
        called = [value.func.name for _, value in sorted(node.attr.items()) if value.HasField("func")]
        waiting[:0] = [inner for name in called for inner in functions.get(name, ())]


def _digest(taken: list[bytes], nodes: list[Node]) -> str:
    """The same for nodes that do the same; names of functions count how many a process has made, and say nothing."""
    contents = hashlib.sha256(b"|".join(taken))
    for node in nodes:
        contents.update("|".join((node.name, node.op, *node.input)).encode())
        for name, value in sorted(node.attr.items()):
            if not name.startswith("_") and not value.HasField("func"):
                contents.update(name.encode() + value.SerializeToString(deterministic=True))
    return contents.hexdigest()
