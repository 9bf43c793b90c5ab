"""Runs a layer that mxd saved. Needs torch and nothing else; the layer is layer.safetensors in the same folder, or any file or folder given.

    layer = Layer("runs/mxd")              # x: [tokens, input width], float32
    a = layer.encode(x)                    # [tokens, units], zero for units that are not active; add to a column to steer
    y = layer.decode(a, x)                 # [tokens, output width], to replace the MLP's output; layer(x) does both
"""
import functools, json, os, struct
import torch
import torch.nn.functional as F

ACTIVATIONS = {"relu": F.relu, "gelu": F.gelu, "gelu-tanh": functools.partial(F.gelu, approximate="tanh"), "sigmoid": torch.sigmoid, "silu": F.silu}


def read_safetensors(path):
    with open(path, "rb") as file:
        length, = struct.unpack("<Q", file.read(8))
        header, data = json.loads(file.read(length)), bytearray(file.read())
    metadata = header.pop("__metadata__", {})
    flat = {key: torch.frombuffer(data[slice(*entry["data_offsets"])], dtype=torch.float32) for key, entry in header.items()}
    return metadata, {key: value.reshape(header[key]["shape"]) for key, value in flat.items()}


class Layer(torch.nn.Module):
    def __init__(self, path=os.path.dirname(os.path.abspath(__file__))):
        super().__init__()
        metadata, tensors = read_safetensors(os.path.join(path, "layer.safetensors") if os.path.isdir(path) else path)
        self.options = json.loads(metadata["layer"])["layer"]
        *parts, self.family = self.options["type"].split("-")
        if self.family not in ("mxd", "transcoder", "sae", "dense", "linear") or {*parts} - {"glu", "skip"}:
            raise ValueError(f"{path} has a layer of type {self.options['type']}, which is not known here")
        self.glu, self.skip = "glu" in parts, "skip" in parts or self.family == "linear"
        self.act = ACTIVATIONS[self.options.get("activation", "relu")]
        for key, value in tensors.items():  # W_glu.weight becomes W_glu_weight
            self.register_buffer(key.replace(".", "_"), value)

    def encode(self, x):
        o = self.options
        if self.family in ("dense", "linear"):
            return x.new_zeros(x.shape[0], 0)
        if self.family == "mxd":
            p = x @ self.gate.T + self.gate_bias
            return self.select(p, F.relu(p))
        mean, deviation, scale = self.moments(x)
        x = {"none": x, "layer_norm": (x - mean) / (deviation + 1e-5), "constant_norm_rescale": x * scale}[o["normalisation"]]
        x = x - self.b_dec if self.family == "sae" and o["subtracts_input_bias"] else x
        p = x @ self.W_enc + self.b_enc
        p = p * self.W_dec.norm(dim=1) if o["rescale_by_decoder_norm"] else p
        return self.select(p, self.act(p) * (x @ self.W_glu_weight.T + self.W_glu_bias) if self.glu else self.act(p))

    def select(self, p, u):  # of pre-activations p and activations u
        kind, k = self.options["sparsity"]["kind"], self.options["sparsity"].get("k")
        if kind == "topk":
            values, units = u.topk(k, dim=1)
            return torch.zeros_like(u).scatter(1, units, values)
        if kind == "groupmax":  # of each of k groups of neighbours
            values, units = u.reshape(u.shape[0], k, -1).max(dim=2, keepdim=True)
            return torch.zeros_like(u).reshape(u.shape[0], k, -1).scatter(2, units, values).reshape(u.shape)
        return {"l1": lambda: u, "batch-topk": lambda: u * (u > self.threshold), "jumprelu": lambda: u * (p > self.threshold)}[kind]()

    def decode(self, a, x):
        o, bias = self.options, self.b_dec if self.family == "sae" else self.b_dec_out
        if self.family in ("mxd", "dense"):
            z = self.act(x @ self.W_enc + self.b_enc) * (x @ self.W_glu_weight.T + self.W_glu_bias if self.glu else 1)
            y = (a @ self.W_cond.T if self.family == "mxd" else 1) * (z @ self.W_dec) + bias
        elif self.family == "linear":
            y = bias
        else:
            y = (a / self.W_dec.norm(dim=1).clamp(min=1e-30) if o["rescale_by_decoder_norm"] else a) @ self.W_dec + bias
        if self.family == "sae":  # undo the normalisation: the output stands for the input
            mean, deviation, scale = self.moments(x)
            y = {"none": y, "layer_norm": y * deviation + mean, "constant_norm_rescale": y / scale}[o["normalisation"]]
        return y + x @ self.W_skip_weight.T if self.skip else y

    def moments(self, x):
        return x.mean(dim=1, keepdim=True), x.std(dim=1, keepdim=True), x.shape[1] ** 0.5 / x.norm(dim=1, keepdim=True).clamp(min=1e-30)

    def forward(self, x):
        return self.decode(self.encode(x), x)
