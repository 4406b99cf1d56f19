import sys
from pathlib import Path

from butfor.report.headline import headline

print(headline(Path(sys.argv[1])))
