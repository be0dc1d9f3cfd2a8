"""Seeds shared out to processes: a module that takes FIRST END and prints its counts as a JSON object."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path


def share(checkout: Path, module: str, first: int, end: int, *kind: str) -> Counter[str]:
    """The counts of the seeds from `first` to `end` in sum. A seed that fails is in the message."""
    workers = max(1, min(4, os.cpu_count() or 1))
    edges = [first + (end - first) * place // workers for place in range(workers + 1)]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", module, str(start), str(stop), *kind],
            cwd=checkout,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for start, stop in pairwise(edges)
    ]
    total: Counter[str] = Counter()
    try:
        for process in running:
            said, errors = process.communicate()
            assert process.returncode == 0, errors[-4_000:]
            total.update(json.loads(said))
    finally:
        for process in running:
            if process.poll() is None:
                process.kill()
                process.communicate()
    return total
