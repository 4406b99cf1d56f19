"""A real Slurm on loopback: munged, slurmctld and two slurmd as plain processes, the second node with two made-up GPUs.

As root, because Slurm reads /etc/slurm; what is there is put back. No accounting, so no database.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ETC = Path("/etc/slurm")
OURS = ("slurm.conf", "gres.conf", "cgroup.conf")
DAEMONS = ("munged", "munge", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol")
NODES = ("c1", "c2")
PATH = "/usr/sbin:/usr/bin:" + os.environ["PATH"]
PATIENCE = 180.0  # seconds; the machine may be busy


def can_run() -> bool:
    """Whether this machine can have such a Slurm, and has none of its own."""
    return os.geteuid() == 0 and all(shutil.which(name, path=PATH) for name in DAEMONS) and not _another()


def _another() -> bool:
    return (ETC / "slurm.conf").exists() and "ClusterName=butfor-test" not in (ETC / "slurm.conf").read_text()


def wait_until(true: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    """Poll until something is true."""
    until = time.monotonic() + patience
    while not true():
        assert time.monotonic() < until, f"{what}: not within {patience:.0f} seconds"
        time.sleep(0.2)


class Box:
    """The running cluster: `up` and `down`, questions to it, and faults."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="slurmbox"))
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._before = {name: (ETC / name).read_bytes() for name in OURS if (ETC / name).exists()}
        self._port: dict[str, int] = {}
        with contextlib.ExitStack() as sockets:
            for name in ("slurmctld", *NODES):
                probe = sockets.enter_context(socket.socket())
                probe.bind(("127.0.0.1", 0))
                self._port[name] = probe.getsockname()[1]

    def up(self) -> None:
        """Write the configuration and start everything, until both nodes are idle."""
        for name in ("munge", "state", *NODES):
            (self.folder / name).mkdir()
        self.folder.chmod(0o755)
        ETC.mkdir(exist_ok=True)
        for name, text in zip(OURS, self._configuration(), strict=True):
            (ETC / name).write_text(text)
        key = self.folder / "munge" / "key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        munge = self.folder / "munge"
        options = [
            f"--key-file={key}",
            f"--socket={munge}/socket",
            f"--pid-file={munge}/pid",
            f"--seed-file={munge}/seed",
        ]
        self._start("munged", "munged", "--foreground", f"--log-file={munge}/log", *options)
        wait_until(lambda: self._answers("munge", "-S", f"{munge}/socket", "-n"), "munged")
        self.start_controller()
        for node in NODES:
            self.start_node(node)
        wait_until(lambda: self.states() == {"idle"}, "both nodes idle")

    def down(self) -> None:
        """Cancel what runs, stop everything, and put /etc/slurm back."""
        with contextlib.suppress(subprocess.SubprocessError, AssertionError):
            self.ask("scancel", "--user=root")
            wait_until(lambda: not self.ask("squeue", "-h").strip(), "no jobs", patience=20)
        for name in [*NODES, "slurmctld", "munged"]:
            self._stop(name, signal.SIGTERM)
        for name in OURS:
            (ETC / name).unlink(missing_ok=True)
        for name, content in self._before.items():
            (ETC / name).write_bytes(content)
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, *words: str) -> str:
        """What one of Slurm's commands prints."""
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=60, env={**os.environ, "PATH": PATH}, check=True
        )
        return done.stdout

    def states(self) -> set[str]:
        """The states of the nodes."""
        try:
            found = self.ask("sinfo", "-h", "-N", "-o", "%N %T").split("\n")
        except subprocess.SubprocessError:
            return set()
        by_node = dict(line.split() for line in found if line)
        return set(by_node.values()) if set(by_node) == set(NODES) else set()

    def jobs(self, folder: Path, states: str = "all", fields: str = "%A|%T|%N|%j") -> list[list[str]]:
        """squeue's lines on the jobs of a working folder, each split into its fields."""
        lines = self.ask("squeue", "-h", f"--states={states}", "-o", f"%Z|{fields}").splitlines()
        return [line.split("|")[1:] for line in lines if line.split("|")[0] == str(folder)]

    def running(self, folder: Path) -> list[str]:
        """The numbers of the running jobs of a working folder."""
        return [row[0] for row in self.jobs(folder, "RUNNING")]

    def start_controller(self) -> None:
        """Start slurmctld and wait for its answer."""
        self._start("slurmctld", "slurmctld", "-D")
        wait_until(lambda: "is UP" in self._answers("scontrol", "ping"), "slurmctld")

    def stop_controller(self) -> None:
        """End slurmctld, as for a restart."""
        self._stop("slurmctld", signal.SIGTERM)

    def start_node(self, node: str, *before: str) -> None:
        """Start a node's slurmd, behind words such as `unshare -m`."""
        self._start(node, *before, "slurmd", "-D", "-N", node)

    def stop_node(self, node: str) -> None:
        """End a node's slurmd in good order."""
        self._stop(node, signal.SIGTERM)

    def kill_daemon(self, node: str) -> None:
        """kill -9 of a node's slurmd alone: what it runs lives on."""
        self._stop(node, signal.SIGKILL)

    def kill_node(self, node: str) -> None:
        """kill -9 of a node's slurmd and of all it runs, as if the machine were gone."""
        jobs = self.ask("squeue", "-h", "-w", node, "-o", "%A").split()
        self.kill_daemon(node)
        for job in jobs:
            for daemon in processes_called(f"slurmstepd: [{job}."):
                for process in _tree(daemon):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(process, signal.SIGKILL)

    def _start(self, name: str, *words: str) -> None:
        with (self.folder / f"{name}.out").open("ab") as out:
            self._processes[name] = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
                env={"PATH": PATH, "HOME": "/root"}, cwd=self.folder,
            )  # fmt: skip

    def _stop(self, name: str, sign: signal.Signals) -> None:
        process = self._processes.pop(name, None)
        if process is None:
            return
        process.send_signal(sign)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _answers(self, *words: str) -> str:
        try:
            return self.ask(*words) or "yes"
        except subprocess.SubprocessError:
            return ""

    def _configuration(self) -> tuple[str, str, str]:
        host = socket.gethostname().split(".")[0]
        track = ["ProctrackType=proctrack/linuxproc", "TaskPlugin=task/none", "JobAcctGatherParams=OverMemoryKill"]
        if _has_cgroups():
            track = ["ProctrackType=proctrack/cgroup", "TaskPlugin=task/cgroup"]
        node = f"NodeHostname={host} NodeAddr=127.0.0.1"
        lines = [
            "ClusterName=butfor-test",
            f"SlurmctldHost={host}(127.0.0.1)",
            f"SlurmctldPort={self._port['slurmctld']}",
            "SlurmUser=root",
            "SlurmdUser=root",
            "AuthType=auth/munge",
            f"AuthInfo=socket={self.folder}/munge/socket",
            "CredType=cred/munge",
            "CommunicationParameters=NoCtldInAddrAny,NoInAddrAny",  # listen on loopback only
            f"StateSaveLocation={self.folder}/state",
            f"SlurmctldPidFile={self.folder}/slurmctld.pid",
            f"SlurmctldLogFile={self.folder}/slurmctld.log",
            f"SlurmdPidFile={self.folder}/%n.pid",
            f"SlurmdSpoolDir={self.folder}/%n",
            f"SlurmdLogFile={self.folder}/%n.log",
            "SlurmdParameters=config_overrides",  # more cores and memory than the machine has
            "MailProg=/bin/true",
            "MpiDefault=none",
            "SwitchType=switch/none",
            "ReturnToService=2",
            "JobAcctGatherType=jobacct_gather/linux",
            "JobAcctGatherFrequency=task=2",
            *track,
            "SchedulerType=sched/backfill",
            "SchedulerParameters=sched_interval=1,bf_interval=2,batch_sched_delay=0,sched_min_interval=0",
            "SelectType=select/cons_tres",
            "SelectTypeParameters=CR_Core_Memory",
            "GresTypes=gpu",
            "AccountingStorageType=accounting_storage/none",
            "SlurmctldTimeout=10",
            "SlurmdTimeout=15",  # faults in seconds, not minutes
            "InactiveLimit=0",
            "KillWait=2",
            "Waittime=0",
            "MinJobAge=3600",  # squeue tells of a test's jobs to its end, however slow the machine is
            "NodeName=DEFAULT CPUs=4 Sockets=1 CoresPerSocket=4 ThreadsPerCore=1 RealMemory=10000 State=UNKNOWN",
            f"NodeName=c1 {node} Port={self._port['c1']}",
            f"NodeName=c2 {node} Port={self._port['c2']} Gres=gpu:2",
            "PartitionName=all Nodes=c1,c2 Default=YES MaxTime=1:00:00 State=UP",
        ]
        gpus = "AutoDetect=off\nNodeName=c2 Name=gpu File=/dev/null,/dev/zero\n"  # a device file each is all it wants
        cgroups = "CgroupPlugin=cgroup/v1\nCgroupAutomount=no\nConstrainCores=no\nConstrainRAMSpace=yes\nConstrainDevices=no\n"
        return "\n".join(lines) + "\n", gpus, cgroups


def _has_cgroups() -> bool:
    """Whether Slurm can have cgroups (version 1) of its own here."""
    probe = Path("/sys/fs/cgroup/memory/butfor_probe")
    try:
        probe.mkdir()
        probe.rmdir()
    except OSError:
        return False
    return Path("/sys/fs/cgroup/freezer").is_dir()


def processes_called(start: str) -> Iterator[int]:
    """The processes whose command line starts so."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode().startswith(start):
                yield int(folder.name)


def _tree(process: int) -> list[int]:
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        children = []
    return [process, *(below for child in children for below in _tree(int(child)))]
