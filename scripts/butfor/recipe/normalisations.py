"""What may stand between a hidden layer and its activation function: what Keras calls each such layer.

Their settings have Keras's names in config/schema.yaml. Standard library only.
"""

from __future__ import annotations

NORMALISATIONS = {"none": "", "batch": "BatchNormalization", "layer": "LayerNormalization"}
