"""Where the style sheet lies."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import themes

SHEET: Final = Path(themes.__file__).parent / "watchfloor.tcss"
