using System.Diagnostics;

namespace Mxd.Cli.Tests.Fixtures;

/// <summary>Starts the built <c>mxd</c> that lies beside the tests, as a user's shell would.</summary>
internal static class Tool
{
    /// <summary>Path of the program that <see cref="Host"/> runs.</summary>
    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "Mxd.Cli.dll");

    /// <summary>The <c>dotnet</c> that runs the tests, or that of the path.</summary>
    public static string Host { get; } = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host ? host : "dotnet";

    /// <summary>Was this process started with interrupts ignored? Bit 1 of SigIgn is SIGINT; processes started from here inherit it.</summary>
    public static bool IgnoresInterrupts { get; } = File.Exists("/proc/self/status")
        && File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith("SigIgn:", StringComparison.Ordinal)) is { } line
        && (Convert.ToUInt64(line[7..].Trim(), 16) & 2) != 0;

    public static ToolResult Run(params IEnumerable<string> arguments) => Start(arguments).WaitForExit();

    public static RunningTool Start(params IEnumerable<string> arguments) => new(Describe(arguments));

    /// <summary>How a run is to be started; tests add to its environment.</summary>
    public static ProcessStartInfo Describe(IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Host, ["exec", Program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        // Products of a few hundred values: with more threads than one, a busy machine waits at barriers and computes nothing.
        start.Environment["OMP_NUM_THREADS"] = "1";
        start.Environment.Remove("MXD_TRACE");
        // Nothing here is to reach for the hub, or into a cache of the machine's; tests of the hub set their own.
        start.Environment["HF_HUB_OFFLINE"] = "1";
        start.Environment["HF_HUB_CACHE"] = Path.Combine(Path.GetTempPath(), "mxd-tests-no-such-cache");
        start.Environment.Remove("HF_TOKEN");
        return start;
    }
}
