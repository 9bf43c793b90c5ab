using Mxd.Runtime;

namespace Mxd.Training;

/// <summary>What is wrong with a sweep, each once: by itself where it concerns all configurations, with their names where it concerns some.</summary>
/// <param name="names">Of all configurations.</param>
internal sealed class SweepProblems(IReadOnlyList<string> names)
{
    private const int MostNames = 3;

    private readonly List<string> lines = [];
    private readonly Dictionary<string, List<string>> concerned = [];

    public bool IsEmpty => lines.Count == 0;

    /// <summary>A line that concerns all.</summary>
    public void Add(string line)
    {
        foreach (string name in names) Add(name, line);
    }

    public void Add(string name, string line)
    {
        if (!concerned.TryGetValue(line, out List<string>? some))
        {
            lines.Add(line);
            concerned[line] = some = [];
        }
        if (!some.Contains(name)) some.Add(name);
    }

    /// <summary>Adds what a check of a configuration refuses.</summary>
    public T? Collect<T>(string name, Func<T> check) where T : class
    {
        try
        {
            return check();
        }
        catch (MxdInputException e)
        {
            foreach (string line in e.Message.Split('\n')) Add(name, line);
            return null;
        }
    }

    /// <summary>Adds what a check of all refuses.</summary>
    public void Collect(Action check)
    {
        try
        {
            check();
        }
        catch (MxdInputException e)
        {
            foreach (string line in e.Message.Split('\n')) Add(line);
        }
    }

    /// <exception cref="MxdInputException">There is a problem; the message has a line for each.</exception>
    public void ThrowIfAny()
    {
        if (!IsEmpty) throw new MxdInputException(string.Join('\n', lines.Select(Shown)));
    }

    private string Shown(string line)
    {
        List<string> some = concerned[line];
        if (some.Count == names.Count) return line;
        string more = some.Count > MostNames ? $" and {some.Count - MostNames} more" : "";
        return $"{string.Join(", ", some.Take(MostNames))}{more}: {line}";
    }
}
