"""Finding a data set: the order of places, verification, resuming, and one message when all fail."""

import gzip
import hashlib
import shutil
import socketserver
import threading
from http.server import BaseHTTPRequestHandler

import pytest

from butfor.data import fetch
from butfor.data.catalogue import PUBLISHED, Published, Source
from conftest import need

CONTENT = {"a-ubyte.gz": b"images" * 5000, "b-ubyte.gz": b"labels" * 50}


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A data set of two small files, nowhere installed."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    sources = tuple(Source(name, hashlib.sha256(content).hexdigest()) for name, content in CONTENT.items())
    cache = {name: f"set/{name}" for name in CONTENT}
    return Published(sources, "butfor-no-such-package", str(tmp_path / "installed"), cache, ())


def put(folder, change=None):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in CONTENT.items():
        (folder / name).write_bytes(gzip.compress(content, compresslevel=1))
    if change:
        path = folder / "a-ubyte.gz"
        path.write_bytes(change(path.read_bytes()))


@pytest.fixture
def mirror():
    """A loopback web server that answers from a dictionary, with ranges, and can break off."""

    class Handler(BaseHTTPRequestHandler):
        files, asked, breaks_after = {}, [], {}

        def do_GET(self):
            name = self.path.rsplit("/", 1)[1]
            if name not in self.files:
                self.send_error(404)
                return
            wanted = self.headers.get("Range")
            self.asked.append((name, wanted))
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
            body = self.files[name][start:]
            self.send_response(206 if wanted else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: self.breaks_after.pop(name, len(body))])

        def log_message(self, *words):
            pass

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        Handler.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield Handler
        server.shutdown()


def find(published, tmp_path, folder=None, download=True):
    return fetch.find(published, folder, download, tmp_path / "store")


def test_places_are_tried_in_order(published, tmp_path):
    put(tmp_path / "keras" / "datasets" / "set")
    assert find(published, tmp_path)[0].startswith("Keras's cache")
    put(tmp_path / "installed")
    assert find(published, tmp_path)[0].startswith("the installed package")
    put(tmp_path / "mine")
    place, files = find(published, tmp_path, folder=str(tmp_path / "mine"))
    assert place.startswith("the folder") and files["a-ubyte.gz"].parent == tmp_path / "mine"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda packed: packed[:-20], "damaged or cut short"),
        (lambda packed: gzip.compress(b"other"), "not the published file: SHA-256"),
        (lambda packed: b"<html>not found</html>", "damaged or cut short"),
    ],
)
def test_a_wrong_file_is_named_and_passed_over(published, tmp_path, change, words):
    put(tmp_path / "mine", change)
    with pytest.raises(fetch.FetchError) as raised:
        find(published, tmp_path, folder=str(tmp_path / "mine"), download=False)
    assert "a-ubyte.gz" in str(raised.value) and words in str(raised.value)
    put(tmp_path / "installed")
    unpacked = {}
    place, _ = fetch.find(published, str(tmp_path / "mine"), True, tmp_path / "store", unpacked)
    assert place.startswith("the installed package") and unpacked == CONTENT


def test_a_broken_download_is_resumed(published, tmp_path, mirror):
    mirror.files = {name: gzip.compress(content, 0) for name, content in CONTENT.items()}
    mirror.breaks_after = {"a-ubyte.gz": 20_000}
    published = Published(published.files, None, None, published.keras_cache, (mirror.url,))
    with pytest.raises(fetch.FetchError):
        find(published, tmp_path)
    place, files = find(published, tmp_path)
    assert place == mirror.url
    assert ("a-ubyte.gz", f"bytes={1 << 14}-") in mirror.asked
    assert gzip.decompress(files["a-ubyte.gz"].read_bytes()) == CONTENT["a-ubyte.gz"]


def test_a_mirror_with_a_wrong_file_is_passed_over_and_its_file_is_not_kept(published, tmp_path, mirror):
    mirror.files = {"a-ubyte.gz": gzip.compress(b"wrong"), "b-ubyte.gz": b""}
    published = Published(published.files, None, None, published.keras_cache, (mirror.url,))
    with pytest.raises(fetch.FetchError, match="not the published file"):
        find(published, tmp_path)
    assert not (tmp_path / "store" / "a-ubyte.gz").exists()


def test_when_all_fail_one_message_lists_each_place_and_why(published, tmp_path):
    published = Published(
        published.files,
        published.debian_package,
        published.debian_folder,
        published.keras_cache,
        ("http://127.0.0.1:9",),
    )
    with pytest.raises(fetch.FetchError) as raised:
        find(published, tmp_path, folder=str(tmp_path / "mine"))
    message = str(raised.value)
    for words in (
        "the folder",
        "the installed package",
        "Keras's cache",
        "http://127.0.0.1:9: no connection",
        "apt-get",
        "data.folder",
    ):
        assert words in message


@pytest.mark.services
def test_fashion_mnist_comes_from_debian_without_root(tmp_path):
    """The real package, unpacked into a folder, holds the published files."""
    need(shutil.which("apt-get") and shutil.which("dpkg-deb"), "Debian or Ubuntu, and their archive")
    known = PUBLISHED["fashion_mnist"]
    names = [source.name for source in known.files]
    files = fetch._unpack_debian(known.debian_package, known.debian_folder, names, tmp_path)
    for source in known.files:
        fetch.verify(files[source.name], source)
