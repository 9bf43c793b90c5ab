using Mxd.Activations;

namespace Mxd.Tests.Activations;

public class ActivationBufferTests
{
    [Fact]
    public void Next_ServesEveryTokenOfTheRunOnce_AtRandomSizes()
    {
        var random = new Random(1);
        for (int round = 0; round < 60; round++)
        {
            BufferRun run = BufferRun.Draw(random);
            using ActivationBuffer buffer = run.Start();
            Dictionary<(int, int), int> served = BufferRun.Tally(run.Serve(buffer, run.Steps)), expected = run.Expected();
            Assert.Equal(run.Steps * run.Batch, served.Values.Sum());
            Assert.All(served, pair => Assert.InRange(pair.Value, 1, expected[pair.Key]));
            Assert.Equal(run.TotalContexts * run.ContextLength - run.Steps * run.Batch, expected.Values.Sum() - served.Values.Sum());
        }
    }

    [Fact]
    public void Next_ServesAllTokens_WhereBatchesDivideTheRun()
    {
        // 23 contexts are no multiple of the harvest batch, and a batch of 10 tokens none of the context.
        var run = new BufferRun(ContextLength: 10, TextContexts: 9, Capacity: 6, HarvestBatch: 4, TotalContexts: 23, Batch: 10);
        using ActivationBuffer buffer = run.Start();
        Assert.Equal(run.Expected(), BufferRun.Tally(run.Serve(buffer, run.Steps)));
        Assert.Equal(23, buffer.HarvestedContexts);
        Assert.Throws<InvalidOperationException>(() => buffer.Next(1));
    }

    [Fact]
    public void Next_MixesManyContextsInABatch()
    {
        var run = new BufferRun(ContextLength: 16, TextContexts: 200, Capacity: 64, HarvestBatch: 8, TotalContexts: 200, Batch: 64);
        using ActivationBuffer buffer = run.Start();
        foreach (float[] batch in run.Serve(buffer, 30))
            Assert.True(batch.Chunk(4).DistinctBy(row => row[0]).Count() > 20, "A batch of 64 tokens comes from few contexts.");
    }

    [Fact]
    public void Next_DependsOnTheSeedAlone()
    {
        var run = new BufferRun(ContextLength: 8, TextContexts: 20, Capacity: 8, HarvestBatch: 3, TotalContexts: 20, Batch: 12);
        using ActivationBuffer first = run.Start(), second = run.Start(), other = (run with { Seed = 2 }).Start();
        List<float[]> batches = run.Serve(first, run.Steps);
        Assert.Equal(batches, run.Serve(second, run.Steps));
        Assert.NotEqual(batches[0], run.Serve(other, 1)[0]);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    public void Restore_GoesOnBitForBit_FromEveryStep(bool withRows, bool ahead)
    {
        var random = new Random(2);
        for (int round = 0; round < 12; round++)
        {
            BufferRun run = BufferRun.Draw(random);
            using ActivationBuffer whole = run.Start();
            List<float[]> expected = run.Serve(whole, run.Steps);
            for (int step = 0; step <= Math.Min(run.Steps, 15); step++)
            {
                using ActivationBuffer stopped = run.Start(ahead), resumed = run.Start(ahead);
                run.Serve(stopped, step);
                using BufferState state = stopped.Save(withRows);
                if (!withRows) Assert.Null(state.Rows);
                resumed.Restore(state);
                Assert.Equal(expected.Skip(step), run.Serve(resumed, run.Steps - step));
                Assert.Equal(expected.Skip(step), run.Serve(stopped, run.Steps - step));
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Restore_GoesOnBitForBit_WhereTheRestoredBufferIsSavedAgain(bool withRows)
    {
        var run = new BufferRun(ContextLength: 7, TextContexts: 11, Capacity: 9, HarvestBatch: 4, TotalContexts: 30, Batch: 10);
        using ActivationBuffer whole = run.Start();
        List<float[]> expected = run.Serve(whole, run.Steps), served = [];
        BufferState? state = null;
        for (int step = 0; step < run.Steps; step++)
        {
            using ActivationBuffer one = run.Start();
            if (state is not null) one.Restore(state);
            served.AddRange(run.Serve(one, 1));
            state?.Dispose();
            state = one.Save(withRows);
        }
        state?.Dispose();
        Assert.Equal(expected, served);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Restore_GoesOn_WhereADrainedRunIsMadeLonger(bool withRows)
    {
        var random = new Random(3);
        for (int round = 0; round < 20; round++)
        {
            BufferRun run = BufferRun.Draw(random), longer = run with { TotalContexts = run.TotalContexts + random.Next(1, 30) };
            using ActivationBuffer first = run.Start(), second = longer.Start();
            List<float[]> batches = run.Serve(first, run.Steps);
            using BufferState state = first.Save(withRows);
            second.Restore(state);
            batches.AddRange(longer.Serve(second, longer.Steps - run.Steps));
            Dictionary<(int, int), int> expected = longer.Expected();
            Assert.All(BufferRun.Tally(batches), pair => Assert.InRange(pair.Value, 1, expected[pair.Key]));
            Assert.Equal(longer.Steps, batches.Count);
        }
    }

    [Fact]
    public void Next_And_Save_LeaveTheirResultsAlive_AndNothingElse()
    {
        var run = new BufferRun(ContextLength: 7, TextContexts: 11, Capacity: 9, HarvestBatch: 4, TotalContexts: 30, Batch: 10);
        using ActivationBuffer buffer = run.Start(), other = run.Start();
        // The first call fills the pool, the fifth refills it.
        for (int i = 0; i < 6; i++)
            Assert.Equal(2, LiveTensors.LeftBy(() => buffer.Next(10)));
        Assert.Equal(4, LiveTensors.LeftBy(() => buffer.Save(withRows: true)));
        using BufferState state = buffer.Save(withRows: false);
        Assert.Equal(0, LiveTensors.LeftBy(() =>
        {
            other.Restore(state);
            return other;
        }));
        Assert.Equal(0, LiveTensors.LeftBy(() =>
        {
            using ActivationBuffer made = run.Start();
            made.Next(10).Dispose();
            return made;
        }));
    }

    [Fact]
    public void HarvestingAhead_ServesTheSameBatches_AtRandomSizes()
    {
        var random = new Random(4);
        for (int round = 0; round < 60; round++)
        {
            BufferRun run = BufferRun.Draw(random);
            using ActivationBuffer plain = run.Start(), ahead = run.Start(ahead: true);
            Assert.Equal(run.Serve(plain, run.Steps), run.Serve(ahead, run.Steps));
            Assert.Equal(plain.HarvestedContexts, ahead.HarvestedContexts);
        }
    }

    [Fact]
    public void HarvestingAhead_ServesTheSameBatches_WhereTheyChangeInSize()
    {
        var random = new Random(5);
        for (int round = 0; round < 30; round++)
        {
            BufferRun run = BufferRun.Draw(random);
            using ActivationBuffer plain = run.Start(), ahead = run.Start(ahead: true);
            for (long left = run.TotalContexts * run.ContextLength; left > run.Batch;)
            {
                int batch = random.Next(1, run.Batch + 1);
                Assert.Equal(BufferRun.Next(plain, batch), BufferRun.Next(ahead, batch));
                left -= batch;
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ARefillThatIsCancelled_OrFails_LeavesTheBufferAsItWas(bool ahead)
    {
        var random = new Random(7);
        for (int round = 0; round < 40; round++)
        {
            BufferRun run = BufferRun.Draw(random);
            using ActivationBuffer whole = run.Start();
            using var stop = new CancellationTokenSource();
            int calls = 0, chosen = random.Next(1, 12);
            bool fails = random.Next(2) == 0;
            using ActivationBuffer interrupted = run.Start(ahead, () =>
            {
                if (++calls != chosen) return;
                if (fails) throw new InvalidDataException("on purpose");
                stop.Cancel();
            });
            int interruptions = 0;
            for (long step = 0; step < run.Steps; step++)
            {
                float[] expected = BufferRun.Next(whole, run.Batch);
                float[] served = [];
                while (served.Length == 0)
                    try
                    {
                        served = BufferRun.Next(interrupted, run.Batch, interruptions == 0 ? stop.Token : CancellationToken.None);
                    }
                    catch (Exception e) when (e is OperationCanceledException or InvalidDataException && interruptions++ == 0)
                    {
                        AssertGoesOnAs(whole, run, interrupted, step);
                    }
                Assert.Equal(expected, served);
            }
        }
    }

    /// <summary>What was saved after an interruption is the state before the batch that was asked for.</summary>
    private static void AssertGoesOnAs(ActivationBuffer whole, BufferRun run, ActivationBuffer interrupted, long step)
    {
        using BufferState state = interrupted.Save(withRows: step % 2 == 0);
        using ActivationBuffer resumed = run.Start(), same = run.Start();
        resumed.Restore(state);
        run.Serve(same, step);
        Assert.Equal(run.Serve(same, run.Steps - step), run.Serve(resumed, run.Steps - step));
        Assert.InRange(whole.HarvestedContexts, interrupted.HarvestedContexts, run.TotalContexts);
    }
}
