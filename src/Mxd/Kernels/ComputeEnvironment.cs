using Mxd.Runtime;

namespace Mxd.Kernels;

/// <summary>Variables of the environment that say how layers are computed: <c>MXD_PATH</c> and <c>MXD_BFLOAT16</c>.</summary>
public static class ComputeEnvironment
{
    /// <summary>Reads them all, so that a wrong one is refused before any work.</summary>
    /// <exception cref="MxdInputException">A variable has a value that means nothing; a line for each.</exception>
    public static void Check()
    {
        var problems = new ProblemList();
        problems.Collect(() => { ComputePath.Parse(Environment.GetEnvironmentVariable(ComputePath.Variable)); });
        problems.Collect(() => { Bfloat16.Parse(Environment.GetEnvironmentVariable(Bfloat16.Variable)); });
        problems.ThrowIfAny();
    }
}
