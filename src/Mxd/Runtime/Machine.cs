using System.Globalization;
using System.Runtime.InteropServices;
using TorchSharp;

namespace Mxd.Runtime;

/// <summary>The machine and versions that a result was made with: part of every run's record, and what <c>mxd doctor</c> prints.</summary>
public sealed record Machine
{
    /// <summary>Name and version, such as <c>Debian GNU/Linux 12 (bookworm)</c>.</summary>
    public required string OperatingSystem { get; init; }

    /// <summary>Such as <c>x64</c>.</summary>
    public required string Architecture { get; init; }

    public required Processor Processor { get; init; }

    public required SystemMemory Memory { get; init; }

    /// <summary>Such as <c>.NET 10.0.1</c>.</summary>
    public required string DotNetVersion { get; init; }

    /// <summary>Null where libtorch could not be loaded; <see cref="LibTorch.Report"/> says why.</summary>
    public string? LibTorchVersion { get; init; }

    /// <summary>Threads that torch's kernels use; null where libtorch could not be loaded.</summary>
    public int? TorchThreads { get; init; }

    /// <summary>Names of torch's devices, see <see cref="Devices.Available"/>; empty where libtorch could not be loaded.</summary>
    public required IReadOnlyList<string> TorchDevices { get; init; }

    /// <summary>Reads all of it; loads libtorch, and does without where that fails.</summary>
    public static Machine Describe()
    {
        LibTorchReport torchReport = LibTorch.Report;
        bool loaded = torchReport.Error is null;
        return new Machine
        {
            OperatingSystem = RuntimeInformation.OSDescription,
            Architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant(),
            Processor = Processor.Describe(),
            Memory = SystemMemory.Read(),
            DotNetVersion = RuntimeInformation.FrameworkDescription,
            LibTorchVersion = loaded ? torchReport.LibTorchVersion : null,
            TorchThreads = loaded ? torch.get_num_threads() : null,
            TorchDevices = loaded ? Devices.Available() : [],
        };
    }

    /// <summary>One line for logs and benchmark files.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Processor.Model}, {Processor.LogicalCores} cores ({string.Join(", ", Processor.Features)}), {ByteSize.Format(Memory.Total)}, " +
        $"{OperatingSystem} {Architecture}, {DotNetVersion}, libtorch {LibTorchVersion ?? "not loaded"} with {TorchThreads ?? 0} threads");
}
