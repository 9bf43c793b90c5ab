using Mxd.Formats;
using Mxd.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>Tensors as kernels see them: addresses, which are good as long as the tensor is kept alive.</summary>
internal static unsafe class TensorViews
{
    /// <summary>Can kernels work on it: contiguous float32 in this process's memory?</summary>
    public static bool IsPlain(this Tensor tensor) =>
        tensor.device_type == DeviceType.CPU && tensor.dtype == ScalarType.Float32 && tensor.is_contiguous();

    public static float* Floats(this Tensor tensor) => tensor.dtype == ScalarType.Float32
        ? (float*)TensorMemory.Start(tensor)
        : throw new ArgumentException($"Kernels need float32, not {tensor.dtype}.", nameof(tensor));

    /// <summary>A matrix.</summary>
    public static MatrixView View(this Tensor tensor) => new(tensor.Floats(), checked((int)tensor.shape[0]), checked((int)tensor.shape[1]));
}
