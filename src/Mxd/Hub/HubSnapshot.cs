namespace Mxd.Hub;

/// <summary>What a repository holds.</summary>
public enum HubKind
{
    Model,
    Dataset,
}

/// <summary>A repository at one commit.</summary>
/// <param name="Kind">What it holds.</param>
/// <param name="Id">As it was asked for.</param>
/// <param name="Commit">The commit its revision stands for.</param>
/// <param name="Files">Paths of its files, with slashes.</param>
/// <param name="Folder">Where files of this commit are kept.</param>
/// <param name="IsOfCache">Has the hub never given a list, so that the files are those the cache has, perhaps not all?</param>
public sealed record HubSnapshot(HubKind Kind, HubId Id, string Commit, IReadOnlyList<string> Files, string Folder, bool IsOfCache = false);

/// <summary>Hears of downloads.</summary>
public interface IHubProgress
{
    /// <summary>A download starts, of so many bytes (0 where that is not known).</summary>
    void Begin(string what, long bytes);

    /// <summary>So many of its bytes are there.</summary>
    void Advance(long bytes);

    /// <summary>A line to know: a repetition, a cache used for want of the hub.</summary>
    void Note(string line);
}
