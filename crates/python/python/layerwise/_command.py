"""The command ``layerwise``."""

from __future__ import annotations

import os
import signal
import sys
import sysconfig

from . import _layerwise


def main() -> int:
    """Runs the command line of this process and returns its exit code."""
    program = os.path.abspath(sys.argv[0])
    if not os.access(program, os.X_OK) or program.endswith(".py"):
        # `python -m layerwise`: the script that starts the command again.
        program = os.path.join(sysconfig.get_path("scripts"), "layerwise")
    # Python would only note a Ctrl-C, and act after the command. Long commands handle it themselves.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _layerwise.command(program, sys.argv[1:])
