import sys
from pathlib import Path

from butfor.tracking.ui import serve

serve(Path(sys.argv[1]))
