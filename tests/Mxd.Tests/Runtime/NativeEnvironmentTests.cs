using Mxd.Runtime;

namespace Mxd.Tests.Runtime;

public sealed class NativeEnvironmentTests
{
    [Fact]
    public void SetDefault_SetsAnUnsetVariable_ForNativeCode()
    {
        const string name = "MXD_TEST_UNSET_VARIABLE";
        Assert.Null(NativeEnvironment.Get(name));
        NativeEnvironment.SetDefault(name, "value");
        Assert.Equal("value", NativeEnvironment.Get(name));
    }

    [Fact]
    public void SetDefault_LeavesAVariableThatTheUserSet()
    {
        string name = OperatingSystem.IsWindows() ? "Path" : "PATH";
        string? before = NativeEnvironment.Get(name);
        Assert.NotNull(before);
        NativeEnvironment.SetDefault(name, "nothing");
        Assert.Equal(before, NativeEnvironment.Get(name));
    }
}
