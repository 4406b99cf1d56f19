import json
import logging
import sys

from butfor.process.rare_collection import collect_rarely
from butfor.tracking.follower import follow

collect_rarely()
logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S", level=logging.INFO)
follow(json.load(sys.stdin))
