#!/bin/sh
# `butfor`, as make puts it into .venv/bin: the entry script of the clone that this environment lies in, wherever that is.
bin=$(dirname "$(readlink -f "$0")")
exec "$bin/python" "$bin/../../scripts/command.py" "$@"
