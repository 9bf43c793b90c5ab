namespace Mxd.Runtime;

/// <summary>Gathers everything that is wrong with a request, a line each, so that a person hears of all of it at once.</summary>
public sealed class ProblemList
{
    private readonly List<string> lines = [];

    public bool IsEmpty => lines.Count == 0;

    public IReadOnlyList<string> Lines => lines;

    /// <summary>A line that is there already is not added again.</summary>
    public void Add(string line)
    {
        if (!lines.Contains(line)) lines.Add(line);
    }

    public void AddIf(bool isWrong, string line)
    {
        if (isWrong) Add(line);
    }

    /// <summary>Adds what a check refuses.</summary>
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

    /// <summary>What <paramref name="open"/> gives; null where it refuses, which is added.</summary>
    public T? Collect<T>(Func<T> open) where T : class
    {
        T? result = null;
        Collect(() => { result = open(); });
        return result;
    }

    /// <exception cref="MxdInputException">There is a problem; the message has a line for each.</exception>
    public void ThrowIfAny()
    {
        if (!IsEmpty) throw new MxdInputException(string.Join('\n', lines));
    }
}
