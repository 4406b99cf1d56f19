"""The identity of a results folder, by which its studies are known in an MLflow store that others write to as well.

It is drawn once, and kept in the folder with the place where the folder was then. A folder that was moved keeps it. A copy
gets one of its own where the store is shared, since two folders with one identity would delete each other's runs: a copy is
what lies at another place, in another file, while the original is still there, or may be, on a machine that is not this one.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import secrets
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from butfor.records.results_folder import IDENTITY, TRACKED


@dataclass(frozen=True)
class Identity:
    """A results folder's identity.

    id: 16 hexadecimal digits. host, folder: where the results folder was when this was written. files: the numbers (inodes)
    of the files that it was written to, the latest last, which moves with the folder and which no copy has. earlier: the
    identities of the folders that this one is a copy of.
    """

    id: str
    host: str = ""
    folder: str = ""
    files: tuple[int, ...] = ()
    earlier: tuple[str, ...] = ()


def identity_of(results: Path, shared: bool) -> Identity:
    """The identity of a results folder, drawn if it has none, and anew where it is a copy and the store is `shared`.

    To be called by one process at a time; of several that draw one at once, all get the one that is kept.
    """
    path = results / IDENTITY
    identity = _read(path)
    if identity is None:
        return _write_first(path, Identity(_tracked(results) or secrets.token_hex(8)))
    if not shared or _is_where_it_was(identity, path):
        return identity
    return apart(results, identity) if _is_copy(identity, path) else _write(path, identity)


def apart(results: Path, copied: Identity) -> Identity:
    """A new identity for a results folder that is a copy of another."""
    return _write(results / IDENTITY, replace(copied, id=secrets.token_hex(8), earlier=(*copied.earlier, copied.id)))


def _is_where_it_was(identity: Identity, path: Path) -> bool:
    """Whether the folder has the same path as before, on the same machine or on another that shares it."""
    if identity.folder != str(path.parent.resolve()):
        return False
    return identity.host == platform.node() or identity.files[-1] == path.stat().st_ino


def _is_copy(identity: Identity, path: Path) -> bool:
    """Whether a folder that is not where it was is a copy, and was not moved."""
    if identity.files[-1] == path.stat().st_ino:
        return False
    original = Path(identity.folder) / IDENTITY
    with contextlib.suppress(OSError):
        there = _read(original)
        if there is not None and not original.samefile(path):
            return there.id == identity.id
    return identity.host != platform.node()


def _read(path: Path) -> Identity | None:
    """What a file holds; None if there is none, or if it is damaged."""
    try:
        fields = json.loads(path.read_text())
        return Identity(
            fields["id"], fields["host"], fields["folder"], tuple(fields["files"]), tuple(fields["earlier"])
        )
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None


def _tracked(results: Path) -> str:
    """The identity that the last import has noted, from which a damaged file is made again; empty if it noted none."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return str(json.loads((results / TRACKED).read_text()).get("identity") or "")
    return ""


def _write(path: Path, identity: Identity) -> Identity:
    """Write the file whole, with its own number and its place in it."""
    part, written = _part(path, identity)
    os.replace(part, path)
    return written


def _write_first(path: Path, identity: Identity) -> Identity:
    """The same where there is no file, or a damaged one; what another process has written meanwhile is kept."""
    part, written = _part(path, identity)
    try:
        if _read(path) is None:
            path.unlink(missing_ok=True)
        os.link(part, path)
        part.unlink()
    except FileExistsError:
        part.unlink()
        return _read(path) or written
    except OSError:  # a file system without hard links
        os.replace(part, path)
    return written


def _part(path: Path, identity: Identity) -> tuple[Path, Identity]:
    """A whole file to be put at `path`, and what it holds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with part.open("x") as stream:
        files = (*identity.files, os.fstat(stream.fileno()).st_ino)
        written = replace(identity, host=platform.node(), folder=str(path.parent.resolve()), files=files)
        stream.write(json.dumps(asdict(written), indent=1) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    return part, written
