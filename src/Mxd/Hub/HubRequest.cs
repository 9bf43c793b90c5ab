namespace Mxd.Hub;

/// <summary>What the hub is asked.</summary>
/// <param name="Method">GET, or HEAD for what the hub says of a file.</param>
/// <param name="Address">On the hub.</param>
/// <param name="IsFollowed">Are redirects to other servers followed? Those within the hub always are.</param>
/// <param name="From">First byte that is wanted.</param>
/// <param name="IsRepeated">Is a connection that breaks tried again? A download does that itself, from where it broke.</param>
internal sealed record HubRequest(HttpMethod Method, Uri Address, bool IsFollowed = true, long From = 0, bool IsRepeated = true);
