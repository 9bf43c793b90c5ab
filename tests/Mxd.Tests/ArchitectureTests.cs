using System.Text.RegularExpressions;

namespace Mxd.Tests;

/// <summary>Data flows one way through the library's folders, and so do dependencies.</summary>
public partial class ArchitectureTests
{
    /// <summary>In the order of the road that data takes; a folder uses only those before it.</summary>
    private static readonly string[] order =
    [
        "Runtime", "Formats", "Hub", "Corpora", "Tokenizers", "LanguageModels", "Activations", "Kernels", "Layers", "Interchange", "Metrics",
        "Training", "Evaluation", "Figures", "Chat", "Exploration",
    ];

    private static string Library => Path.Combine(TestFiles.Root, "src", "Mxd");

    public static TheoryData<string> Folders =>
        [.. Directory.GetDirectories(Library).Select(folder => Path.GetFileName(folder)).Where(name => name is not ("bin" or "obj")).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Folders))]
    public void AFolder_UsesOnlyFoldersBeforeIt(string folder)
    {
        Assert.Contains(folder, order);
        string[] files = Directory.GetFiles(Path.Combine(Library, folder), "*.cs", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        Assert.Empty(files.SelectMany(file => Violations(folder, File.ReadAllText(file)).Select(v => $"{Path.GetFileName(file)}: {v}")));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void AFile_HasTheNamespaceOfItsFolder(string folder)
    {
        foreach (string file in Directory.GetFiles(Path.Combine(Library, folder), "*.cs", SearchOption.AllDirectories))
        {
            string below = Path.GetRelativePath(Library, Path.GetDirectoryName(file)!).Replace(Path.DirectorySeparatorChar, '.');
            Assert.Contains($"namespace Mxd.{below};", File.ReadAllText(file), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("Layers", "using Mxd.Training;")]
    [InlineData("Layers", "global using Mxd.Training;")]
    [InlineData("Layers", "using Options = Mxd.Training.TrainOptions;")]
    [InlineData("Formats", "    Mxd.Tokenizers.ITokenizer tokenizer;")]
    [InlineData("Formats", "    global::Mxd.Tokenizers.ITokenizer tokenizer;")]
    [InlineData("Formats", "/// <see cref=\"Mxd.Tokenizers.ITokenizer\"/>")]
    [InlineData("Layers", "namespace Mxd.Layers; class A { Training.Trainer trainer; }")]
    [InlineData("Layers", "namespace Mxd.Layers; class A { List<Training.Trainer> trainers; }")]
    [InlineData("Runtime", "using Mxd.Unheard;")]
    public void Violations_FindsUsesOfLaterFolders(string folder, string source) => Assert.Single(Violations(folder, source));

    [Theory]
    [InlineData("Layers", "using Mxd.Runtime;\nusing Mxd.Kernels;\n\nnamespace Mxd.Layers;")]
    [InlineData("Formats", "using Mxd.Formats.Blocks;")]
    [InlineData("Layers", "/// <see cref=\"Layers.UnitRows\"/>, and Training. Then")]
    [InlineData("Layers", "var x = options.Training.Value; // Training.")]
    [InlineData("Layers", "using System.Linq;")]
    public void Violations_TakesWhatIsAllowed(string folder, string source) => Assert.Empty(Violations(folder, source));

    /// <summary>Folders that a source file of <paramref name="folder"/> names and may not: later ones, and ones without a place in the order.</summary>
    private static string[] Violations(string folder, string source)
    {
        int own = Array.IndexOf(order, folder);
        return [.. Names().Matches(source).Select(match => match.Groups["folder"].Value)
            .Concat(Relative().Matches(source).Select(match => match.Groups["folder"].Value).Where(order.Contains))
            .Where(name => Array.IndexOf(order, name) is var place && (place < 0 || place > own))
            .Select(name => $"{folder} uses {name}")];
    }

    /// <summary>A full name.</summary>
    [GeneratedRegex(@"\bMxd\.(?<folder>\w+)")]
    private static partial Regex Names();

    /// <summary>A name within Mxd, as code inside a namespace of it may write: Folder.Type.</summary>
    [GeneratedRegex(@"(?<![\w.])(?<folder>[A-Z]\w+)\.[A-Z]\w*")]
    private static partial Regex Relative();
}
