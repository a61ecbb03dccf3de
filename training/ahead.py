"""`python -m training.ahead`: a `manage.py train` that imports before it is told what to do.

Python takes four seconds to import torch and what goes with it. A first start has a database and
its tables to make in that time (`beez.launch.first_training`).
"""

import gc
import json
import os
import sys
from contextlib import suppress
from importlib import import_module

# What a training imports, now or later; the encoder that Beez brings is a BERT.
PACKAGES = (
    "torch",
    "transformers.models.bert.modeling_bert",
    "sklearn.feature_extraction.text",
    "scipy.optimize",
    "scipy.sparse.csgraph",
    "onnxruntime.quantization",
    "matplotlib.figure",
)


def main() -> None:
    # Threads that wait for each other sleep. It costs a quick version half a second, and where
    # something else has a core, those that turn in circles take several times as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    _import_all()
    line = sys.stdin.readline()
    if not line:  # whoever began this has ended
        return
    order = json.loads(line)
    os.environ.update(order["environment"])
    sys.argv = ["manage.py", *order["arguments"]]
    import_module("manage").main()


def _import_all() -> None:
    """Modules are no garbage: looking for some among them takes a quarter of the time here, and as
    long again when the process ends."""
    gc.disable()
    with suppress(ImportError):  # `manage.py` says which package is missing
        for name in PACKAGES:
            import_module(name)
    gc.freeze()
    gc.enable()


if __name__ == "__main__":
    main()
