using Mxd.Kernels;

namespace Mxd.Tests.Kernels;

public class WorkersTests
{
    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 1)]
    [InlineData(2, 0)]
    [InlineData(3, 1000)]
    public void ForEach_DoesEveryItemOnce_ByWorkersThatExist(int count, int items)
    {
        using var workers = new Workers(count);
        int[] done = new int[items];
        for (int round = 0; round < 3; round++)
        {
            workers.ForEach(items, (worker, item) =>
            {
                Assert.InRange(worker, 0, count - 1);
                Interlocked.Increment(ref done[item]);
            });
        }
        Assert.All(done, times => Assert.Equal(3, times));
    }

    [Fact]
    public void ForRanges_CoversEveryItem()
    {
        int[] done = new int[103];
        using var workers = new Workers(2);
        workers.ForRanges(103, 10, (_, start, end) =>
        {
            for (int i = start; i < end; i++) Interlocked.Increment(ref done[i]);
        });
        Assert.All(done, times => Assert.Equal(1, times));
    }

    [Fact]
    public void ForEach_ThrowsWhatABodyThrew_AndGoesOnWorking()
    {
        using var workers = new Workers(2);
        for (int round = 0; round < 3; round++)
            Assert.Throws<InvalidOperationException>(() => workers.ForEach(100, (_, item) =>
            {
                if (item == 7) throw new InvalidOperationException("seven");
            }));
        int sum = 0;
        workers.ForEach(100, (_, item) => Interlocked.Add(ref sum, item));
        Assert.Equal(4950, sum);
    }
}
