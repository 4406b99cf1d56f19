"""The interpreter's path in the commands of jobs, quoted: Snakemake writes it as it is, so that no job starts where a folder
above the environment has a space in its name. Standard library only."""

from __future__ import annotations

import shlex
from typing import Any

PYTHON = "py_exec"  # what Snakemake calls it in the command of a script


def quote(script: type[Any], executor: type[Any]) -> None:
    """Have it quoted in the commands of scripts (Snakemake's `PythonScript`) and of jobs here (its local `Executor`)."""
    execute, executable = script._execute_cmd, executor.get_python_executable

    def execute_quoted(self: Any, command: str, **values: Any) -> Any:
        if PYTHON in values:
            values[PYTHON] = quoted(values[PYTHON])
        return execute(self, command, **values)

    script._execute_cmd = execute_quoted
    executor.get_python_executable = lambda self: quoted(executable(self))


def quoted(path: str) -> str:
    """A path as a shell takes it for one word; one that is quoted already stays as it is."""
    return path if path[:1] == "'" else shlex.quote(path)
