"""Small made-up data in the form that the published examples expect."""

import numpy as np
import pandas as pd

WORDS = {"good": ["fine", "great", "warm"], "bad": ["dull", "cold", "weak"]}
TABLES = {
    "helena": 3,
    "jannis": 4,
    "higgs": 2,
    "aloi": 5,
    "covertype": 3,
    "california": 0,
    "year": 0,
    "microsoft": 0,
}


def write(folder):
    """Reviews with word vectors, scans, and tables, of each some hundred examples."""
    rng = np.random.default_rng(0)
    for name in ("reviews", "scans", "tables"):
        (folder / name).mkdir()
    for name in ("mr", "subj", "cr", "mpqa"):
        labels = rng.choice(list(WORDS), 200)
        texts = [" ".join(rng.choice([*WORDS[label], "it", "was"], 8)) for label in labels]
        pd.DataFrame({"text": texts, "label": labels}).to_csv(folder / f"reviews/{name}.csv", index=False)
    words = [*WORDS["good"], *WORDS["bad"], "it"]
    rows = [f"{word} {' '.join(f'{x:.3f}' for x in rng.normal(size=300))}" for word in words]
    (folder / "word_vectors.txt").write_text("\n".join(rows))
    for name in ("cell_nuclei", "colon_polyp", "liver", "lung_nodule"):
        images = rng.integers(0, 90, (80, 16, 16, 1), dtype=np.uint8)
        masks = np.zeros((80, 16, 16), np.uint8)
        for image, mask, (row, column) in zip(images, masks, rng.integers(0, 10, (80, 2)), strict=True):
            image[row : row + 6, column : column + 6] += 120
            mask[row : row + 6, column : column + 6] = 1
        parts = {"x_train": images[:60], "y_train": masks[:60], "x_test": images[60:], "y_test": masks[60:]}
        np.savez(folder / f"scans/{name}.npz", **parts)
    for name, classes in TABLES.items():
        columns = rng.normal(size=(300, 6))
        target = columns[:, 0] + columns[:, 1] * columns[:, 2]
        table = pd.DataFrame(columns, columns=[f"c{place}" for place in range(6)])
        table["target"] = [f"k{k}" for k in pd.qcut(target, classes, labels=False)] if classes else target
        table["part"] = rng.permutation(np.repeat(["train", "validation", "test"], [200, 50, 50]))
        table.to_csv(folder / f"tables/{name}.csv", index=False)
