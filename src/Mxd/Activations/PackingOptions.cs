using Mxd.Corpora;
using Mxd.Hub;

namespace Mxd.Activations;

/// <summary>How texts become contexts.</summary>
public sealed record PackingOptions
{
    /// <summary>Tokens a context, the first token included; at least 2.</summary>
    public int ContextLength { get; init; } = 128;

    /// <summary>Contexts after which reading stops; all there are, unless set.</summary>
    public long MaximumContexts { get; init; } = long.MaxValue;

    /// <summary>Which documents to leave out, such as those of the other side of a <see cref="HeldOutSplit"/>; none, unless set.</summary>
    public Predicate<Document>? LeaveOut { get; init; }

    /// <summary>The field of each JSON object, or the column, that holds the text.</summary>
    public string TextField { get; init; } = "text";

    /// <summary>Is told of rows that are wrong, which are passed over; null where the first ends the reading.</summary>
    public BadRows? BadRows { get; init; }

    /// <summary>Hears of downloads, where the text is on the hub.</summary>
    public IHubProgress? Downloads { get; init; }

    /// <summary>Threads that tokenise; the result is the same with any number. As many as there are cores, unless set.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;
}
