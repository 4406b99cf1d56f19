"""The trial of schedules that are the user's own: each is worked out once, for epochs of a made-up length."""

from __future__ import annotations

import contextlib
import json
import sys

from butfor.user_code.location import OwnCodeError
from butfor.user_code.own_schedule import rates_of

STEPS_PER_EPOCH = 100


def main() -> None:
    """Work out the rates of the recipes in standard input, and say what was wrong; nothing where nothing was, whatever the user's
    code prints."""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            for recipe in json.load(sys.stdin):
                rates_of(recipe, STEPS_PER_EPOCH)
    except OwnCodeError as error:
        print("".join(getattr(error, "__notes__", [])), file=sys.stderr, end="")
        print(f"{error} Tried with epochs of {STEPS_PER_EPOCH} steps, before anything trains.")


if __name__ == "__main__":
    main()
