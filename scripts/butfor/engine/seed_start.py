"""How a seed's training starts: on the model compiled for the seed before it, or on one of its own.

Seeds share a compiled model where assigning a seed's variables gives the model that this seed would build. So it is with
the built-in models. A model of the user's own may hold what a seed decides elsewhere (a NumPy mask, a whole number that a
layer draws with), or something that training changes (a tf.random.Generator, an optimiser of its own). Each seed has
its own model then, so that what came before it in the job changes nothing. Compiling it anew costs a second or two
under XLA, where a short training says whether it is needed, and next to nothing in the other loops, where it is always done.
"""

from __future__ import annotations

import contextlib
import logging

from butfor.engine.loops import Loop, steps_by_itself
from butfor.engine.model_source import ModelSource
from butfor.engine.short_training import ShortTraining, difference

log = logging.getLogger(__name__)


class SeedStart:
    """Decides it for the models of a source, seed by seed. The source's masks must be such as can be drawn outside XLA."""

    def __init__(self, source: ModelSource, loop: Loop) -> None:
        self._source, self._seed = source, 0
        self._sharing = not source.is_own or loop == "xla"
        self._used: ShortTraining | None = None
        self._resumable: bool | None = None if source.is_own else True

    def shares(self, seed: int) -> bool:
        """Whether this seed may start on a model that was compiled for another."""
        self._seed = seed
        if self._sharing and self._source.is_own and not self._passes(seed):
            self._sharing = False
            log.info("%s: compiled anew for each seed, whose model differs in more than variables", self._source.name)
        return self._sharing

    def _passes(self, seed: int) -> bool:
        """Whether a model of another seed that has trained, given this seed's variables, trains as this seed's own."""
        if self._used is None:
            self._used = self._source.short_training(0)
            if steps_by_itself(self._used.model):
                return False
            self._used.go_on()
        return _go_on_alike(self._used, self._source.short_training(seed))

    @property
    def resumable(self) -> bool:
        """Whether a model of the last seed goes on from the variables of one that has trained as that one would."""
        if self._resumable is None:
            trained, fresh = self._source.short_training(self._seed), self._source.short_training(self._seed)
            trained.go_on()
            self._resumable = _go_on_alike(fresh, trained)
            if not self._resumable:
                log.info("%s: no checkpoints, since training changes more than variables", self._source.name)
        return self._resumable


def _go_on_alike(one: ShortTraining, other: ShortTraining) -> bool:
    """Whether a short training that takes over the variables of another goes on as that one."""
    with contextlib.suppress(ValueError):  # it has other variables
        one.take(other)
        return not difference(one, other)
    return False
