using Mxd.Runtime;

namespace Mxd.Training;

/// <summary>
/// The learning rate of each step, as the published schedules define it: their scheduler moves before the first update, so step t uses
/// s = t + 1. w is the warm-up in steps, T the run's steps, lr the base rate.
/// </summary>
public abstract record LearningRateSchedule(double Base)
{
    private static readonly Dictionary<string, Func<double, long, long, LearningRateSchedule>> known = new(StringComparer.Ordinal)
    {
        ["constant"] = (rate, warmup, _) => new Constant(rate, warmup),
        ["linear-decay"] = (rate, warmup, steps) => new LinearDecay(rate, warmup, steps),
        ["cosine"] = (rate, warmup, steps) => new Cosine(rate, warmup, steps),
        ["cosine-annealing"] = (rate, _, steps) => new CosineAnnealing(rate, steps),
        ["cosine-restarts"] = (rate, _, steps) => new CosineRestarts(rate, steps),
    };

    public static IReadOnlyList<string> Names => [.. known.Keys];

    /// <summary>Learning rate of step t = 0, 1, 2, ...</summary>
    public abstract double At(long step);

    /// <exception cref="MxdInputException">The name is none of <see cref="Names"/>.</exception>
    public static LearningRateSchedule Parse(string name, double rate, long warmup, long steps) =>
        known.TryGetValue(name, out Func<double, long, long, LearningRateSchedule>? create)
            ? create(rate, warmup, steps)
            : throw new MxdInputException($"Schedule '{name}' is not known; choose one of {string.Join(", ", Names)}.");

    /// <summary>lr · min(1, (s + 1) / w); without warm-up, lr.</summary>
    public sealed record Constant(double Base, long Warmup) : LearningRateSchedule(Base)
    {
        public override double At(long step) => Warmup == 0 ? Base : Base * Math.Min(1, (step + 2.0) / Warmup);
    }

    /// <summary>lr · (s + 1) / w during warm-up, then lr · (T - s) / (T - w).</summary>
    public sealed record LinearDecay(double Base, long Warmup, long Steps) : LearningRateSchedule(Base)
    {
        public override double At(long step)
        {
            long s = step + 1;
            return s < Warmup ? Base * (s + 1) / Warmup : Base * (Steps - s) / Math.Max(1, Steps - Warmup);
        }
    }

    /// <summary>
    /// lr · (s + 1) / w during warm-up, then lr · (e + (1 - e)(1 + cos(π (s - w) / (T - w))) / 2). The published code passes the floor
    /// lr / 10 where a factor is meant, so e = lr / 10.
    /// </summary>
    public sealed record Cosine(double Base, long Warmup, long Steps) : LearningRateSchedule(Base)
    {
        public override double At(long step)
        {
            long s = step + 1;
            if (s < Warmup) return Base * (s + 1) / Warmup;
            double floor = Base / 10;
            return Base * (floor + (1 - floor) * HalfCosine(s - Warmup, Math.Max(1, Steps - Warmup)));
        }
    }

    /// <summary>lr / 10 + (lr - lr / 10)(1 + cos(π s / T)) / 2.</summary>
    public sealed record CosineAnnealing(double Base, long Steps) : LearningRateSchedule(Base)
    {
        public override double At(long step) => Base / 10 + (Base - Base / 10) * HalfCosine(step + 1, Steps);
    }

    /// <summary>As <see cref="CosineAnnealing"/>, starting over after every T₀ = T steps.</summary>
    public sealed record CosineRestarts(double Base, long Steps) : LearningRateSchedule(Base)
    {
        public override double At(long step) => Base / 10 + (Base - Base / 10) * HalfCosine((step + 1) % Steps, Steps);
    }

    private static double HalfCosine(long at, long of) => (1 + Math.Cos(Math.PI * at / of)) / 2;
}
