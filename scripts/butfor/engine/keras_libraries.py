"""What a training by Keras on TensorFlow imports, imported with this module, with the settings that a job has by then."""

import logging

from butfor.engine import keras_import

logging.basicConfig()  # else TensorFlow makes a handler of its own
keras_import.load()
