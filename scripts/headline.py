import sys
from pathlib import Path

from butfor.headline import headline

print(headline(Path(sys.argv[1])))
