using System.CommandLine;
using Mxd.Cli.CommandLine;
using Mxd.Corpora;
using Mxd.Hub;
using Mxd.Interchange;
using Mxd.LanguageModels;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Cli.Commands;

/// <summary>Options of <c>mxd hub get</c>.</summary>
internal sealed record HubGetOptions
{
    [Option("--file", "Files to fetch (default: what reading the model takes). Of a data set, write owner/name:PATTERN instead.")]
    public IReadOnlyList<string> File { get; init; } = [];

    [Option("--dataset", "The id is a data set's.")]
    public bool Dataset { get; init; }
}

/// <summary><c>mxd hub get</c>: models and data sets of the hub into the cache, so that they are there where the network is not.</summary>
internal static class HubCommand
{
    public static Command Create() => new("hub", "Fetch models and data sets of the Hugging Face hub.") { CreateGet() };

    private static DocumentedCommand CreateGet()
    {
        var command = new DocumentedCommand(
            "get",
            "Fetch a model, a published layer or a data set into the cache that Python's huggingface_hub shares.",
            "mxd hub get EleutherAI/pythia-410m",
            "mxd hub get meta-llama/Llama-3.2-3B@main --json",
            "mxd hub get unsloth/SmolLM2-135M-Instruct-GGUF --file SmolLM2-135M-Instruct-Q4_K_M.gguf",
            "mxd hub get jbloom/GPT2-Small-SAEs-Reformatted:blocks.8.hook_resid_pre",
            "mxd hub get --dataset \"Skylion007/openwebtext:**/train-0000*\"");
        var id = new Argument<string?>("ID") { Description = "owner/name, or owner/name@revision; of a repository of layers, owner/name:FOLDER.", Arity = ArgumentArity.ZeroOrOne };
        command.Arguments.Add(id);
        var defaults = new HubGetOptions();
        var set = new OptionSet<HubGetOptions>(command, defaults);
        var json = new Option<bool>("--json") { Description = "Print the result as one JSON document.", Arity = ArgumentArity.Zero };
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            string name = parsed.GetValue(id) is { Length: > 0 } given ? given : throw new MxdInputException("ID is missing: name a model or data set, as in 'mxd hub get gpt2'.");
            HubGetOptions options = set.Apply(defaults, parsed);
            HubGetResult result = ProgressDisplay.Show(observer => Run(name, options, observer));
            if (parsed.GetValue(json)) Output.Json(result);
            else
                foreach (string file in result.Files) Console.Out.WriteLine(file);
            return 0;
        });
        return command;
    }

    private static HubGetResult Run(string name, HubGetOptions options, IRunObserver observer)
    {
        using var stop = new StopSignal(observer);
        var downloads = new ObservedDownloads(observer);
        if (options.Dataset)
        {
            if (options.File.Count > 0) throw new MxdInputException($"--file is for models: choose files of a data set by {HubId.SplitPart(name).Id}:PATTERN.");
            if (!TextFiles.IsOnHub(name)) throw new MxdInputException($"'{name}' is not the id of a data set: write owner/name, owner/name@revision or owner/name:PATTERN.");
            return new HubGetResult(name, [.. TextFiles.Fetch([name], downloads, stop.Token)]);
        }
        using var client = new HubClient(HubOptions.FromEnvironment());
        if (HubId.SplitPart(name).Part is not null)
        {
            string path = HubLayer.Fetch(client, name, downloads, stop.Token).Path;
            return new HubGetResult(name, File.Exists(path) ? [path] : [.. Directory.GetFiles(path).Order(StringComparer.Ordinal)]);
        }
        var id = HubId.Parse(KnownModel.FindId(name) ?? name);
        if (options.File.Count == 0)
        {
            string folder = HubModel.Fetch(client, id, downloads, stop.Token);
            return new HubGetResult(name, [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal)]);
        }
        HubSnapshot snapshot = client.Open(HubKind.Model, id, downloads, stop.Token);
        return new HubGetResult(name, [.. options.File.Select(file => client.Fetch(snapshot, file, downloads, stop.Token))]);
    }
}

/// <summary>What <c>mxd hub get</c> prints.</summary>
/// <param name="Id">As it was asked for.</param>
/// <param name="Files">Where its files are on this machine.</param>
internal sealed record HubGetResult(string Id, IReadOnlyList<string> Files);
