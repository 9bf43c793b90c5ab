using System.Runtime.CompilerServices;
using Mxd.Runtime;

namespace Mxd.Tests.Runtime;

internal static class TorchModule
{
    // A test may use TorchSharp before anything of mxd, whose own initializer would then come too late.
    [ModuleInitializer]
    internal static void Initialize() => LibTorch.LoadOnFirstUse();
}
