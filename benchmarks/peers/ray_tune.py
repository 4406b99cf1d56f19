"""Ray Tune over the grid, one core a trial, with its MLflow callback."""

import ray
from ray import tune
from ray.air.integrations.mlflow import MLflowLoggerCallback

from by_hand import ARMS, asked, load, reached, train, use_threads


def trial(config: dict, work) -> None:
    """One run, in a process of its own."""
    use_threads(1)
    last_logs: dict[str, float] = {}

    def after_epoch(epoch: int, logs: dict[str, float]) -> None:
        last_logs.update(logs)
        if epoch + 1 < work.epochs:
            tune.report(logs)

    accuracy = train(work, load(work), config["arm"], config["seed"], after_epoch)
    tune.report({**last_logs, "test_accuracy": accuracy})


if __name__ == "__main__":
    work = asked()
    ray.init(num_cpus=work.cores, include_dashboard=False, log_to_driver=False)
    to_mlflow = MLflowLoggerCallback(work.store, experiment_name="peers")
    trainable = tune.with_resources(tune.with_parameters(trial, work=work), {"cpu": 1})
    space = {"arm": tune.grid_search(list(ARMS)), "seed": tune.grid_search(work.seeds)}
    run = tune.RunConfig(callbacks=[to_mlflow], storage_path=f"{work.place}/ray", verbose=0)
    results = tune.Tuner(trainable, param_space=space, run_config=run).fit()
    reached(work, {(one.config["arm"], one.config["seed"]): one.metrics["test_accuracy"] for one in results})
    ray.shutdown()
