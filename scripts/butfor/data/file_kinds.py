"""What a file that should be an .npz file is instead, told by how it begins, and what to do about it."""

from __future__ import annotations

from pathlib import Path

KINDS = {  # by their first bytes
    b"version https://git-lfs": "is a pointer of Git LFS, not the file itself. Run git lfs pull",
    b"<": "is a web page or another text in tags. Download the file itself, and look at the address",
    b"\x93NUMPY": "is one array (.npy). Store the four together: np.savez(path, x_train=…, y_train=…, x_test=…, y_test=…)",
    b"\x89HDF": "is an HDF5 file. Read it in a function of your own, or store its arrays with np.savez",
    b"\x80": "is a pickle, which could run anything when read. Store its arrays with np.savez",
    b"\x1f\x8b": "is packed by gzip. Unpack it",
    b"PK": "is a zip file that is cut off or damaged. Copy or download it again",
}


def told_kind(path: Path) -> str:
    """A sentence on what the file is instead; empty if its beginning does not tell."""
    with path.open("rb") as stream:
        beginning = stream.read(64)
    if not beginning:
        return f"{path}: expected a whole .npz file of plain arrays; this one is empty. Copy or download it again."
    kind = next((words for start, words in KINDS.items() if beginning.lstrip().startswith(start)), "")
    return f"{path}: expected a whole .npz file of plain arrays; this one {kind}." if kind else ""
