"""Data of the user's own that are wrong in every way: one clear error, nothing unpickled, nothing unpacked beyond reason."""

import io
import os
import pickle
import sys
import zipfile

import numpy as np
import pytest
import yaml

from butfor.data import prepare
from butfor.data.dataset import ARRAYS, DataError
from butfor.errors import StudyError
from butfor.study import schema
from conftest import NEEDS

X, Y = np.zeros((40, 4, 4), np.float32), np.arange(40) % 3
GOOD = {"x_train": X, "y_train": Y, "x_test": X, "y_test": Y}
LARGEST = {**NEEDS, "batch_size": 8, "auto": "own", "models": "own"}


class Trap:
    """Makes a file when it is unpickled."""

    def __reduce__(self):
        return os.system, ("touch PWNED",)


def prepared(folder, name, file=None):
    settings = {"name": name, "file": file, "arrays": {}, "validation": 0.1, "largest": LARGEST}
    prepare.prepare(settings, *[folder / part for part in ("a.npz", "m.json", "s.json", "files")])


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Prepares what a function of the user's own gives."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    module = f"data_{tmp_path.name}"

    def load(text):
        head = "import sys, os, numpy as np\nX, Y = np.zeros((40, 4, 4), np.float32), np.arange(40) % 3\n"
        (tmp_path / f"{module}.py").write_text(f"{head}def load():\n    {text}\n")
        prepared(tmp_path, f"{module}:load")

    return load


@pytest.mark.parametrize("form", ["X, Y, X, Y", "(X, Y), (X, Y)", "[(X, Y), (X, Y)]", "X, Y + 7, X, Y + 7"])
def test_good_data_are_taken(own, tmp_path, form):
    own(f"return {form}")
    assert (tmp_path / "m.json").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("raise ValueError('no disk')", "it raised ValueError: no disk in .*line 4"),
        ("sys.exit(0)", "it raised SystemExit: 0"),
        ("import nothing_like_it", "it raised ModuleNotFoundError"),
        ("return None", "expected it to return x_train"),
        ("return X, Y, X", "expected it to return x_train"),
        ("return {'x': X}", "missing x_train, y_train, x_test, y_test; found x"),
        ("return [[1], [1, 2]], Y, X, Y", "it raised ValueError: setting an array element"),
        ("return X.astype(object), Y, X, Y", "x_train as an array of numbers, received object"),
        ("return X.astype(str), Y, X, Y", "x_train as an array of numbers"),
        ("return X.astype(complex), Y, X, Y", "x_train as an array of numbers, received complex"),
        ("return X, Y.astype(str), X, Y", "labels of one kind"),
        ("return X, Y.astype(complex), X, Y", "labels as numbers or text, received y_train of complex"),
        ("return X, Y - 1, X, Y", "received 2 in y_test only"),
        ("return X, Y * 0, X, Y * 0", "at least 2 classes"),
        ("return X, Y, X, Y + 1", "received 3 in y_test only"),
        ("return X[:0], Y[:0], X, Y", r"a target per example, .* received x_train \(0, 4, 4\)"),
        ("return X[:, :0], Y, X[:, :0], Y", "a value or more each"),
        ("return np.zeros(40), Y, np.zeros(40), Y", r"shape \(examples, …\)"),
        ("return 1.0, 1, 1.0, 1", r"a target per example, .* received x_train \(\)"),
        ("return X[:9], Y, X, Y", r"a target per example.*x_train\[i\] belongs to y_train\[i\]"),
        ("return X, Y[None], X, Y", r"Write y_train = y_train.reshape\(-1\)"),
        ("return np.moveaxis(X, 0, -1), Y, X, Y", r"write x_train = np.moveaxis\(x_train, -1, 0\)"),
        ("return X * np.nan, Y, X, Y", "NaN or infinity in x_train, 40 of 40 examples"),
        ("return np.full(X.shape, 1e300), Y, X, Y", "finite inputs"),
        ("return X, Y, X[:, :2], Y", "examples of one shape"),
        ("return (X, Y), (X, Y), (X, Y)", "received a tuple of 3"),
        (
            "return dict(x_train=X, y_train=Y, x_test=X, y_test=Y, x_val=X, y_val=Y)",
            "received x_val, y_val. butfor draws",
        ),
        ("return X[:8], Y[:8], X, Y", "batch_size: expected at most"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_a_function_gives_is_checked(own, text, words, tmp_path):
    with pytest.raises(StudyError, match=words) as raised:
        own(text)
    assert "\n" not in str(raised.value) and not (tmp_path / "m.json").exists()


def test_a_share_for_validation_that_is_no_image_is_refused():
    with pytest.raises(DataError, match="at least one of the 40 training images"):
        prepare._check_suffices(len(X), X, {"validation": 0.01, "largest": LARGEST})


def test_a_function_that_goes_to_another_folder_takes_nothing_there(own, tmp_path):
    (tmp_path / "else").mkdir()
    own("os.chdir('else'); return X, Y, X, Y")
    assert not list((tmp_path / "else").iterdir()) and (tmp_path / "a.npz").exists()


def npz(**arrays):
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def lying(shape):
    """A file whose first array says that it has this shape, and has 40 bytes."""
    stream, header = io.BytesIO(), io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("x_train.npy", header.getvalue() + b"\0" * 40)
        for name in ARRAYS[1:]:
            archive.writestr(f"{name}.npy", header.getvalue())
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "whole .npz file"),
        (b"\x00\xff" * 999, "whole .npz file"),
        (npz(**GOOD)[:-200], "whole .npz file"),
        (npz(**GOOD)[:300] + b"!!!!" + npz(**GOOD)[304:], "whole .npz file"),
        (pickle.dumps(Trap()), "whole .npz file"),
        (npz(**{**GOOD, "x_train": np.array([Trap()], object)}), r"Python objects in x_train, .*astype\('float32'\)"),
        (npz(x_train=X), "missing y_train"),
        (npz(**{**GOOD, "x_train": np.full((40, 4, 4), "a")}), "array of numbers"),
        (lying((10**9, 28, 28)), "says that it has 3136000000000 bytes, and has"),
        (lying((2**62, 2**62)), "says that it has|whole .npz"),
    ],
    ids=["empty", "noise", "cut", "flipped", "pickle", "object", "missing", "text", "liar", "overflow"],
)
def test_a_file_that_is_no_npz_of_plain_arrays_is_refused(content, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.npz").write_bytes(content)
    with pytest.raises(DataError, match=words) as raised:
        prepared(tmp_path, "npz", "my.npz")
    assert "\n" not in str(raised.value) and not (tmp_path / "PWNED").exists()


def test_a_file_that_unpacks_to_more_than_memory_is_refused_before_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sysconf", lambda name: 100)
    np.savez_compressed(tmp_path / "my.npz", **{**GOOD, "x_train": np.zeros((1000, 28, 28))})
    monkeypatch.setattr(np, "load", lambda *_, **__: pytest.fail("it was unpacked"))
    with pytest.raises(DataError, match="fit into"):
        prepared(tmp_path, "npz", tmp_path / "my.npz")


def test_nothing_is_unpickled_but_arrays_of_the_verified_cifar_archive():
    from pathlib import Path

    package = Path(prepare.__file__).parents[1]
    loads = [
        f"{path.name}: {line.strip()}"
        for path in package.rglob("*.py")
        for line in path.read_text().splitlines()
        if "pickle." in line
        or ("np.load(" in line and "allow_pickle=False" not in line)
        or ("yaml.load(" in line and "Loader=SAFE)" not in line)
    ]
    assert {line.split(":")[0] for line in loads} == {"published.py"}
    assert not any("pickle.load" in line for line in loads)
    assert schema.SAFE in (yaml.SafeLoader, getattr(yaml, "CSafeLoader", None))
    shells = [path.name for path in package.parent.rglob("*.py") if "shell=True" in path.read_text()]
    assert not shells and not [
        p.name for p in (package.parents[1] / "rules").glob("*.smk") if "shell:" in p.read_text()
    ]
