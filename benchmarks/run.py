"""Every benchmark, one after the other: `make bench`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PARTS = ("startup.py", "chart.py", "rules.py", "reading.py", "scalars.py", "following.py", "attach.py", "hook.py", "overhead.py")


def main() -> int:
    """Run each part; the first that fails ends it."""
    for part in PARTS:
        code = subprocess.run([sys.executable, str(HERE / part), *sys.argv[1:]], check=False).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
