"""A training job of one arm, as its script calls it, with its log in `job.log`: run by the tests of models that misbehave.

Its only word on the command line is JSON: `training`, `arrays`, `manifest` and `max_minutes`, see arm_job.train_arm.
"""

import json
import sys

from butfor.process.log import log_to

if __name__ == "__main__":
    log_to("job.log")
    from butfor.training.arm_job import train_arm

    asked = json.loads(sys.argv[1])
    train_arm(
        asked["training"], asked["arrays"], asked["manifest"], 1, "runs/arm/look1", max_minutes=asked["max_minutes"]
    )
