using Mxd.Evaluation;
using Mxd.Exploration.Health;
using Mxd.LanguageModels;
using Mxd.Tests.Activations;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Exploration.Health;

public class CoActivationTests
{
    /// <summary>Of 90 tokens that are not first ones: units 0 and 2 on the same 10; unit 1 on 20, 5 of them with those; unit 3 on all; unit 4 on 4.</summary>
    [Fact]
    public void Pairs_AreThoseThatMeetMost()
    {
        using var model = new CountingModel(10);
        using DisposeScope scope = NewDisposeScope();
        using var layer = new PlaceLayer(5, (context, position, unit) => unit switch
        {
            0 or 2 => position == 3 ? 1 : 0,
            1 => position == 3 && context < 5 || position == 4 || position == 5 && context < 5 ? 2 : 0,
            3 => 1,
            _ => position == 3 && context < 4 ? 1 : 0,
        });
        var trace = UnitTrace.Measure(model, new Replacement(layer, HookPoint.MlpInput(0), HookPoint.MlpOutput(0)), model.Contexts(10), 10);
        IReadOnlyList<CoActiveUnits> pairs = CoActivation.Of(trace, 4);
        Assert.Equal(new CoActiveUnits(0, 2, 10, 1, 9), pairs[0]);
        Assert.Equal([(0, 2), (1, 3), (0, 1), (1, 2)], pairs.Select(p => (p.First, p.Second)));
        CoActiveUnits everywhere = pairs.Single(p => p.Second == 3);
        Assert.Equal((20L, 1.0), (everywhere.Tokens, everywhere.Lift));
        Assert.Equal(20 / Math.Sqrt(20.0 * 90), everywhere.Cosine, 1e-12);
        // Unit 4 meets others on 4 tokens, too few to say anything.
        Assert.DoesNotContain(pairs, p => p.First == 4 || p.Second == 4);
        Assert.Equal([3], UnitsInUse.Of(trace, []).AlwaysOn);
    }
}
