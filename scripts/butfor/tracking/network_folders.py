"""Network file systems, on which file locks cannot be relied on."""

from __future__ import annotations

import os
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
    """The type of the network file system that holds a folder, which need not exist yet; empty if the file system is local
    or unknown.

    mounts: the text of mountinfo (see proc(5)), by default this process's.
    """
    if mounts is None:
        mounts = os.fsdecode(MOUNTS.read_bytes()) if MOUNTS.exists() else ""
    file_system, deepest = "", -1
    for line in mounts.splitlines():
        mount, _, source = line.partition(" - ")
        point = Path(_unescaped(mount.split()[4]))
        if folder.resolve().is_relative_to(point) and len(point.parts) >= deepest:  # a later mount hides an earlier
            file_system, deepest = source.split()[0], len(point.parts)
    return file_system if file_system.removeprefix("fuse.") in NETWORK else ""


def _unescaped(point: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), point)
