import sys
from pathlib import Path

from butfor.ui import serve

serve(Path(sys.argv[1]))
