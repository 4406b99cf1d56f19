"""Threads that make the records of runs that are over, while the caller trains on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType


class RecordThreads:
    """Makes records side by side; with one thread, the caller makes each before it goes on. As a context, it ends once all are
    made, and raises what the first failed with: those that wait then are not made.

    count: of threads. most: how many records may wait or be in the making; for more, the caller waits.
    """

    def __init__(self, count: int, most: int) -> None:
        self._threads = ThreadPoolExecutor(count, "records") if count > 1 else None
        self._free = threading.BoundedSemaphore(most)
        self._failure: BaseException | None = None
        self._stopped = False

    def make(self, record: Callable[[], None]) -> None:
        """Have a record made by a call. Raises what an earlier one failed with."""
        if self._threads is None:
            record()
            return
        self._free.acquire()
        if self._failure:
            self._free.release()
            raise self._failure
        self._threads.submit(self._made, record).add_done_callback(self._freed)

    def _made(self, record: Callable[[], None]) -> None:
        try:
            if not (self._failure or self._stopped):
                record()
        except BaseException as failure:
            self._failure = self._failure or failure

    def _freed(self, record: Future[None]) -> None:
        self._free.release()

    def __enter__(self) -> RecordThreads:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        # What the user or the system stops does not wait; runs that are over before a training fails have their records.
        self._stopped = error is not None and not isinstance(error, Exception)
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=self._stopped)
        if self._failure and error is None:
            raise self._failure
