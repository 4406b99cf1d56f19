"""The catalogue of public data sets: their files, the SHA-256 of each, and where they can be found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A file of a data set; `sha256` is that of its content, after decompression where the name ends in -ubyte.gz, because
    the same content may be compressed to different bytes.
    """

    name: str
    sha256: str


@dataclass(frozen=True)
class Published:
    """A published data set, and the places that may hold its files, tried in the order of the fields."""

    files: tuple[Source, ...]
    debian_package: str | None
    debian_folder: str | None
    keras_cache: dict[str, str]
    mirrors: tuple[str, ...]


KERAS_BUCKET = "https://storage.googleapis.com/tensorflow/tf-keras-datasets"

TRAIN_IMAGES = {"fashion_mnist": 60_000, "mnist": 60_000, "cifar10": 50_000, "digits": 1437}
TEST_IMAGES = {"fashion_mnist": 10_000, "mnist": 10_000, "cifar10": 10_000, "digits": 360}

PUBLISHED = {
    "fashion_mnist": Published(
        files=(
            Source(
                "train-images-idx3-ubyte.gz",
                "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            ),
            Source(
                "train-labels-idx1-ubyte.gz",
                "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            ),
            Source(
                "t10k-images-idx3-ubyte.gz",
                "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            ),
            Source(
                "t10k-labels-idx1-ubyte.gz",
                "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            ),
        ),
        debian_package="dataset-fashion-mnist",
        debian_folder="/usr/share/datasets/fashion-mnist",
        keras_cache={
            name: f"fashion-mnist/{name}"
            for name in (
                "train-images-idx3-ubyte.gz",
                "train-labels-idx1-ubyte.gz",
                "t10k-images-idx3-ubyte.gz",
                "t10k-labels-idx1-ubyte.gz",
            )
        },
        mirrors=(
            KERAS_BUCKET,
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
        ),
    ),
    "mnist": Published(
        files=(Source("mnist.npz", "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"),),
        debian_package=None,
        debian_folder=None,
        keras_cache={"mnist.npz": "mnist.npz"},
        mirrors=(KERAS_BUCKET,),
    ),
    "cifar10": Published(
        files=(
            Source(
                "cifar-10-python.tar.gz",
                "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
            ),
        ),
        debian_package=None,
        debian_folder=None,
        keras_cache={"cifar-10-python.tar.gz": "cifar-10-batches-py-target_archive"},
        mirrors=("https://www.cs.toronto.edu/~kriz",),
    ),
}
