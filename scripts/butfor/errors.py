"""What a user can mend."""

from __future__ import annotations


class StudyError(Exception):
    """Something in a study, its data or its surroundings that its user can mend; shown without a traceback."""
