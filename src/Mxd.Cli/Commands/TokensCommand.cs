using System.CommandLine;
using System.Text.Json;
using Mxd.Cli.CommandLine;
using Mxd.Corpora;
using Mxd.Hub;
using Mxd.LanguageModels;
using Mxd.Runtime;
using Mxd.Tokenizers;
using Mxd.Training;

namespace Mxd.Cli.Commands;

/// <summary>Options of <c>mxd tokens</c>.</summary>
internal sealed record TokensOptions
{
    [Option("--model", "The language model whose tokenizer is used: a hub id, a folder or a .gguf file.", IsPath = true, MayBeHubId = true)]
    public string Model { get; init; } = "";

    [Option("--text", "The text: .jsonl, .csv, .parquet or .txt files, also .gz and .zst; folders, patterns, or a data set of the hub.", IsPath = true, MayBeHubId = true)]
    public IReadOnlyList<string> Text { get; init; } = [];

    [Option("--text-field", "The field of each JSON object, or the column, that holds the text.")]
    public string TextField { get; init; } = "text";

    [Option("--skip-bad", "Pass over rows of the text that are wrong, and count them.")]
    public bool SkipBad { get; init; }
}

/// <summary><c>mxd tokens</c>: the token ids of each document, nothing added.</summary>
internal static class TokensCommand
{
    public static Command Create()
    {
        var command = new DocumentedCommand(
            "tokens",
            "Print the token ids of each document, nothing added: a line a document.",
            "mxd tokens --model model.gguf --text notes.txt",
            "mxd tokens --model model.gguf --text train.jsonl --json");
        var defaults = new TokensOptions();
        var set = new OptionSet<TokensOptions>(command, defaults);
        foreach (Option required in set.Of(nameof(TokensOptions.Model), nameof(TokensOptions.Text))) command.Require(required);
        var json = new Option<bool>("--json") { Description = "Print one JSON document.", Arity = ArgumentArity.Zero };
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            TokensOptions options = set.Apply(defaults, parsed);
            (ITokenizer tokenizer, options) = ProgressDisplay.Show(observer => Open(options, observer));
            IEnumerable<int[]> documents = Read(options, options.SkipBad ? new BadRows() : null).Select(d => tokenizer.Encode(d.Text));
            if (parsed.GetValue(json)) WriteJson(documents);
            else
                foreach (int[] ids in documents) Console.Out.WriteLine(string.Join(' ', ids));
            return 0;
        });
        return command;
    }

    /// <summary>Loads the tokenizer, and reads every document once before any is printed, so that a bad line at the end does not leave half a
    /// result; a data set of the hub is named by its commit from then on.</summary>
    private static (ITokenizer Tokenizer, TokensOptions Options) Open(TokensOptions options, IRunObserver observer)
    {
        using var stop = new StopSignal(observer);
        var downloads = new ObservedDownloads(observer);
        var bad = options.SkipBad ? new BadRows() : null;
        options = options with { Text = TextFiles.Pin(options.Text, downloads, stop.Token) };
        TextFiles.Check(options.Text, options.TextField, options.SkipBad, downloads, cancellation: stop.Token);
        ITokenizer tokenizer = ModelFile.OpenTokenizer(options.Model, downloads, stop.Token);
        foreach (Document _ in Read(options, bad, downloads, stop.Token)) stop.Token.ThrowIfCancellationRequested();
        if (bad?.Describe() is { } skipped) observer.Note(skipped);
        return (tokenizer, options);
    }

    private static IEnumerable<Document> Read(TokensOptions options, BadRows? bad, IHubProgress? downloads = null, CancellationToken cancellation = default) =>
        TextFiles.Read(options.Text, options.TextField, bad, downloads, cancellation: cancellation);

    /// <summary>Document by document: a corpus need not fit in memory.</summary>
    private static void WriteJson(IEnumerable<int[]> documents)
    {
        using Stream output = Console.OpenStandardOutput();
        using var writer = new Utf8JsonWriter(output);
        writer.WriteStartObject();
        writer.WriteStartArray("documents");
        foreach (int[] ids in documents)
        {
            writer.WriteStartObject();
            writer.WriteStartArray("ids");
            foreach (int id in ids) writer.WriteNumberValue(id);
            writer.WriteEndArray();
            writer.WriteEndObject();
            if (writer.BytesPending > 1 << 20) writer.Flush();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
        output.WriteByte((byte)'\n');
    }
}
