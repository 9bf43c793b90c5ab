using Mxd.Evaluation;
using Mxd.Interchange;
using Mxd.Layers;
using Mxd.Tests.Layers;
using Mxd.Training;

namespace Mxd.Tests.Evaluation;

public class LayerSequenceTests
{
    [Theory]
    [InlineData("mxd-4@22 mxd-4@8 mxd-4@15", "mxd, K = 4: 1 2 0")]
    [InlineData("mxd-4@8 transcoder-8@3", "all runs: 1 0")]
    [InlineData("mxd-4@8 mxd-8@3", "mxd: 1 0")]
    [InlineData("mxd-4@8 mxd-4@15 transcoder-4@15 transcoder-8@8", "mxd, K = 4: 0 1|transcoder: 3 2")]
    [InlineData("mxd-4@8 mxd-8@8 mxd-8@15 mxd-4@15 transcoder-4@9", "mxd, K = 4: 0 3|mxd, K = 8: 1 2")]
    [InlineData("mxd-4@8", "")]
    [InlineData("mxd-4@8 transcoder-4@8 mxd-8@8", "")]
    [InlineData("mxd-4@8 transcoder-4@8 sae-4@9", "")]
    [InlineData("mxd-4@8 mxd-4@8 mxd-4@9", "")]
    public void Runs_AreDividedByWhatPutsNoTwoAtOnePlace(string runs, string sequences) =>
        Assert.Equal(sequences, string.Join('|', LayerSequence.Of(Runs(runs)).Select(sequence => $"{sequence.Title}: {string.Join(' ', sequence.Runs)}")));

    [Theory]
    [InlineData("mxd-4@8 mxd-4@9", null)]
    [InlineData("mxd-4@8 mxd-8@8", null)]
    [InlineData("mxd-4@8 mxd-4@8 mxd-4@9", "mxd-4@8 and mxd-4@8 are of one type and sparsity at blocks.8.hook_mlp_out")]
    [InlineData("mxd-4@8 transcoder-4@8 sae-4@9", "no two of one type are at different layers")]
    public void WithoutASequence_ThereIsAReason(string runs, string? reason) => Assert.Equal(reason, LayerSequence.WhyNone(Runs(runs)));

    /// <summary>Such as <c>mxd-4@8</c>: type, K and layer.</summary>
    private static EvalRun[] Runs(string names) =>
    [
        .. names.Split(' ').Select(name =>
        {
            string[] parts = name.Split('-', '@');
            LayerOptions options = RandomLayers.Options(parts[0], units: 20, k: int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture));
            return new EvalRun(new RunFolder(name), new SavedLayer(options, Imported: new ImportedFrom("none", name, "") { Output = $"blocks.{parts[2]}.hook_mlp_out" }), null);
        }),
    ];
}
