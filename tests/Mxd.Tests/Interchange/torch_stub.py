"""As much of torch as mxd_layer.py uses, on lists of floats, so that its formulas are tested where torch is not installed."""
import array, itertools, math, sys, types


def strides(shape):
    return [math.prod(shape[i + 1:]) for i in range(len(shape))]


class Tensor:
    def __init__(self, data, shape):
        self.data, self.shape = list(data), tuple(shape)
        assert len(self.data) == math.prod(self.shape), (len(self.data), self.shape)

    def at(self, index):
        return self.data[sum(i * s for i, s in zip(index, strides(self.shape)))]

    def reshape(self, *shape):
        shape = list(shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape)
        if -1 in shape:
            shape[shape.index(-1)] = len(self.data) // -math.prod(shape)
        return Tensor(self.data, shape)

    @property
    def T(self):
        rows, columns = self.shape
        return Tensor((self.data[r * columns + c] for c in range(columns) for r in range(rows)), (columns, rows))

    def __matmul__(self, other):
        (rows, inner), (same, columns) = self.shape, other.shape
        assert inner == same, (self.shape, other.shape)
        return Tensor((sum(self.data[r * inner + i] * other.data[i * columns + c] for i in range(inner)) for r in range(rows) for c in range(columns)), (rows, columns))

    def combine(self, other, f):
        other = other if isinstance(other, Tensor) else Tensor([other], ())
        rank = max(len(self.shape), len(other.shape))
        a, b = (Tensor(t.data, (1,) * (rank - len(t.shape)) + t.shape) for t in (self, other))
        assert all(m == n or 1 in (m, n) for m, n in zip(a.shape, b.shape)), (a.shape, b.shape)
        shape = [n if m == 1 else m for m, n in zip(a.shape, b.shape)]
        indices = itertools.product(*map(range, shape))
        return Tensor((f(*(t.at([0 if n == 1 else i for i, n in zip(index, t.shape)]) for t in (a, b))) for index in indices), shape)

    def __add__(self, other): return self.combine(other, lambda a, b: a + b)
    def __sub__(self, other): return self.combine(other, lambda a, b: a - b)
    def __mul__(self, other): return self.combine(other, lambda a, b: a * b)
    def __truediv__(self, other): return self.combine(other, lambda a, b: a / b)
    def __gt__(self, other): return self.combine(other, lambda a, b: float(a > b))
    def __rmul__(self, other): return self * other
    def __rtruediv__(self, other): return self.combine(other, lambda a, b: b / a)

    def along(self, dim, keepdim, f):
        """f of the values along a dimension, which f leaves with one."""
        outer, n, inner = math.prod(self.shape[:dim]), self.shape[dim], math.prod(self.shape[dim + 1:])
        data = [f([self.data[(o * n + k) * inner + i] for k in range(n)]) for o in range(outer) for i in range(inner)]
        return Tensor(data, self.shape[:dim] + ((1,) if keepdim else ()) + self.shape[dim + 1:])

    def mean(self, dim, keepdim=False): return self.along(dim, keepdim, lambda v: sum(v) / len(v))
    def clamp(self, min): return self.combine(min, max)
    def norm(self, dim, keepdim=False): return self.along(dim, keepdim, lambda v: math.sqrt(sum(e * e for e in v)))
    def std(self, dim, keepdim=False): return self.along(dim, keepdim, lambda v: math.sqrt(sum((e - sum(v) / len(v)) ** 2 for e in v) / (len(v) - 1)))

    def max(self, dim, keepdim=False):
        return self.along(dim, keepdim, max), self.along(dim, keepdim, lambda v: v.index(max(v)))

    def topk(self, k, dim):
        assert dim == 1 and len(self.shape) == 2
        rows = [self.data[r * self.shape[1]:(r + 1) * self.shape[1]] for r in range(self.shape[0])]
        chosen = [sorted(range(len(row)), key=lambda i: -row[i])[:k] for row in rows]
        shape = (len(rows), k)
        return Tensor((row[i] for row, units in zip(rows, chosen) for i in units), shape), Tensor(sum(chosen, []), shape)

    def scatter(self, dim, index, source):
        assert dim == len(self.shape) - 1 and index.shape == source.shape and index.shape[:dim] == self.shape[:dim]
        result, width, count = Tensor(self.data, self.shape), self.shape[dim], index.shape[dim]
        for place, (unit, value) in enumerate(zip(index.data, source.data)):
            result.data[place // count * width + unit] = value
        return result

    def new_zeros(self, *shape): return Tensor([0.0] * math.prod(shape), shape)

    def tolist(self):
        rows, columns = self.shape
        return [self.data[r * columns:(r + 1) * columns] for r in range(rows)]


class Module:
    def register_buffer(self, name, value): setattr(self, name, value)
    def __call__(self, *arguments): return self.forward(*arguments)


def elementwise(f):
    return lambda x: Tensor(map(f, x.data), x.shape)


def gelu(x, approximate="none"):
    return elementwise({
        "none": lambda u: u * (1 + math.erf(u / math.sqrt(2))) / 2,
        "tanh": lambda u: u * (1 + math.tanh(math.sqrt(2 / math.pi) * (u + 0.044715 * u ** 3))) / 2,
    }[approximate])(x)


def frombuffer(data, dtype):
    values = array.array(dtype, bytes(data))
    return Tensor(values, (len(values),))


torch, nn, functional = (types.ModuleType(name) for name in ("torch", "torch.nn", "torch.nn.functional"))
torch.float32, torch.frombuffer = "f", frombuffer
torch.tensor = lambda rows: Tensor(sum(rows, []), (len(rows), len(rows[0])))
torch.zeros_like = lambda x: Tensor([0.0] * len(x.data), x.shape)
torch.sigmoid = elementwise(lambda u: 1 / (1 + math.exp(-u)))
functional.relu, functional.gelu = elementwise(lambda u: max(u, 0.0)), gelu
functional.silu = elementwise(lambda u: u / (1 + math.exp(-u)))
torch.nn, nn.functional, nn.Module = nn, functional, Module
sys.modules.update({m.__name__: m for m in (torch, nn, functional)})
