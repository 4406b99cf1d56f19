import json
import logging
import sys

from butfor.tracking.follower import follow

logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S", level=logging.INFO)
follow(json.load(sys.stdin))
