using Mxd.Activations;
using Mxd.LanguageModels;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Activations;

public class HarvestAheadTests
{
    private static readonly HarvestedBatch[] batches = [.. Enumerable.Range(0, 6).Select(i => new HarvestedBatch(10 * i, i + 1))];

    [Fact]
    public void Take_GivesWhatWasExpected_FromOneOtherThread()
    {
        List<int> threads = [];
        using var ahead = new HarvestAhead(batch =>
        {
            threads.Add(Environment.CurrentManagedThreadId);
            return Rows(batch);
        });
        ahead.Expect(batches, 2);
        foreach (HarvestedBatch batch in batches)
        {
            using ActivationRows? rows = ahead.Take(batch, CancellationToken.None);
            Assert.Equal(batch.Count, rows?.Count);
            Assert.Equal(batch.First, rows?.Values[0][0, 0].ToSingle());
        }
        Assert.Equal(batches.Length, threads.Count);
        Assert.Single(threads.Distinct());
        Assert.NotEqual(Environment.CurrentManagedThreadId, threads[0]);
        Assert.Null(ahead.Take(batches[0], CancellationToken.None));
    }

    [Fact]
    public void Take_OfAnotherBatch_GivesNothing_AndForgetsWhatWasExpected()
    {
        using var ahead = new HarvestAhead(Rows);
        ahead.Expect(batches, 2);
        Assert.Null(ahead.Take(batches[3], CancellationToken.None));
        Assert.Null(ahead.Take(batches[0], CancellationToken.None));
        ahead.Expect(batches[4..], 2);
        ahead.Take(batches[4], CancellationToken.None)!.Dispose();
    }

    [Fact]
    public void Expect_HoldsNoMoreThanItMay()
    {
        int made = 0;
        using var ahead = new HarvestAhead(batch =>
        {
            Interlocked.Increment(ref made);
            return Rows(batch);
        });
        ahead.Expect(batches, 2);
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref made) == 2, TimeSpan.FromMinutes(1)));
        Thread.Sleep(50);
        Assert.Equal(2, Volatile.Read(ref made));
        ahead.Take(batches[0], CancellationToken.None)!.Dispose();
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref made) == 3, TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public void TryTake_GivesOnlyWhatIsReady_AndFits()
    {
        using var may = new ManualResetEventSlim();
        using var ahead = new HarvestAhead(batch =>
        {
            may.Wait();
            return Rows(batch);
        });
        ahead.Expect(batches[2..], 2);
        Assert.False(ahead.TryTake(100, out _, out _));
        may.Set();
        Assert.False(ahead.TryTake(2, out _, out _));
        ActivationRows? rows = null;
        HarvestedBatch batch = default;
        Assert.True(SpinWait.SpinUntil(() => ahead.TryTake(3, out batch, out rows), TimeSpan.FromMinutes(1)));
        Assert.Equal(batches[2], batch);
        rows!.Dispose();
    }

    [Fact]
    public void AFailure_IsThrownWhereTheRowsAreAskedFor_Once()
    {
        int calls = 0;
        using var ahead = new HarvestAhead(batch => ++calls == 2 ? throw new InvalidDataException("on purpose") : Rows(batch));
        ahead.Expect(batches, 2);
        ahead.Take(batches[0], CancellationToken.None)!.Dispose();
        Assert.Equal("on purpose", Assert.Throws<InvalidDataException>(() => ahead.Take(batches[1], CancellationToken.None)).Message);
        Assert.Null(ahead.Take(batches[1], CancellationToken.None));
        Assert.Equal(2, calls);
    }

    [Fact]
    public void Take_CanBeCancelledWhileItWaits_AndTakenLater()
    {
        using var may = new ManualResetEventSlim();
        using var stop = new CancellationTokenSource();
        using var ahead = new HarvestAhead(batch =>
        {
            stop.CancelAfter(1);
            may.Wait();
            return Rows(batch);
        });
        ahead.Expect(batches, 2);
        Assert.Throws<OperationCanceledException>(() => ahead.Take(batches[0], stop.Token));
        may.Set();
        ahead.Take(batches[0], CancellationToken.None)!.Dispose();
    }

    [Fact]
    public void Dispose_WaitsForTheBatchUnderWay_AndLeavesNoRowsAlive() => Assert.Equal(0, LiveTensors.LeftBy(() =>
    {
        using var begun = new ManualResetEventSlim();
        bool ended = false;
        var ahead = new HarvestAhead(batch =>
        {
            begun.Set();
            Thread.Sleep(30);
            ActivationRows rows = Rows(batch);
            ended = true;
            return rows;
        });
        ahead.Expect(batches, 2);
        begun.Wait();
        ahead.Dispose();
        Assert.True(ended);
        return ahead;
    }));

    [Theory]
    [InlineData(false, 2, 2, false)]
    [InlineData(false, 1, 2, true)]
    [InlineData(false, 8, 15, false)]
    [InlineData(false, 8, 16, true)]
    [InlineData(true, 16, 16, true)]
    public void Policy_AsksForRoomForBoth(bool isElsewhere, int threads, int cores, bool expected) =>
        Assert.Equal(expected, HarvestPolicy.HarvestsAhead(isElsewhere, threads, cores));

    private static ActivationRows Rows(HarvestedBatch batch) =>
        new([HookPoint.MlpInput(0)], [full(batch.Count, 1, (float)batch.First).DetachFromDisposeScope()]);
}
