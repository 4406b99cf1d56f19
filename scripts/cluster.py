import sys

from butfor.cluster.commands import run_command

sys.exit(run_command(sys.argv[1:]))
