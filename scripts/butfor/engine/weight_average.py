"""The moving average of a model's weights that its optimiser keeps, and which of the two the model holds."""

from __future__ import annotations

import keras

from butfor.engine.keras_internals import averages, batches_taken


class WeightAverage:
    """Puts the average in the place of a prepared model's trained weights, by which it is evaluated and kept, and takes it out
    again for the next step; both to the bit. Without an average, nothing happens.

    Keras's SwapEMAWeights does the same by adding and subtracting, which rounds.
    """

    def __init__(self, model: keras.Model) -> None:
        self._optimiser = getattr(model.optimizer, "inner_optimizer", model.optimizer)
        self._pairs = averages(self._optimiser)
        self.in_place = False

    def put_in(self) -> None:
        """Let the model hold the average, once a step has begun one."""
        if not self.in_place and int(batches_taken(self._optimiser)) > 0:
            self._exchange()

    def take_out(self) -> None:
        """Let the model hold the weights that train."""
        if self.in_place:
            self._exchange()

    def _exchange(self) -> None:
        for weight, average in self._pairs:
            value = weight.numpy()
            weight.assign(average)
            average.assign(value)
        self.in_place = not self.in_place
