"""The mirror of a study in MLflow: every record one run, however often an import is repeated or interrupted.

The mirror may be deleted and is made again from the records. A run is known by its tag `butfor.key`; the tag
`butfor.digest`, which is set last, says which record it holds and that it is complete. The variables below are set before
any module imports mlflow; this file imports the standard library only, because the Snakefile imports `target`.
"""

import os

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # its thread breaks other requests when it is offline
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # the default blocks a dead server's client for minutes
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")  # seconds
