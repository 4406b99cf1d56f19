"""What a training by Keras on TensorFlow imports, imported with this module, with the settings that a job has by then."""

import logging
import os

from butfor.engine import keras_import
from butfor.process.log import tensorflow_level

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", tensorflow_level())
logging.basicConfig()  # else TensorFlow makes a handler of its own
keras_import.load()
