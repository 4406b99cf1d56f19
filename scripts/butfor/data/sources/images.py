"""A folder of images by class as a source of data, read by Pillow."""

from __future__ import annotations

import io
import logging
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from butfor.data.dataset import Array, DataError
from butfor.data.place_digests import place_digests
from butfor.data.scratch_arrays import empty_array
from butfor.data.sources.brought import Brought
from butfor.data.sources.class_parts import class_parts, labels_of
from butfor.user_code.files_read import FilesRead

ENDINGS = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm"}
GREY, DEEP = {"1", "L", "LA"}, {"I", "I;16", "I;16B", "I;16L", "F"}  # Pillow's modes; deep: grey of more than 8 bits
TURNED = {5, 6, 7, 8}  # values of ORIENTATION under which height and width are exchanged
ORIENTATION = 0x0112
SHOWN = 5  # files that a message names
log = logging.getLogger(__name__)


def from_images(settings: dict[str, Any]) -> Brought:
    """The images of a folder as arrays `(n, height, width)` if they are grey, or `(n, height, width, 3)`. settings: the study's
    `data`, and `scratch`, a folder for those that are too large for memory. Raises DataError or FolderError."""
    read, folder = FilesRead(place_digests(settings, "folder")), settings["folder"]
    scratch: Path = settings["scratch"]
    parts, words = class_parts(settings, ENDINGS)
    heads = _Heads([path for files in parts.values() for path in files.paths], settings)
    shape, kind = heads.shape(settings["size"]), np.float32 if heads.are_deep else np.uint8
    count, free = len(heads.sizes), shutil.disk_usage(scratch).free
    if count * np.prod(shape, dtype=float) * np.dtype(kind).itemsize > free / 2:  # where they are stored once more
        raise DataError(
            f"{folder}: expected images that fit twice into the {free / 2**30:.3g} GiB that are left in {scratch}, received"
            f" {count} of {shape}. Write a smaller size, or name a larger disk in the study file: results: /scratch/…"
        )
    arrays: dict[str, Array] = {}
    damaged: dict[Path, str] = {}
    for part, files in parts.items():
        arrays[f"x_{part}"] = images = empty_array((len(files.paths), *shape), kind, scratch)
        arrays[f"y_{part}"] = labels_of(files)
        for row, path in enumerate(files.paths):
            try:
                images[row] = _pixels(path, heads.mode, shape, heads.sizes[path])
            except Exception as failure:  # Pillow's decoders raise what they like
                damaged[path] = str(failure)
    _refuse_damaged(damaged, folder)
    resized = (
        f", brought to {_in_words(shape[:2])}" if settings["size"] and set(heads.sizes.values()) != {shape[:2]} else ""
    )
    source = f"{folder} ({'grey' if len(shape) == 2 else 'colour'} images{resized}; {words})"
    return Brought(arrays, source, read, pixels=None if heads.are_deep else True)


class _Heads:
    """What the beginnings of image files say: their `sizes` (height, width), whether they `are_deep`, and the `mode` of
    Pillow's in which all are read. Raises DataError."""

    def __init__(self, paths: Iterable[Path], settings: dict[str, Any]) -> None:
        self._folder = settings["folder"]
        self.sizes: dict[Path, tuple[int, int]] = {}
        modes: dict[Path, str] = {}
        damaged: dict[Path, str] = {}
        for path in paths:
            try:
                with Image.open(path) as image:
                    width, height = image.size
                    turned = _is_turned(image)
                    self.sizes[path] = (width, height) if turned else (height, width)
                    modes[path] = image.mode
                    if (frames := getattr(image, "n_frames", 1)) > 1:
                        damaged[path] = f"it holds {frames} images"
            except Exception as failure:
                damaged[path] = str(failure)
        _refuse_damaged(damaged, self._folder)
        deep = [path for path, mode in modes.items() if mode in DEEP]
        if deep and len(deep) < len(modes):
            other = next(path for path in modes if path not in deep)
            raise DataError(
                f"{self._folder}: expected images of one depth, received {len(deep)} of more than 8 bits ({deep[0]}) and"
                f" {len(modes) - len(deep)} others ({other})."
            )
        self.are_deep = bool(deep)
        are_grey = set(modes.values()) <= GREY if settings["colour"] == "auto" else settings["colour"] == "grey"
        if deep and settings["colour"] == "rgb":
            raise DataError(
                f"{self._folder}: expected colour: grey, since these images are, of more than 8 bits, received rgb."
            )
        self.mode = "F" if deep else "L" if are_grey else "RGB"

    def shape(self, size: list[int] | None) -> tuple[int, ...]:
        """The shape of each image."""
        counts = Counter(self.sizes.values()).most_common()
        if size is None and len(counts) > 1:
            rare = next(path for path, pixels in self.sizes.items() if pixels == counts[-1][0])
            shown = ", ".join(f"{count} of {_in_words(pixels)}" for pixels, count in counts[:SHOWN])
            (height, width), _ = counts[0]
            raise DataError(
                f"{self._folder}: expected images of one size, received {shown}{', …' if len(counts) > SHOWN else ''} (such as"
                f" {rare}). Write size: [{height}, {width}] to bring all to one."
            )
        plane = (size[0], size[1]) if size else counts[0][0]
        return (*plane, 3) if self.mode == "RGB" else plane


def _is_turned(image: Image.Image) -> bool:
    """Whether height and width are exchanged when the image is stood upright. Pillow has done that to a TIFF, and would decode a
    PNG to look for it."""
    has_exif = image.format != "TIFF" and (image.format != "PNG" or "exif" in image.info)
    return has_exif and image.getexif().get(ORIENTATION) in TURNED


def _pixels(path: Path, mode: str, shape: tuple[int, ...], size: tuple[int, int]) -> Array:
    """An image as an array of that shape. size: its height and width by its beginning."""
    with Image.open(io.BytesIO(path.read_bytes())) as image:  # mapped from disk, Pillow mistakes turned TIFFs
        upright = ImageOps.exif_transpose(image)
        if (upright.height, upright.width) != size:
            raise ValueError("it says only at its end that it is turned")
        plain = Image.fromarray(np.asarray(upright, np.float32)) if mode == "F" else upright.convert(mode)
        if (plain.height, plain.width) != shape[:2]:
            plain = plain.resize((shape[1], shape[0]), Image.Resampling.BILINEAR)
        return np.asarray(plain)


def _refuse_damaged(damaged: dict[Path, str], folder: str) -> None:
    if not damaged:
        return
    shown = "; ".join(f"{path} ({' '.join(reason.split())})" for path, reason in list(damaged.items())[:SHOWN])
    raise DataError(
        f"{folder}: expected whole images, one in each file, received {len(damaged)} that are not: {shown}"
        f"{'; …' if len(damaged) > SHOWN else ''}. Mend these files, or take them out."
    )


def _in_words(size: tuple[int, ...]) -> str:
    return f"{size[0]}x{size[1]}"
