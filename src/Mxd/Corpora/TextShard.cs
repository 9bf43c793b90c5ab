namespace Mxd.Corpora;

/// <summary>One file of a corpus.</summary>
/// <param name="Name">What people are told: the path, or <c>owner/name@commit/path</c> of the hub.</param>
/// <param name="IsOnHub">Is it the hub's, whose commit and name say what it holds?</param>
/// <param name="Fetch">The path on this machine; downloads what is not here.</param>
internal sealed record TextShard(string Name, bool IsOnHub, Func<string> Fetch);
