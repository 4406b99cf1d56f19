"""What a recipe means, worked out without TensorFlow: times, learning rates, when a training ends, random streams, networks."""
