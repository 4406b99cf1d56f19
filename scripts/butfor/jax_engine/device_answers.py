"""What is asked of the device for a run, ahead of need where that is known: what has been asked for together is fetched at once.

A GPU does what it is asked in order, so that each answer that is waited for before the next is asked may take as long as an epoch
of the runs that train meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import jax

Asked = dict[Hashable, Any]  # by what they are to, trees of arrays that the device may still be at


class DeviceAnswers:
    """Answers by what they are to, each given once, as arrays of the host."""

    def __init__(self) -> None:
        self._ahead: list[Asked] = []
        self._fetched = Asked()

    def ask(self, asked: Asked) -> None:
        """Take what the device has been asked for, and is fetched once any of it is needed."""
        self._ahead.append(asked)

    def to(self, question: Hashable, ask: Callable[[], Any]) -> Any:
        """The answer, asked for now unless it was before."""
        for place, asked in enumerate(self._ahead):
            if question in asked:
                answers = jax.device_get(list(asked.values()))
                self._fetched |= zip(asked, answers, strict=True)
                del self._ahead[place]
                break
        return self._fetched.pop(question) if question in self._fetched else jax.device_get(ask())
