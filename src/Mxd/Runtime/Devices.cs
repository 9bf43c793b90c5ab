using System.Globalization;
using TorchSharp;

namespace Mxd.Runtime;

/// <summary>The devices that torch can compute on here, and their names.</summary>
public static class Devices
{
    private const string Rule = "use cpu, cuda, cuda:N or auto";

    /// <summary>Names that <see cref="Parse"/> accepts on this machine: <c>cpu</c>, every <c>cuda:N</c>.</summary>
    /// <exception cref="MxdInputException">Libtorch cannot be loaded.</exception>
    public static IReadOnlyList<string> Available()
    {
        List<string> names = ["cpu"];
        for (int i = 0, count = CudaCount(); i < count; i++) names.Add(string.Create(CultureInfo.InvariantCulture, $"cuda:{i}"));
        return names;
    }

    /// <summary>
    /// The device of that name. <c>cuda</c> is <c>cuda:0</c>; <c>auto</c> is cuda where there is one, otherwise cpu.
    /// </summary>
    /// <exception cref="MxdInputException">The name is no device's, the device is not available here, or libtorch cannot be loaded.</exception>
    public static torch.Device Parse(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        (DeviceType? type, int index) = ParseName(name);
        LibTorch.Load();
        return type switch
        {
            DeviceType.CUDA => Cuda(name, index),
            DeviceType.MPS => throw new MxdInputException($"Device '{name}' cannot be used: it has no float64, in which metrics are computed; use cpu."),
            DeviceType.CPU => torch.CPU,
            _ => CudaCount() > 0 ? new torch.Device(DeviceType.CUDA, 0) : torch.CPU,
        };
    }

    /// <summary>What a name says, before it is known whether there is such a device; <c>auto</c> is null.</summary>
    internal static (DeviceType? Type, int Index) ParseName(string name) => name switch
    {
        "cpu" => (DeviceType.CPU, 0),
        "cuda" => (DeviceType.CUDA, 0),
        "mps" => (DeviceType.MPS, 0),
        "auto" => (null, 0),
        _ when name.StartsWith("cuda:", StringComparison.Ordinal)
            && int.TryParse(name.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out int index) => (DeviceType.CUDA, index),
        _ => throw new MxdInputException($"'{name}' is not a device: {Rule}."),
    };

    private static torch.Device Cuda(string name, int index)
    {
        int count = CudaCount();
        if (count == 0)
            throw new MxdInputException(
                $"Device '{name}' is not available: no CUDA device, or the program was built with a CPU-only libtorch; use cpu, " +
                "or reference a libtorch-cuda package.");
        if (index >= count)
            throw new MxdInputException($"Device '{name}' is not available: there are {count} CUDA devices; use cuda:0 to cuda:{count - 1}.");
        return new torch.Device(DeviceType.CUDA, index);
    }

    private static int CudaCount()
    {
        LibTorch.Load();
        return torch.cuda.is_available() ? torch.cuda.device_count() : 0;
    }
}
