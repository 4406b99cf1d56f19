"""The names of arms in a study of several data sets: `no_dropout@small` is the arm `no_dropout` on the data set `small`.

Standard library only.
"""

AT = "@"  # in no name that a study gives


def on(arm: str, data_set: str) -> str:
    """What an arm is called on one data set of several: `no_dropout@small`; on the only one, by its name."""
    return f"{arm}{AT}{data_set}" if data_set else arm


def data_set_of(arm: str) -> str:
    """The data set in an arm's name; empty where the study has only one."""
    return arm.partition(AT)[2]


def anywhere(arm: str) -> str:
    """An arm's name without its data set."""
    return arm.partition(AT)[0]
