using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Tests.Training;

/// <summary>Formulas as factors on the rate lr at s = step + 1 (the published scheduler moves before the first update), w the warm-up, T the steps.</summary>
public class LearningRateScheduleTests
{
    private const double Rate = 3e-3;

    public static TheoryData<string, long, long> Cases
    {
        get
        {
            var data = new TheoryData<string, long, long>();
            foreach (string name in LearningRateSchedule.Names)
                foreach (long steps in new long[] { 1, 2, 7, 100 })
                    foreach (long warmup in new[] { 0, 1, 2, steps / 2, steps - 1, steps }.Where(w => w <= steps).Distinct())
                        data.Add(name, warmup, steps);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void At_FollowsTheFormula(string name, long warmup, long steps)
    {
        var schedule = LearningRateSchedule.Parse(name, Rate, warmup, steps);
        for (long step = 0; step < steps; step++)
            Assert.Equal(Rate * Factor(name, step + 1, warmup, steps), schedule.At(step), 1e-12 * Rate);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void At_IsNeitherNegativeNorAboveTheRate(string name, long warmup, long steps)
    {
        var schedule = LearningRateSchedule.Parse(name, Rate, warmup, steps);
        for (long step = 0; step < steps; step++) Assert.InRange(schedule.At(step), 0, Rate * (1 + 1e-12));
    }

    [Fact]
    public void At_StartsWithTheSecondValueOfTheWarmUp() =>
        Assert.Equal(Rate * 2 / 5000, LearningRateSchedule.Parse("constant", Rate, 5000, 10000).At(0), 1e-15);

    [Fact]
    public void Parse_ListsTheNames_WhereOneIsUnknown() => Assert.Equal(
        "Schedule 'step' is not known; choose one of constant, linear-decay, cosine, cosine-annealing, cosine-restarts.",
        Assert.Throws<MxdInputException>(() => LearningRateSchedule.Parse("step", 1, 0, 1)).Message);

    private static double Factor(string name, long s, long w, long T)
    {
        double WarmedUp(Func<double> after) => s < w ? (double)(s + 1) / w : after();
        // Where the warm-up is the whole run, the decay after it has no length.
        double length = Math.Max(1, T - w);
        const double floor = Rate / 10;
        return name switch
        {
            "constant" => w == 0 ? 1 : Math.Min(1, (double)(s + 1) / w),
            "linear-decay" => WarmedUp(() => (T - s) / length),
            "cosine" => WarmedUp(() => floor + (1 - floor) * (1 + Math.Cos(Math.PI * (s - w) / length)) / 2),
            "cosine-annealing" => 0.1 + 0.9 * (1 + Math.Cos(Math.PI * s / T)) / 2,
            "cosine-restarts" => 0.1 + 0.9 * (1 + Math.Cos(Math.PI * (s % T) / T)) / 2,
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "A schedule without a formula here."),
        };
    }
}
