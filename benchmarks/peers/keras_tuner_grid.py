"""KerasTuner's grid search, in one process that has all cores, with MLflow told of each epoch."""

import keras
import keras_tuner
import mlflow

from by_hand import ARMS, BATCH, asked, callbacks, compiled, load, parts, reached, use_threads

work = asked()
use_threads(work.cores)
data = load(work)
accuracies: dict[tuple[str, int], float] = {}


class Arms(keras_tuner.HyperModel):
    """The arms and seeds as a grid."""

    def build(self, hp):
        arm, seed = hp.Choice("arm", list(ARMS)), hp.Choice("seed", work.seeds)
        keras.utils.set_random_seed(seed)
        return compiled(arm, len(parts(work, data, seed)["x"]) // BATCH)

    def fit(self, hp, model, *args, **kwargs):
        arm, seed = hp.get("arm"), hp.get("seed")
        with mlflow.start_run(run_name=f"{arm} {seed}"):
            mlflow.log_params({"arm": arm, "seed": seed, **ARMS[arm]})
            every = [*kwargs.pop("callbacks", []), *callbacks(lambda n, logs: mlflow.log_metrics(logs, step=n))]
            history = model.fit(*args, **{**kwargs, **parts(work, data, seed)}, callbacks=every)
            accuracy = float(model.evaluate(data[2], data[3], verbose=0)[1])
            accuracies[arm, seed] = accuracy
            mlflow.log_metric("test_accuracy", accuracy)
        return history


if __name__ == "__main__":
    mlflow.set_tracking_uri(work.store)
    mlflow.set_experiment("peers")
    tuner = keras_tuner.GridSearch(Arms(), "val_accuracy", max_trials=100, directory=work.place, project_name="tuner")
    tuner.search(epochs=work.epochs, verbose=0)
    reached(work, accuracies)
