"""A progress bar for terminals and notebooks."""

from __future__ import annotations

import shutil
import sys
import time
from typing import Any


def _duration(seconds: float) -> str:
    seconds = int(seconds + 0.5)
    if seconds < 3600:
        return f"{seconds // 60}:{seconds % 60:02}"
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and getattr(shell, "kernel", None) is not None


class Bar:
    """Shows done steps, the time gone and an estimate of the time left. On neither a notebook nor a
    terminal, it shows nothing."""

    WIDTH = 30

    def __init__(self, label: str):
        self.label, self.start = label, time.monotonic()
        self.notebook = _in_notebook()
        self.terminal = not self.notebook and hasattr(sys.stderr, "isatty") and sys.stderr.isatty()
        self.handle: Any = None
        self.drawn = False

    def text(self, total: int, done: int, earlier: int, cell: str) -> tuple[float, str]:
        """The share that is done, and the words beside the bar."""
        share = min(done / total, 1.0) if total else 0.0
        gone = time.monotonic() - self.start
        now = done - earlier
        left = f", about {_duration(gone * (total - done) / now)} left" if now > 0 else ""
        return share, f"{100 * share:3.0f} %  {_duration(gone)} gone{left}  {cell}"

    def __call__(self, total: int, done: int, earlier: int, cell: str) -> None:
        share, words = self.text(total, done, earlier, cell)
        if self.notebook:
            from IPython.display import HTML, display
            page = HTML(f'{self.label} <progress value="{share}" max="1"></progress> {words}')
            if self.handle is None:
                self.handle = display(page, display_id=True)
            else:
                self.handle.update(page)
        elif self.terminal:
            filled = int(self.WIDTH * share)
            bar = "█" * filled + "░" * (self.WIDTH - filled)
            # A line that wraps could not be written over.
            line = f"{self.label} {bar} {words}"[:shutil.get_terminal_size().columns - 1]
            sys.stderr.write(f"\r\x1b[K{line}")
            sys.stderr.flush()
            self.drawn = True

    def close(self) -> None:
        """Removes the bar."""
        if self.handle is not None:
            from IPython.display import HTML
            self.handle.update(HTML(""))
        elif self.drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
