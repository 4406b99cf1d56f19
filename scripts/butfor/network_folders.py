"""Whether a folder is on a network file system, where file locks cannot be relied on."""

from __future__ import annotations

import re
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
NETWORK = {
    *("nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "ncpfs", "afs", "davfs", "coda"),
    *(
        "lustre",
        "gpfs",
        "beegfs",
        "fhgfs",
        "ceph",
        "panfs",
        "wekafs",
        "gfs2",
        "ocfs2",
        "glusterfs",
        "pvfs2",
        "orangefs",
    ),
    *("sshfs", "s3fs", "gcsfuse", "rclone", "ceph-fuse", "juicefs", "moosefs", "mfs", "cvmfs", "cvmfs2", "gpfs-fuse"),
}


def network_type(folder: Path, mounts: str | None = None) -> str:
    """The type of the network file system that holds a folder, which need not be there yet; empty if it is a local one,
    or if the system does not say.

    mounts: the text of mountinfo (see proc(5)), by default this process's.
    """
    if mounts is None:
        mounts = MOUNTS.read_text() if MOUNTS.exists() else ""
    kind, deepest = "", -1
    for line in mounts.splitlines():
        place, _, about = line.partition(" - ")
        point = Path(_unescaped(place.split()[4]))
        if folder.resolve().is_relative_to(point) and len(point.parts) >= deepest:  # a later mount hides an earlier
            kind, deepest = about.split()[0], len(point.parts)
    return kind if kind.removeprefix("fuse.") in NETWORK else ""


def _unescaped(point: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), point)
