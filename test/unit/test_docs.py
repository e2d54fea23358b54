"""The pages that are made from the code are those that it makes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_catalog_is_not_stale():
    command = [sys.executable, str(ROOT / "tools/catalog/page.py"), "--check"]
    check = subprocess.run(command, capture_output=True, text=True, check=False)
    assert check.returncode == 0, check.stderr
