"""Every dependency is pinned to a version and to the files' hashes, and no lock names where they come from."""

import re

import pytest

from conftest import ROOT

LOCKS = [*sorted(ROOT.glob("requirements*.lock")), ROOT / "tests" / "slurm" / "plugin.lock"]
ALONE = {  # beside what another lock installs
    "requirements-slurm.lock",
    "requirements-postgres.lock",
    "requirements-docs.lock",
    "requirements-jax.lock",
    "requirements-jax-gpu.lock",
    "plugin.lock",
}


def requirements(text):
    """The requirements of a lock, each with its hashes on the same line."""
    return [line for line in text.replace("\\\n", " ").splitlines() if line.strip() and not line.startswith("#")]


def pinned(line):
    return re.fullmatch(r"[\w.\[\]-]+==[^\s;]+( ; [^\\]+?)?( +--hash=sha256:[0-9a-f]{64})+\s*", line) is not None


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_requirement_has_a_version_and_hashes_and_no_index_is_named(path):
    found = requirements(path.read_text())
    assert len(found) >= (1 if path.name in ALONE else 50) and [line[:80] for line in found if not pinned(line)] == []
    assert not re.search(r"index-url|find-links|trusted-host|://", path.read_text())


@pytest.mark.parametrize("name", ["requirements-slurm.lock", "requirements-postgres.lock"])
def test_what_is_added_on_request_is_what_ci_tests_and_is_not_in_the_plain_lock(name):
    added = requirements((ROOT / name).read_text())
    assert set(added) <= set(requirements((ROOT / "requirements-ci.lock").read_text()))
    plain = {line.partition("==")[0] for line in requirements((ROOT / "requirements.lock").read_text())}
    assert not plain & {line.partition("==")[0] for line in added}


def test_jax_for_gpus_is_the_version_for_cpus_with_a_plugin_for_it_and_changes_nothing_beside_tensorflow():
    """It is installed without dependencies, so all that it needs has to be there or in this lock, in one version."""
    locks = ("requirements-jax-gpu.lock", "requirements-jax.lock", "requirements-gpu.lock")
    added, on_cpus, beside = ({pin(line) for line in requirements((ROOT / name).read_text())} for name in locks)
    assert (
        on_cpus <= added
        and {name.replace("jax", "jax-cuda12-plugin") for name in on_cpus if name[:4] == "jax="} <= added
    )
    both = {name.partition("==")[0] for name in added} & {name.partition("==")[0] for name in beside}
    assert len(both) >= 12 and {name for name in added if name.partition("==")[0] in both} <= beside


def pin(line):
    """Name, version and the Pythons of a requirement, whatever systems and hashes."""
    name, _, rest = line.partition(" ")
    python = re.search(r"python_full_version [<>=]+ '[\d.]+'", rest)
    return f"{name} {python[0] if python else ''}"


def test_the_readme_never_copies_the_package_into_the_environment():
    """A copy in site-packages would shadow the checkout."""
    texts = [ROOT / "README.md", ROOT / "Makefile", *(ROOT / "docs").glob("*.md"), *(ROOT / "scripts").rglob("*.py")]
    assert not [path.name for path in texts if re.search(r"pip install[^\n]*'?\.\[|install -e", path.read_text())]


def test_a_requirement_without_a_hash_would_be_seen():
    good = "numpy==2.1.0 --hash=sha256:" + "0" * 64
    assert pinned(good)
    for bad in (
        "numpy==2.1.0",
        good.replace("==", ">="),
        "--index-url https://x/simple",
        good[:-1],
        "x @ git+https://y",
    ):
        assert not pinned(bad)


def test_installing_asks_for_the_hashes():
    makefile = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    commands = re.findall(r".*pip (?:install|sync)(?!.*--resolution).*", makefile)
    assert len(commands) == 3 and all("--require-hashes" in line for line in commands)
