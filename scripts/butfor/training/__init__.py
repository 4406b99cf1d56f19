"""An arm's seeds to records: the training job and what it is made of, whichever engine trains."""
