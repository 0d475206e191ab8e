"""The report file of a bug of ours."""

from __future__ import annotations

import platform
import re
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

SECRET = re.compile(r"(0x)?[0-9a-fA-F]{64}")


def write_report(error: Exception, arguments: Sequence[str]) -> Path:
    """Write what is needed to mend the bug; anything that looks like a key is left out."""
    from importlib.metadata import version

    from chainyard.errors import ChainyardError
    from chainyard.home import data_dir
    from chainyard.network.store import write

    lines = [
        f"chainyard {version('chainyard')}",
        f"python {sys.version.split()[0]} on {platform.platform()}",
        f"command: chainyard {' '.join(arguments)}",
        "",
        *traceback.format_exception(error),
    ]
    text = SECRET.sub("<32 bytes left out>", "\n".join(lines))
    path = data_dir() / "reports" / time.strftime("%Y%m%dT%H%M%S.txt", time.gmtime())
    try:
        write(path, text.encode())
    except (OSError, ChainyardError):
        # The disk may be why we are here.
        import tempfile

        with tempfile.NamedTemporaryFile(
            "w", prefix="chainyard-", suffix=".txt", delete=False
        ) as file:
            file.write(text)
        path = Path(file.name)
    return path
