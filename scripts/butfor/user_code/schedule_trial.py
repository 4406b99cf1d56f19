"""The trial of schedules that are the user's own: each is worked out once, for epochs of a made-up length."""

from __future__ import annotations

import json
import sys

from butfor.user_code.own_schedule import rates_of
from butfor.user_code.trial_errors import errors_reported

STEPS_PER_EPOCH = 100
WHEN = f"Tried with epochs of {STEPS_PER_EPOCH} steps, before anything trains."


def main() -> None:
    """Work out the rates of the recipes in standard input, and say what was wrong."""
    with errors_reported(WHEN):
        for recipe in json.load(sys.stdin):
            rates_of(recipe, STEPS_PER_EPOCH)


if __name__ == "__main__":
    main()
