import json
import logging
import os
import sys
from pathlib import Path

from butfor.tracking import follow

logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S", level=logging.INFO)
asked = json.load(sys.stdin)
results = Path(asked["results"])
follow(asked["tracking"], results / "runs", results, asked["live"], going=lambda: os.getppid() == asked["parent"])
