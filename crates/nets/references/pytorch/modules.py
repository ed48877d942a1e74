"""Training curves of residual, convolutional and attention nets in float64, by PyTorch.

Writes modules.json beside this file: initial parameters in the order and layout of the lab, the rows,
and losses and final parameters of every net under SGD and AdamW. Stops with an error where a curve
amplifies rounding so much that nobody else could follow it. See README.md.
"""

import json
import pathlib
import platform

import torch
from torch import nn
from torch.nn import functional

HERE = pathlib.Path(__file__).parent
ROWS, INPUTS, SIDE, CLASSES = 12, 16, 4, 3
STEPS = [0, 1, 2, 10, 100, 500]
SEED = 5
# Largest relative change of a loss when every initial parameter changes by one part in 1e12.
STEADY = 1e-9
WIDTH, BLOCKS = 5, 2
CHANNELS = [3, 4]
# Burn rounds the root of the length of a head (8/2 here) to f32, where it is no whole number.
LENGTH, HEADS, TOKENS = 8, 2, 2
OPTIMIZERS = {
    "sgd": {"kind": "sgd", "lr": 0.05},
    "adamw": {"kind": "adam", "lr": 0.002, "weight_decay": 0.1, "epsilon": 1e-8},
}
NETS = {
    "none": f"kind = 'residual-mlp'\nwidth = {WIDTH}\nblocks = {BLOCKS}",
    "layer": f"kind = 'residual-mlp'\nwidth = {WIDTH}\nblocks = {BLOCKS}\nnorm = 'layer'",
    "batch": f"kind = 'residual-mlp'\nwidth = {WIDTH}\nblocks = {BLOCKS}\nnorm = 'batch'",
    "conv": f"kind = 'conv-net'\nchannels = {CHANNELS}\nwidth = {WIDTH}",
    "attention": f"kind = 'attention'\nwidth = {LENGTH}\nheads = {HEADS}",
}


class BatchNorm(nn.BatchNorm1d):
    """Batch norm whose running variance is that of the batch. PyTorch's is n/(n − 1) times that."""

    def forward(self, x):
        if not self.training:
            return super().forward(x)
        with torch.no_grad():
            self.running_mean.mul_(0.9).add_(0.1 * x.mean(0))
            self.running_var.mul_(0.9).add_(0.1 * x.var(0, unbiased=False))
        return functional.batch_norm(x, None, None, self.weight, self.bias, True)


class Block(nn.Module):
    def __init__(self, norm):
        super().__init__()
        kinds = {"none": nn.Identity, "layer": nn.LayerNorm, "batch": BatchNorm}
        self.norm = kinds[norm](WIDTH)
        self.inner = nn.Linear(WIDTH, WIDTH)
        self.outer = nn.Linear(WIDTH, WIDTH)

    def forward(self, h):
        return h + self.outer(torch.relu(self.inner(self.norm(h))))


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Linear(INPUTS // TOKENS, LENGTH, bias=False)
        self.position = nn.Parameter(0.1 * torch.randn(TOKENS, LENGTH))
        self.attention = nn.MultiheadAttention(LENGTH, HEADS, batch_first=True)
        # Biases of keys have no gradient, so that from 0 they would only hold rounding.
        nn.init.normal_(self.attention.in_proj_bias, std=0.1)
        self.hidden = nn.Linear(LENGTH, LENGTH)
        self.last = nn.Linear(LENGTH, CLASSES)

    def forward(self, x):
        h = self.embedding(x.reshape(len(x), TOKENS, -1)) + self.position
        h = h + self.attention(h, h, h, need_weights=False)[0]
        return self.last(torch.relu(self.hidden(h.mean(1))))

    def arrays(self):
        """Queries, keys and values are one matrix here, and three in the lab."""
        weights = self.attention.in_proj_weight.chunk(3)
        inner = zip(weights, self.attention.in_proj_bias.chunk(3))
        inner = [array for weight, bias in inner for array in (weight.T, bias)]
        layers = [self.attention.out_proj, self.hidden, self.last]
        outer = [array for layer in layers for array in (layer.weight.T, layer.bias)]
        return [self.embedding.weight.T, self.position, *inner, *outer]


def net_of(name):
    if name == "attention":
        return Attention().double()
    if name == "conv":
        below = [1] + CHANNELS[:-1]
        convolutions = [
            layer
            for source, channels in zip(below, CHANNELS)
            for layer in (nn.Conv2d(source, channels, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        ]
        side = SIDE // 2 ** len(CHANNELS)
        net = nn.Sequential(
            nn.Unflatten(1, (1, SIDE, SIDE)),
            *convolutions,
            nn.Flatten(),
            nn.Linear(CHANNELS[-1] * side * side, WIDTH),
            nn.ReLU(),
            nn.Linear(WIDTH, CLASSES),
        )
    else:
        blocks = [Block(name) for _ in range(BLOCKS)]
        net = nn.Sequential(nn.Linear(INPUTS, WIDTH), *blocks, nn.Linear(WIDTH, CLASSES))
    return net.double()


def arrays_of(net):
    """Parameters and running statistics, flat, in the order and layout of the lab."""
    found = []
    if isinstance(net, Attention):
        found = net.arrays()
        return [array.detach().contiguous().flatten().tolist() for array in found]
    for layer in net.modules():
        if isinstance(layer, nn.Linear):
            found += [layer.weight.T, layer.bias]
        elif isinstance(layer, nn.Conv2d) or isinstance(layer, nn.LayerNorm):
            found += [layer.weight, layer.bias]
        elif isinstance(layer, BatchNorm):
            found += [layer.weight, layer.bias, layer.running_mean, layer.running_var]
    return [array.detach().contiguous().flatten().tolist() for array in found]


def train(name, settings, nudge, inputs, labels):
    torch.manual_seed(SEED)
    net = net_of(name)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(1.0 + nudge)
    start = arrays_of(net)
    if settings["kind"] == "sgd":
        optimizer = torch.optim.SGD(net.parameters(), lr=settings["lr"])
    else:
        decay, epsilon = settings["weight_decay"], settings["epsilon"]
        optimizer = torch.optim.AdamW(
            net.parameters(), lr=settings["lr"], weight_decay=decay, eps=epsilon
        )
    losses = []
    for step in range(STEPS[-1] + 1):
        if step in STEPS:
            net.eval()
            with torch.no_grad():
                losses.append(functional.cross_entropy(net(inputs), labels).item())
        if step == STEPS[-1]:
            return start, losses, arrays_of(net)
        net.train()
        optimizer.zero_grad()
        functional.cross_entropy(net(inputs), labels).backward()
        optimizer.step()


def main():
    torch.set_num_threads(1)
    torch.manual_seed(SEED + 1)
    inputs = torch.randn(ROWS, INPUTS, dtype=torch.float64)
    labels = torch.arange(ROWS) % CLASSES
    curves, worst = [], 0.0
    for name, table in NETS.items():
        for optimizer, settings in OPTIMIZERS.items():
            start, losses, end = train(name, settings, 0.0, inputs, labels)
            _, nudged, _ = train(name, settings, 1e-12, inputs, labels)
            change = max(abs(a / b - 1) for a, b in zip(nudged, losses))
            worst = max(worst, change)
            if change > STEADY:
                raise SystemExit(f"{name}, {optimizer}: a nudge changes a loss by {change:.1e}")
            if losses[-1] > 0.8 * losses[0]:
                raise SystemExit(f"{name}, {optimizer} does not train: {losses}")
            curve = {"model": table, "optimizer": optimizer, "start": start}
            curves.append(curve | {"losses": losses, "end": end})
    versions = {"python": platform.python_version(), "torch": torch.__version__}
    document = {
        "versions": versions,
        "steps": STEPS,
        "optimizers": OPTIMIZERS,
        "inputs": inputs.flatten().tolist(),
        "labels": labels.tolist(),
    }
    lines = [f"{json.dumps(key)}: {json.dumps(value)}," for key, value in document.items()]
    body = ",\n".join(json.dumps(curve) for curve in curves)
    text = "{\n" + "\n".join(lines) + f'\n"curves": [\n{body}\n]\n}}\n'
    json.loads(text)
    (HERE / "modules.json").write_text(text)
    print(f"{len(curves)} curves, largest change {worst:.1e}")


if __name__ == "__main__":
    main()
