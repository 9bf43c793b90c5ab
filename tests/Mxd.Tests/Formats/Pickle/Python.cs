using System.ComponentModel;
using System.Diagnostics;

namespace Mxd.Tests.Formats.Pickle;

/// <summary>Python's standard library as a second reader.</summary>
internal static class Python
{
    /// <summary>What a script prints; the test is skipped, saying so, where there is no Python, and fails where the script does.</summary>
    public static string Run(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo("python3", ["-c", script, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PYTHONIOENCODING"] = "utf-8";
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            Assert.Skip("python3 is absent; it would read the file as a second reader.");
            throw;
        }
        using (process)
        {
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, errors.GetAwaiter().GetResult());
            return output;
        }
    }

    /// <summary>Skips the test where Python has no torch, saying what stands in for it.</summary>
    public static void RequireTorch(string instead) => Assert.SkipUnless(
        Run("import importlib.util; print(importlib.util.find_spec('torch') is not None)").Trim() == "True",
        $"python3 has no torch here; {instead}.");
}
