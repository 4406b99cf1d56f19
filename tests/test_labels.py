"""Labels as people have them: translated where the meaning is certain, refused with the line to write where it is not."""

import numpy as np
import pytest

from butfor.data.dataset import DataError
from butfor.data.labels import encoded, translation

Y = np.arange(30) % 3
WORDS = np.array(["setosa", "versicolor", "virginica"])


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (Y, None),
        (Y.astype(np.uint8), None),
        (Y.astype(float), None),
        (Y[:, None], None),
        (np.eye(3)[Y], None),
        (np.eye(3, dtype=bool)[Y], None),
        (Y.astype(object), None),
        (Y + 1, ["1", "2", "3"]),
        (Y.astype(float)[:, None] + 1, ["1", "2", "3"]),
        (Y * 5 - 3, ["-3", "2", "7"]),
        (Y.astype(np.int64) + 2**40, [str(2**40 + n) for n in range(3)]),
        (WORDS[Y], list(WORDS)),
        (WORDS[Y].astype(object), list(WORDS)),
        (WORDS[Y].astype("S"), list(WORDS)),
        (np.array(["가", "나", "다"])[Y], ["가", "나", "다"]),
    ],
)
def test_what_is_certain_is_translated(labels, names):
    train, test, found = encoded(labels, labels[:4], "my.npz")
    assert train.dtype == test.dtype == np.int32 and found == names
    np.testing.assert_array_equal(train, Y)
    np.testing.assert_array_equal(test, Y[:4])


@pytest.mark.parametrize(
    ("labels", "names"), [(Y == 2, ["false", "true"]), (np.where(Y == 2, 1, -1), ["-1", "1"]), ((Y == 2) * 1, None)]
)
def test_two_classes_in_any_form(labels, names):
    train, _, found = encoded(labels, labels, "my.npz")
    assert found == names and train.tolist() == (Y == 2).astype(int).tolist()


def test_the_translation_is_told():
    assert translation(None) == "" and translation(["-1", "1"]) == "labels -1 = 0, 1 = 1"
    assert translation([f"c{n}" for n in range(100)]).endswith("c8 = 8, …, c99 = 99")


@pytest.mark.parametrize(
    ("train", "test", "words"),
    [
        (Y * 0.7, None, "real numbers in y_train.*regression"),
        (np.where(Y > 0, Y, np.nan), None, "NaN or infinity in 10 of y_train"),
        (np.arange(30) * 3, None, r"30 different labels for 30 examples.*np.unique"),
        (np.array([f"id{n}" for n in range(30)]), None, "30 different labels for 30"),
        (WORDS[Y], Y, "one kind"),
        (np.array(["a", ""])[Y % 2], None, "received none in"),
        (np.array(["a", None])[Y % 2], None, r"Python objects \(NoneType, str\).*astype\(str\)"),
        (np.ones((30, 3)), None, "several classes at once.*argmax"),
        (np.full((30, 3), 1 / 3), None, "shares of classes.*argmax"),
        (np.zeros((30, 2, 2)), None, r"shape \(30, 2, 2\)"),
        (WORDS[Y], np.array(["rosa"]), "received rosa in y_test only"),
        (np.zeros(30), None, "at least 2 classes.*received 0"),
    ],
)
def test_what_is_not_certain_is_refused_with_the_line_to_write(train, test, words):
    with pytest.raises(DataError, match=f"^my.npz: expected .*{words}") as raised:
        encoded(train, train if test is None else test, "my.npz")
    assert "\n" not in str(raised.value)
