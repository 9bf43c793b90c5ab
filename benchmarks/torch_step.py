"""The training step of `-- kernels` by dense operations of PyTorch, for machines that have it: prints tokens/s, the median of STEPS after one.

    python3 benchmarks/torch_step.py mxd|transcoder [STEPS]

The same sizes, losses and optimizer; the part of the decoder's gradient along its own rows is not dropped, which costs our steps a little.
"""
import statistics
import sys
import time

import torch

B, I, O, H, K = 4096, 768, 768, 3072, 32
UNITS = {"mxd": 21490, "transcoder": 24576}
if len(sys.argv) < 2 or sys.argv[1] not in UNITS:
    sys.exit(__doc__)
kind, steps = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 2
N = UNITS[kind]
torch.manual_seed(0)


def parameter(*shape):
    return torch.nn.Parameter(torch.randn(*shape) / shape[-1] ** 0.5)


def zeros(*shape):
    return torch.nn.Parameter(torch.zeros(*shape))


gate, gate_bias, units, bias = parameter(N, I), zeros(N), parameter(N, O), zeros(O)
parameters = [gate, gate_bias, units, bias]
if kind == "mxd":
    into, into_bias, out = parameter(H, I), zeros(H), parameter(H, O)
    parameters += [into, into_bias, out]
optimizer = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0)
x, target = torch.randn(B, I), torch.randn(B, O)


def step():
    with torch.no_grad():
        units.div_(units.norm(dim=1, keepdim=True))
    values, indices = torch.topk(torch.relu(x @ gate.t() + gate_bias), K, dim=1)
    y = torch.zeros(B, N).scatter(1, indices, values) @ units
    if kind == "mxd":
        y = y * (torch.nn.functional.gelu(x @ into.t() + into_bias) @ out)
    loss = ((y + bias - target).square() / target.norm(dim=1, keepdim=True)).mean()
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()


def seconds():
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


step()
print(f"{kind}, torch {torch.__version__}: {B / statistics.median(seconds() for _ in range(steps)):.0f} tokens/s")
