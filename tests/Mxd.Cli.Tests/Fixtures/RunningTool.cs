using System.Diagnostics;
using System.Globalization;

namespace Mxd.Cli.Tests.Fixtures;

/// <summary>An <c>mxd</c> at work.</summary>
internal sealed class RunningTool
{
    private static readonly TimeSpan limit = TimeSpan.FromSeconds(300);

    private readonly Process process;
    private readonly Task<string> output, error;

    public RunningTool(ProcessStartInfo start)
    {
        process = Process.Start(start)!;
        process.StandardInput.Close();
        output = process.StandardOutput.ReadToEndAsync();
        error = process.StandardError.ReadToEndAsync();
    }

    public ToolResult WaitForExit()
    {
        if (!process.WaitForExit(limit))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"mxd did not end within {limit.TotalSeconds} s; stderr: {error.Result}");
        }
        var result = new ToolResult(process.ExitCode, output.Result, error.Result);
        process.Dispose();
        return result;
    }

    /// <summary>Waits until something has come about; the process must still run then.</summary>
    public void WaitUntil(Func<bool> condition)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            if (process.HasExited) Assert.Fail($"mxd ended with {process.ExitCode} before the moment waited for; stderr: {error.Result}");
            if (clock.Elapsed > limit) Assert.Fail("The moment waited for did not come.");
            Thread.Sleep(2);
        }
    }

    /// <summary>As the machine's failure would: nothing is saved.</summary>
    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
    }

    /// <summary>Sends a signal such as <c>INT</c>.</summary>
    public void Signal(string name)
    {
        using Process kill = Process.Start("kill", ["-" + name, process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }
}
