using Mxd.Chat;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Exploration.Judging;

/// <summary>Everything that judging by services reads, checked before anything is asked.</summary>
public sealed class ChatJudgeInput : IDisposable
{
    private ChatJudgeInput(IReadOnlyList<JudgedFile> files, IReadOnlyList<NamedService> services, JudgeInput? local)
    {
        (Files, Services, Local) = (files, services, local);
    }

    public IReadOnlyList<JudgedFile> Files { get; }

    /// <summary>Who is asked, in their order.</summary>
    public IReadOnlyList<NamedService> Services { get; }

    /// <summary>What the language model reads, where it judges beside them; null where not.</summary>
    public JudgeInput? Local { get; }

    /// <summary>Checks everything.</summary>
    /// <param name="paths">Files of samples.</param>
    /// <param name="options">How to judge.</param>
    /// <param name="asking">How services are asked.</param>
    /// <param name="environment">An environment variable's value, or null.</param>
    /// <param name="observer">Hears of downloads.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <exception cref="MxdInputException">Everything that is wrong, a line each.</exception>
    public static ChatJudgeInput Open(
        IReadOnlyList<string> paths, JudgeOptions options, AskingOptions asking, Func<string, string?> environment, IRunObserver observer, CancellationToken cancellation)
    {
        var problems = new ProblemList();
        foreach (string problem in options.Problems()) problems.Add(problem);
        if (options.Out is { } figures && new RunFolder(figures).WhyNotWritable() is { } obstacle) problems.Add(obstacle);
        IReadOnlyList<NamedService> services = NamedService.ReadAll("--judge", [.. options.Services], asking, environment, problems);
        List<JudgedFile> files = [];
        foreach (string path in paths) problems.Collect(() => files.Add(JudgedFile.Read(path)));
        JudgeInput? local = null;
        // Its own problems are said too, and those that are the same once.
        if (options.IsLocal) problems.Collect(() => { local = JudgeInput.Open(paths, options, observer, cancellation); });
        try
        {
            problems.ThrowIfAny();
        }
        catch
        {
            local?.Dispose();
            throw;
        }
        return new ChatJudgeInput(files, services, local);
    }

    public void Dispose() => Local?.Dispose();
}
