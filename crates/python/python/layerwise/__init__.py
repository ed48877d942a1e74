"""layerwise: real nets beside their layerwise-linear twins.

Closed forms of learning dynamics (``layerwise.theory``), metrics of your own net (``measure``, ``spectrum``,
``fourier``, ``kernel``, ``delay``), and experiments with theory, twins and verdicts (``run``, ``read``,
``overlay``, ``Recorder``). Every number is computed in f64 by the Rust library, and is the one that the
command ``layerwise`` prints.

>>> import layerwise
>>> round(layerwise.measure([[1.0], [3.0], [-1.0], [-3.0]], [0, 0, 1, 1]).nc1, 6)
0.125
"""

from . import kernel, theory
from ._curves import from_tensorboard, from_wandb
from ._layerwise import __version__
from ._measured import Delay, Measured, delay, fourier, measure, spectrum
from ._recorded import Figure, Observations, Run, Verdict, read
from ._recorder import Recorder
from ._running import RunInterrupted, experiments, overlay, run

__all__ = [
    "Delay", "Figure", "Measured", "Observations", "Recorder", "Run", "RunInterrupted", "Verdict", "__version__", "delay",
    "experiments", "fourier", "from_tensorboard", "from_wandb", "kernel", "measure", "overlay", "read", "run", "spectrum",
    "theory",
]
