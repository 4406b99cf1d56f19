import sys

from butfor.cluster.commands import obey

sys.exit(obey(sys.argv[1:]))
