using Mxd.Corpora;
using Mxd.Hub;

namespace Mxd.Training;

/// <summary>Data sets of the hub that are named without a revision, where it is known which commit is meant.</summary>
internal static class PinnedText
{
    /// <summary>The names as they were pinned before, where they mean the same.</summary>
    public static IReadOnlyList<string> As(IReadOnlyList<string> names, IReadOnlyList<string> before) =>
        names.Count == before.Count && names.Zip(before).All(pair => pair.First == pair.Second || IsPinned(pair.First, pair.Second)) ? before : names;

    private static bool IsPinned(string name, string pinned)
    {
        (string id, string? part) = HubId.SplitPart(name);
        (string pinnedId, string? pinnedPart) = HubId.SplitPart(pinned);
        return TextFiles.IsOnHub(name) && HubId.TryParse(id, out HubId? asked) && HubId.TryParse(pinnedId, out HubId? began)
            && part == pinnedPart && asked.Name == began.Name && asked.Revision == HubId.DefaultRevision;
    }
}
