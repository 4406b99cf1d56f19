"""The files of a published data set: found, downloaded and verified.

Places are tried in this order: a folder that the study names, Debian's installed package, Keras's cache, the public
mirrors, Debian's package archive. A file whose SHA-256 is not the published one is never used.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
import os
import shutil
import subprocess
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import requests
from tqdm import tqdm

from butfor.data.catalogue import Published, Source
from butfor.errors import StudyError

Files = dict[str, Path]
Place = tuple[str, Callable[[], Files]]  # its name in messages, and how to get the files from it

TIMEOUT = (5, 30)  # seconds to connect, seconds between two pieces
PIECE = 1 << 14  # bytes; small, so that little is lost when a connection breaks
BLOCK = 1 << 20  # bytes of a file, which are read faster so
log = logging.getLogger(__name__)


class FetchError(StudyError):
    """A data set that could not be found; the message lists the places that were tried, and why each failed."""


def find(
    published: Published, folder: str | None, download: bool, store: Path, unpacked: dict[str, bytes] | None = None
) -> tuple[str, Files]:
    """The first place that has all files of a data set undamaged, and the paths of the files by name.

    folder: a place of the user's, tried first. store: the folder for downloads. unpacked: where the contents are put, by name,
    of files that are unpacked to be verified, so that nobody need unpack them again. Raises FetchError.
    """
    failures = []
    for title, files_of in _places(published, folder, download, store):
        try:
            files = files_of()
            contents = {source.name: verify(files[source.name], source) for source in published.files}
        except (FetchError, OSError, subprocess.SubprocessError) as failure:
            log.info("%s: %s", title, failure)
            failures.append(f"  {title}: {failure}")
        else:
            log.info("%s: all %d files intact", title, len(files))
            if unpacked is not None:
                unpacked.update({name: content for name, content in contents.items() if content is not None})
            return title, files
    names = ", ".join(source.name for source in published.files)
    raise FetchError(
        "The data set could not be found. Tried, in this order:\n"
        + "\n".join(failures)
        + f"\nPut {names} into a folder and name it as data.folder."
    )


def verify(path: Path, source: Source) -> bytes | None:
    """The content of a file that has the SHA-256 of `source`, where it has to be unpacked for that; else None. Raises FetchError
    if it has another."""
    if not path.is_file():
        raise FetchError(f"{path.name} is not there")
    try:
        content = gzip.decompress(path.read_bytes()) if source.name.endswith("-ubyte.gz") else None
        received = _sha256(path) if content is None else hashlib.sha256(content).hexdigest()
    except (EOFError, gzip.BadGzipFile, zlib.error) as failure:
        raise FetchError(f"{path} is damaged or cut short: {failure}") from failure
    if received != source.sha256:
        raise FetchError(f"{path} is not the published file: SHA-256 {source.sha256} expected, {received} received")
    return content


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _places(published: Published, folder: str | None, download: bool, store: Path) -> Iterator[Place]:
    names = [source.name for source in published.files]
    if folder:
        yield f"the folder {folder}", lambda: {name: Path(folder).expanduser() / name for name in names}
    if published.debian_folder:
        installed = Path(published.debian_folder)
        yield f"the installed package {published.debian_package}", lambda: {name: installed / name for name in names}
    cache = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "datasets"
    yield f"Keras's cache {cache}", lambda: {name: cache / published.keras_cache[name] for name in names}
    if not download:
        return
    for mirror in published.mirrors:
        yield mirror, lambda mirror=mirror: _download(published.files, mirror, store)  # type: ignore[misc]
    if published.debian_package and published.debian_folder:
        package, inside = published.debian_package, published.debian_folder
        yield f"apt-get download {package}", lambda: _unpack_debian(package, inside, names, store)


def _download(sources: tuple[Source, ...], mirror: str, store: Path) -> Files:
    store.mkdir(parents=True, exist_ok=True)
    files = {}
    for source in sources:
        path = files[source.name] = store / source.name
        if not path.exists():
            try:
                _resume(f"{mirror}/{source.name}", path)
            except requests.RequestException as failure:
                raise FetchError(_short_text(failure)) from failure
        try:
            verify(path, source)
        except FetchError:
            path.unlink(missing_ok=True)
            raise
    return files


def _resume(url: str, path: Path) -> None:
    """Download to `path`, continuing an interrupted download from the file beside it."""
    part = path.with_name(path.name + ".part")
    present = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={present}-"} if present else {})
    with requests.get(url, stream=True, timeout=TIMEOUT, headers=headers) as response:
        if response.status_code == requests.codes.requested_range_not_satisfiable:
            part.unlink()
            raise FetchError(f"{path.name}: the mirror's file is not longer than the part of an earlier download")
        response.raise_for_status()
        resumed = response.status_code == requests.codes.partial_content
        start = present if resumed else 0
        total = start + int(response.headers.get("Content-Length", 0))
        with (
            part.open("ab" if resumed else "wb") as stream,
            tqdm(total=total or None, initial=start, unit="B", unit_scale=True, desc=path.name) as bar,
        ):
            for piece in response.iter_content(PIECE):
                stream.write(piece)
                bar.update(len(piece))
    if total > start and part.stat().st_size < total:
        raise FetchError(f"{path.name}: the connection ended after {part.stat().st_size} of {total} bytes")
    part.replace(path)


def _unpack_debian(package: str, inside: str, names: list[str], store: Path) -> Files:
    missing = [tool for tool in ("apt-get", "dpkg-deb") if not shutil.which(tool)]
    if missing:
        raise FetchError(f"{' and '.join(missing)} not on this system")
    store.mkdir(parents=True, exist_ok=True)
    _run(["apt-get", "download", package], store)
    for archive in store.glob(f"{package}_*.deb"):
        _run(["dpkg-deb", "-x", archive.name, package], store)
        archive.unlink()
    return {name: store / package / inside.lstrip("/") / name for name in names}


def _run(command: list[str], folder: Path) -> None:
    process = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
    if process.returncode:
        error = process.stderr.strip()[-300:]
        raise FetchError(f"{' '.join(command)} ended with exit code {process.returncode}: {error}")


def _short_text(failure: requests.RequestException) -> str:
    if isinstance(failure, requests.ConnectTimeout):
        return f"no connection within {TIMEOUT[0]} s"
    if isinstance(failure, requests.ConnectionError):
        return f"no connection ({str(failure)[-120:]})"
    return str(failure)
