import pytest

from butfor.recipe.early_stopping import EarlyStopping

LOSSES = [1.0, 0.8, 0.6, 0.61, 0.59999, 0.7, 0.8]


def watch(losses, **settings):
    stopping = EarlyStopping(
        {"name": "patience", "monitor": "loss", "min_delta": 0.0, "warmup_epochs": 0, "restore_best": True, **settings}
    )
    for epoch, loss in enumerate(losses, start=1):
        stopping.is_best({"loss": loss, "accuracy": 1 - loss})
        if stopping.over:
            return stopping, epoch
    return stopping, None


@pytest.mark.parametrize("monitor", ["loss", "accuracy"])
def test_it_stops_patience_epochs_after_the_best(monitor):
    stopping, stopped = watch(LOSSES, patience=2, monitor=monitor)
    assert (stopping.best_epoch, stopped) == (5, 7)


def test_improvements_below_min_delta_do_not_count():
    stopping, stopped = watch(LOSSES, patience=2, min_delta=0.01)
    assert (stopping.best_epoch, stopped) == (3, 5)


def test_without_it_the_last_epoch_counts():
    stopping = EarlyStopping({"name": "none"})
    for loss in LOSSES:
        stopping.is_best({"loss": loss, "accuracy": 0})
    assert not stopping.over and not stopping.restores and stopping.best_epoch == len(LOSSES)
