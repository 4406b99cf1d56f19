"""A loop over `fit`, in one process that has all cores, with MLflow told of each epoch."""

from by_hand import asked, load, reached, tracked, use_threads

if __name__ == "__main__":
    work = asked()
    use_threads(work.cores)
    data = load(work)
    reached(work, {(arm, seed): tracked(work, data, arm, seed) for arm, seed in work.runs})
