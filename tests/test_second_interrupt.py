"""Ctrl-C in a real terminal, and again while a job that the first does not end is waited for."""

import os
import pty
import sys
import time

from conftest import ROOT

DEAF = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
START = f"""
import logging, subprocess, sys, time
sys.path.insert(0, {str(ROOT / "scripts")!r})
from butfor.workflow import ending

settings = {{"results": sys.argv[1], "report": {{"language": "en"}}}}
ending.watch(settings, lambda: None)
mirror = subprocess.Popen([sys.executable, "-c", {DEAF!r}], stdout=subprocess.PIPE, start_new_session=True)
job = subprocess.Popen([sys.executable, "-c", {DEAF!r}], stdout=subprocess.PIPE)
job.stdout.readline(), mirror.stdout.readline()


def wait():  # a signal that comes just before a blocking call would be noticed after it
    while job.poll() is None:
        time.sleep(0.05)


try:
    print("at work", flush=True)
    wait()
except KeyboardInterrupt:
    logging.getLogger("snakemake.logging").warning("Terminating processes on user request, this might take some time.")
    print("waits", flush=True)
    wait()
ending.failed(settings)
print("job", job.returncode, "mirror", mirror.poll(), flush=True)
mirror.kill()
"""


def test_a_second_ctrl_c_ends_the_jobs_and_the_last_words_are_said(tmp_path):
    process, terminal = pty.fork()
    if not process:
        os.execv(sys.executable, [sys.executable, "-c", START, str(tmp_path)])
    said, presses, end = b"", [b"at work", b"waits"], time.monotonic() + 30
    while time.monotonic() < end:
        try:
            said += os.read(terminal, 4096)
        except OSError:  # it has ended
            break
        if presses and presses[0] in said:
            os.write(terminal, b"\x03")
            presses.pop(0)
    _, status = os.waitpid(process, 0)
    words = said.decode()
    assert os.waitstatus_to_exitcode(status) == 0 and "Traceback" not in words, words
    assert "job -9 mirror None" in words, "the mirror writes what it has"
    assert "Stopped by Ctrl-C. The same command goes on and keeps all that is finished" in words
