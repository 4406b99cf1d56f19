"""The refusals of the operating system that a user can mend, in one sentence each. Standard library only."""

from __future__ import annotations

import errno

REMEDIES = {
    errno.ENOSPC: "Free some, and the same command goes on from here",
    errno.EDQUOT: "Free some, and the same command goes on from here",
    errno.EROFS: "Expected a folder that can be written to: name another with --directory, or as `results`",
    errno.EACCES: "Expected files and folders that this user may read and write",
    errno.EPERM: "Expected files and folders that this user may read and write",
    errno.ENAMETOOLONG: "Expected names of at most 255 bytes and a path of at most 4095: choose shorter ones",
}
LESS_MEMORY = (
    "Train fewer arms at once (a smaller --cores), on a smaller data set or batch_size, or give the job more memory"
)


def sentence(error: BaseException) -> str:
    """What the system refused, with what to do; empty for other errors, which are not the user's to mend."""
    if isinstance(error, MemoryError):
        return f"Out of memory{f': {error}' if str(error) else ''}. {LESS_MEMORY}."
    remedy = REMEDIES.get(error.errno or 0, "") if isinstance(error, OSError) else ""
    return f"{error}. {remedy}." if remedy else ""
