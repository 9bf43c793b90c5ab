using Mxd.Evaluation;
using Mxd.Exploration.Steered;
using Mxd.LanguageModels;
using Mxd.Tests.Activations;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Exploration.Steered;

public sealed class UnitStrengthsTests : IDisposable
{
    private const int Length = 10, Contexts = 30;

    private readonly CountingModel model = new(Length);
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose()
    {
        scope.Dispose();
        model.Dispose();
    }

    /// <summary>Unit 0 is active on every token, with 1, 2, 3, ... 300; unit 1 on three; unit 2 on none; unit 3 on as many as unit 1.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Strengths_AreThoseOfAllTokens(bool isDense)
    {
        using var layer = new PlaceLayer(
            4,
            (context, position, unit) => unit switch { 0 => 1 + context * Length + position, 1 or 3 when context < 3 && position == 4 => 0.5f + context, 2 => -1, _ => 0 },
            isDense);
        var strengths = UnitStrengths.Measure(model, new Replacement(layer, HookPoint.MlpInput(1), HookPoint.MlpOutput(1)), model.Contexts(Contexts), Contexts, null, default);
        Assert.Equal([0, 1, 3], strengths.MostActive(4));
        Assert.Equal([0], strengths.MostActive(1));
        Assert.Equal((300.0, 297.0), (strengths.Largest(0), strengths.Percentile99(0)));
        Assert.Equal((2.5, 2.5), (strengths.Largest(1), strengths.Percentile99(1)));
        Assert.Null(strengths.Largest(2));
        Assert.Null(strengths.Percentile99(2));
    }
}
