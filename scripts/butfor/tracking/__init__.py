"""Records into MLflow: every run once, however often and however brokenly the import is repeated.

MLflow is a mirror: it may be deleted and is made again from the records. A run is known by its tag `butfor.key`; the
tag `butfor.digest`, written last, says which record it holds and that it is whole.
"""

from butfor.tracking.imports import TrackingError, follow, track

__all__ = ["TrackingError", "follow", "track"]
