"""The Python code that TensorFlow's AutoGraph makes of a user's functions, of which a process that has imported this module keeps
no files. TensorFlow writes each function into one of the temporary folder and removes them as the process ends, so that a
training that is killed leaves them there; here each goes as soon as it is imported.

For servers of forks, and apart from the engine, so that a training does not follow from it. Where TensorFlow has no such function
any more, files stay as it has them.
"""

from __future__ import annotations

import contextlib
import linecache
import os
import sys
from collections.abc import Callable
from typing import Any

Load = Callable[[str, bool], tuple[Any, str]]


def keeping_no_file(load: Load) -> Load:
    """The same as a function that writes a source into a file and imports it, but without the file. Tracebacks go on to quote
    its lines."""

    def load_source(source: str, delete_on_exit: bool) -> tuple[Any, str]:
        writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # which nobody would remove
        try:
            module, path = load(source, delete_on_exit)
        finally:
            sys.dont_write_bytecode = writes
        linecache.cache[path] = len(source), None, source.splitlines(keepends=True), path
        if delete_on_exit:
            with contextlib.suppress(OSError):
                os.unlink(path)
        return module, path

    return load_source


with contextlib.suppress(ImportError, AttributeError):
    from tensorflow.python.autograph.pyct import loader

    loader.load_source = keeping_no_file(loader.load_source)
