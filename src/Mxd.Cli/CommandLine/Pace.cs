using System.Diagnostics;
using System.Globalization;

namespace Mxd.Cli.CommandLine;

/// <summary>How fast a stretch of work goes. Begins when it is made; what was done before its first report is not part of its rate.</summary>
/// <param name="total">Units of the whole stretch; 0 where that is not known.</param>
/// <param name="unit">Such as "tokens"; "%" and "" are not worth a rate.</param>
internal sealed class Pace(long total, string unit)
{
    private static readonly TimeSpan soonest = TimeSpan.FromSeconds(0.5);

    private readonly Stopwatch clock = Stopwatch.StartNew();
    private long start = -1, done;
    private TimeSpan startedAt, doneAt;

    /// <summary>Time since the stretch began.</summary>
    public TimeSpan Elapsed => clock.Elapsed;

    /// <summary>Has anything been done since the first report?</summary>
    public bool HasMoved => done > start && start >= 0;

    /// <summary>Reports that so much is done.</summary>
    public void At(long reported)
    {
        (done, doneAt) = (reported, clock.Elapsed);
        if (start < 0) (start, startedAt) = (done, doneAt);
    }

    /// <summary>Such as <c>12 %, 1,024 tokens/s, 3 min 28 s left</c>. The rate is that of the last report, so that it does not sag between two.</summary>
    public override string ToString()
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        string share = total > 0 ? string.Create(culture, $"{(double)done / total:p0}")
            : unit.Length > 0 && done > 0 ? string.Create(culture, $"{done:n0} {unit}") : "";
        TimeSpan taken = doneAt - startedAt;
        if (!HasMoved || taken < soonest) return share;
        double rate = (done - start) / taken.TotalSeconds;
        // Of a few long pieces of work "0 a second" says nothing.
        string speed = unit is "%" or "" || rate < 0.95 ? "" : string.Create(culture, $", {rate:n0} {unit}/s");
        double left = (total - done) / rate - (clock.Elapsed - doneAt).TotalSeconds;
        return share + speed + (left >= 1 ? $", {Duration.Format(TimeSpan.FromSeconds(Math.Round(left)))} left" : "");
    }
}
