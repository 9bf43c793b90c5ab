using static TorchSharp.torch;

namespace Mxd.Tests.Formats.Pickle;

internal static class TestTensors
{
    /// <summary>The first tensor of a process loads libtorch, which takes megabytes; a test that counts memory makes it before.</summary>
    public static void LoadTorch() => zeros(1).Dispose();
}
