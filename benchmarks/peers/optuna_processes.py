"""Optuna's grid sampler, in as many processes of one thread as there are cores, over a store that they share."""

import multiprocessing

import optuna

from by_hand import ARMS, Work, asked, load, reached, tracked, use_threads

NAME = "peers"


def sampler(work: Work) -> optuna.samplers.GridSampler:
    return optuna.samplers.GridSampler({"arm": list(ARMS), "seed": work.seeds}, seed=0)


def optimise(work: Work, store: str) -> None:
    """What each of the processes does, until the grid is done."""
    use_threads(1)
    data = load(work)

    def objective(trial: optuna.Trial) -> float:
        arm, seed = trial.suggest_categorical("arm", list(ARMS)), trial.suggest_categorical("seed", work.seeds)
        return tracked(work, data, arm, seed)

    optuna.load_study(study_name=NAME, storage=store, sampler=sampler(work)).optimize(objective)


if __name__ == "__main__":
    import mlflow

    work = asked()
    mlflow.set_tracking_uri(work.store)
    mlflow.set_experiment("peers")  # once, before there are several
    store = f"sqlite:///{work.place}/optuna.db"
    optuna.create_study(study_name=NAME, storage=store, direction="maximize", sampler=sampler(work))
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=optimise, args=(work, store)) for _ in range(work.cores)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    trials = optuna.load_study(study_name=NAME, storage=store).get_trials(states=[optuna.trial.TrialState.COMPLETE])
    reached(work, {(trial.params["arm"], trial.params["seed"]): trial.value for trial in trials})
