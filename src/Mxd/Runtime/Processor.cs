using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using System.Text;

namespace Mxd.Runtime;

/// <summary>The CPU: what decides how fast the kernels can be.</summary>
/// <param name="Model">Its name, such as <c>AMD EPYC 9R14</c>; <c>unknown</c> where the system does not tell.</param>
/// <param name="Features">Those of AVX2, AVX-512F, AVX512-BF16, AMX-BF16 (or NEON) that it has and this process may use.</param>
/// <param name="LogicalCores">Cores that this process may use; a container may have fewer than the machine.</param>
public sealed record Processor(string Model, IReadOnlyList<string> Features, int LogicalCores)
{
    private const string Bf16 = "AVX512-BF16", AmxBf16 = "AMX-BF16";

    /// <summary>Has it instructions for products of bfloat16?</summary>
    public bool HasNarrowProducts => Features.Contains(Bf16) || Features.Contains(AmxBf16);

    public static Processor Describe() => new(ReadModel() ?? "unknown", [.. ReadFeatures()], Environment.ProcessorCount);

    private static string? ReadModel()
    {
        if (X86Base.IsSupported) return ReadBrand();
        if (OperatingSystem.IsWindows()) return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER");
        string? line = ProcFile.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal));
        return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }

    // CPUID leaves 0x80000002 to 0x80000004 hold the name's 48 bytes.
    private static string? ReadBrand()
    {
        if ((uint)X86Base.CpuId(unchecked((int)0x80000000), 0).Eax < 0x80000004) return null;
        int[] words = new int[12];
        for (int i = 0; i < 3; i++)
        {
            var leaf = X86Base.CpuId(unchecked((int)0x80000002) + i, 0);
            (words[i * 4], words[i * 4 + 1], words[i * 4 + 2], words[i * 4 + 3]) = (leaf.Eax, leaf.Ebx, leaf.Ecx, leaf.Edx);
        }

        return Encoding.ASCII.GetString(MemoryMarshal.AsBytes<int>(words)).Trim('\0', ' ');
    }

    private static IEnumerable<string> ReadFeatures()
    {
        if (Avx2.IsSupported) yield return "AVX2";
        if (Avx512F.IsSupported)
        {
            yield return "AVX-512F";
            // Leaf 7: no class of .NET's tells these two.
            if ((X86Base.CpuId(7, 1).Eax & (1 << 5)) != 0) yield return Bf16;
            if ((X86Base.CpuId(7, 0).Edx & (1 << 22)) != 0) yield return AmxBf16;
        }

        if (AdvSimd.IsSupported) yield return "NEON";
    }
}
