using System.Net;
using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.Hub;

/// <summary>What a person is told where the hub does not give what was asked for. The token is in none of it.</summary>
internal sealed class HubErrors(HubOptions options, HubKind kind, HubId id)
{
    private string What => $"{(kind == HubKind.Model ? "Model" : "Data set")} {id}{Near}";

    /// <summary>What looks like an id may be a path that was mistyped.</summary>
    private string Near => id.Name.Split('/') is [var folder, var name] && Directory.Exists(folder) ? $" (nor is there {Shown.Name(name)} in the folder {folder} here)" : "";

    private string Page => $"{options.Endpoint.ToString().TrimEnd('/')}/{(kind == HubKind.Dataset ? "datasets/" : "")}{id.Name}";

    /// <summary>What can be used without the hub.</summary>
    private string Instead => kind == HubKind.Model ? "name a folder or .gguf file" : "name files that are here";

    /// <param name="status">What the hub answered.</param>
    /// <param name="code">Its X-Error-Code, where there is one.</param>
    /// <param name="file">The file that was asked for; null for the repository itself.</param>
    public MxdInputException Of(HttpStatusCode status, string? code, string? file)
    {
        string what = file is null ? What : $"{What}, file {Shown.Name(file)},";
        return new MxdInputException((status, code) switch
        {
            (_, "GatedRepo") or (HttpStatusCode.Forbidden, _) => options.Token is null
                ? $"{What} is gated: ask for access on {Page}, and pass your token in HF_TOKEN."
                : $"{What} is gated, and the token given has no access to it: ask for access on {Page} with its account, and let a fine-grained token read gated repositories.",
            (_, "RevisionNotFound") => $"{What} has no revision '{id.Revision}': name a branch, tag or commit of {Page}.",
            (_, "EntryNotFound") => $"{what} does not exist on the hub: see the files on {Page}.",
            (HttpStatusCode.Unauthorized, _) => options.Token is null
                ? $"{What} is not on the hub under that name, or is private: look for a typing error, name a folder that exists, or pass a token that may read it in HF_TOKEN."
                : $"{What} is not on the hub under that name, or the token given is invalid or may not read it: look for a typing error, and renew HF_TOKEN.",
            (HttpStatusCode.NotFound, _) => file is null || code == "RepoNotFound"
                ? $"{What} is not on the hub{(options.Token is null ? "" : " for the token given")}, and no folder or file of that name is here: look for a typing error in the id (owner/name)."
                : $"{what} does not exist on the hub: see the files on {Page}.",
            (HttpStatusCode.TooManyRequests, _) => $"{options.Endpoint.Host} refuses more requests for now (429): wait some minutes{(options.Token is null ? ", or pass a token in HF_TOKEN, which allows more" : "")}.",
            ( >= HttpStatusCode.InternalServerError, _) => $"{options.Endpoint.Host} fails with {(int)status}: try again later; what is downloaded already is kept.",
            _ => $"{what} was answered with {(int)status} by {options.Endpoint.Host}: try again later, or download it by other means and {Instead}.",
        });
    }

    public MxdInputException Offline(string? file) => new(file is null
        ? $"{What} is not in the cache {options.Cache}, and HF_HUB_OFFLINE forbids to download it: unset HF_HUB_OFFLINE, set HF_HUB_CACHE to a cache that has it, or {Instead}."
        : $"{What}, file {Shown.Name(file)}, is not in the cache {options.Cache}, and HF_HUB_OFFLINE forbids to download it: unset HF_HUB_OFFLINE.");

    public MxdInputException Unreachable(Exception cause) => new(
        $"{What} cannot be had from {options.Endpoint.Host} ({OneLine.Of(cause.GetBaseException())}): check the connection (or HF_ENDPOINT), or {Instead}.", cause);

    public MxdInputException Refused(string why) => new($"{What}: {why}");
}
