"""Training curves of small nets in float64, by PyTorch and by plain NumPy.

Writes start.safetensors (weights in PyTorch's own layout), numbers.safetensors and
classes.safetensors (rows with real targets and with classes) and losses.json beside this file. Stops with an error where the two implementations differ, or where a curve amplifies
rounding so much that nobody else could follow it. See README.md.
"""

import json
import pathlib
import platform
import re

import numpy as np
import torch
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent
ROWS, INPUTS, HIDDEN, CLASSES = 12, 5, 6, 3
STEPS = [0, 1, 2, 10, 100, 500, 1000]
SEED = 4
# Largest relative difference of the two implementations.
SAME = 1e-12
# Largest relative change of a loss when every initial weight changes by one part in 1e12, so that
# rounding (1e-16 a step) stays far below the 1e-9 that others are compared to.
STEADY = 1e-9

ACTIVATIONS = ["relu", "tanh", "quadratic", "identity"]
LOSSES = ["mse", "cross-entropy"]
OPTIMIZERS = {
    "sgd": {"kind": "sgd", "lr": 0.05},
    "momentum": {"kind": "sgd", "lr": 0.01, "momentum": 0.9},
    "adam": {"kind": "adam", "lr": 0.002, "weight_decay": 0.1, "epsilon": 1e-8, "decoupled": False},
    "adamw": {"kind": "adam", "lr": 0.002, "weight_decay": 0.1, "epsilon": 1e-8, "decoupled": True},
}
# Gradients of a quadratic net grow with its outputs.
PACE = {"quadratic": 0.2}
BETA1, BETA2 = 0.9, 0.999


def problem():
    """Weights [out, in], biases, inputs, real targets and classes."""
    rng = np.random.default_rng(SEED)
    parameters = [
        rng.normal(size=(HIDDEN, INPUTS)) * 0.5,
        rng.normal(size=HIDDEN) * 0.3,
        rng.normal(size=(CLASSES, HIDDEN)) * 0.5,
        rng.normal(size=CLASSES) * 0.3,
    ]
    inputs = rng.normal(size=(ROWS, INPUTS))
    targets = rng.normal(size=(ROWS, CLASSES))
    labels = np.arange(ROWS, dtype=np.int64) % CLASSES
    return parameters, inputs, targets, labels


# --- PyTorch ---------------------------------------------------------------------------------


class Square(torch.nn.Module):
    def forward(self, z):
        return z * z


def by_torch(activation, loss, settings, parameters, inputs, targets, labels):
    layer = {
        "relu": torch.nn.ReLU,
        "tanh": torch.nn.Tanh,
        "quadratic": Square,
        "identity": torch.nn.Identity,
    }[activation]
    net = torch.nn.Sequential(
        torch.nn.Linear(INPUTS, HIDDEN), layer(), torch.nn.Linear(HIDDEN, CLASSES)
    ).double()
    with torch.no_grad():
        for own, value in zip(net.parameters(), parameters):
            own.copy_(torch.from_numpy(value))
    if settings["kind"] == "sgd":
        optimizer = torch.optim.SGD(
            net.parameters(), lr=settings["lr"], momentum=settings.get("momentum", 0.0)
        )
    else:
        kind = torch.optim.AdamW if settings["decoupled"] else torch.optim.Adam
        optimizer = kind(
            net.parameters(),
            lr=settings["lr"],
            betas=(BETA1, BETA2),
            eps=settings["epsilon"],
            weight_decay=settings["weight_decay"],
        )
    x, y, classes = map(torch.from_numpy, (inputs, targets, labels))
    found = []
    for step in range(STEPS[-1] + 1):
        outputs = net(x)
        if loss == "mse":
            value = torch.nn.functional.mse_loss(outputs, y)
        else:
            value = torch.nn.functional.cross_entropy(outputs, classes)
        if step in STEPS:
            found.append(value.item())
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    return found


# --- NumPy, every formula written out --------------------------------------------------------


def activate(activation, z):
    """Value and slope."""
    if activation == "relu":
        return np.maximum(z, 0.0), (z > 0.0).astype(np.float64)
    if activation == "tanh":
        return np.tanh(z), 1.0 - np.tanh(z) ** 2
    if activation == "quadratic":
        return z * z, 2.0 * z
    return z, np.ones_like(z)


def loss_and_slope(loss, outputs, targets, labels):
    if loss == "mse":
        error = outputs - targets
        return np.mean(error**2), 2.0 * error / error.size
    shifted = outputs - outputs.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    log_probabilities = shifted - log_sum
    rows = np.arange(len(labels))
    slope = np.exp(log_probabilities)
    slope[rows, labels] -= 1.0
    return -np.mean(log_probabilities[rows, labels]), slope / len(labels)


def by_numpy(activation, loss, settings, parameters, inputs, targets, labels, closest=None):
    theta = [value.copy() for value in parameters]
    first = [np.zeros_like(value) for value in theta]
    second = [np.zeros_like(value) for value in theta]
    lr, found = settings["lr"], []
    for step in range(STEPS[-1] + 1):
        w1, b1, w2, b2 = theta
        z = inputs @ w1.T + b1
        if closest is not None:
            closest.append(np.abs(z).min())
        hidden, slope = activate(activation, z)
        value, d_outputs = loss_and_slope(loss, hidden @ w2.T + b2, targets, labels)
        if step in STEPS:
            found.append(float(value))
        d_z = (d_outputs @ w2) * slope
        gradients = [d_z.T @ inputs, d_z.sum(axis=0), d_outputs.T @ hidden, d_outputs.sum(axis=0)]
        for i, g in enumerate(gradients):
            if settings["kind"] == "sgd":
                momentum = settings.get("momentum", 0.0)
                first[i] = g if step == 0 else momentum * first[i] + g
                theta[i] = theta[i] - lr * first[i]
                continue
            decay = settings["weight_decay"]
            if settings["decoupled"]:
                theta[i] = theta[i] * (1.0 - lr * decay)
            else:
                g = g + decay * theta[i]
            first[i] = BETA1 * first[i] + (1.0 - BETA1) * g
            second[i] = BETA2 * second[i] + (1.0 - BETA2) * g * g
            mean = first[i] / (1.0 - BETA1 ** (step + 1))
            root = np.sqrt(second[i] / (1.0 - BETA2 ** (step + 1)))
            theta[i] = theta[i] - lr * mean / (root + settings["epsilon"])
    return found


# ---------------------------------------------------------------------------------------------


def gap(found, expected):
    return max(abs(f - e) / abs(e) for f, e in zip(found, expected))


def main():
    torch.set_num_threads(1)
    parameters, inputs, targets, labels = problem()
    rng = np.random.default_rng(SEED + 1)
    moved = [value * (1.0 + 1e-12 * rng.choice([-1.0, 1.0], value.shape)) for value in parameters]
    data = (inputs, targets, labels)
    curves, worst = [], [0.0, 0.0]
    for activation in ACTIVATIONS:
        for loss in LOSSES:
            for name, plain in OPTIMIZERS.items():
                settings = {**plain, "lr": PACE.get(activation, 1.0) * plain["lr"]}
                case = (activation, loss, settings)
                reference = by_torch(*case, parameters, *data)
                closest = []
                apart = gap(by_numpy(*case, parameters, *data, closest), reference)
                shaken = gap(by_numpy(*case, moved, *data), reference)
                kink = f"{min(closest):.1e}" if activation == "relu" else "-"
                print(
                    f"{activation:<10}{loss:<14}{name:<9}{reference[0]:.3f} -> {reference[-1]:.3e}"
                    f"  numpy {apart:.1e}  shaken {shaken:.1e}  kink {kink}"
                )
                if not apart < SAME or not shaken < STEADY:
                    raise SystemExit(f"{activation}, {loss}, {name}: choose another SEED")
                worst = [max(worst[0], apart), max(worst[1], shaken)]
                place = {"activation": activation, "loss": loss, "optimizer": name}
                curves.append({**place, "lr": settings["lr"], "losses": reference})
    names = ["0.weight", "0.bias", "2.weight", "2.bias"]
    start = {name: torch.from_numpy(value) for name, value in zip(names, parameters)}
    save_file(start, HERE / "start.safetensors")
    x, y, classes = map(torch.from_numpy, (inputs, targets, labels))
    save_file({"inputs": x, "targets": y}, HERE / "numbers.safetensors")
    save_file({"inputs": x, "labels": classes}, HERE / "classes.safetensors")
    document = {
        "made_with": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
        },
        "largest_gap_of_numpy": worst[0],
        "largest_change_from_1e-12_of_the_start": worst[1],
        "steps": STEPS,
        "optimizers": {
            name: {key: value for key, value in settings.items() if key != "lr"}
            for name, settings in OPTIMIZERS.items()
        },
        "start": {name: value.tolist() for name, value in zip(names, parameters)},
        "inputs": inputs.tolist(),
        "targets": targets.tolist(),
        "labels": labels.tolist(),
        "curves": curves,
    }
    text = json.dumps(document, indent=1)
    # One row of numbers a line.


    text = re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda m: "[" + re.sub(r"\s+", " ", m[1]) + "]", text)
    (HERE / "losses.json").write_text(text + "\n")
    print(f"largest gap {worst[0]:.1e}, largest change {worst[1]:.1e}")


if __name__ == "__main__":
    main()
