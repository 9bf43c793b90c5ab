using Mxd.Activations;

namespace Mxd.Tests.Activations;

public class ContextOrderTests
{
    [Fact]
    public void EveryPass_IsAPermutation_DifferentFromTheOthers()
    {
        var order = new ContextOrder(50, seed: 3);
        long[][] passes = [.. Enumerable.Range(0, 4).Select(pass => Pass(order, pass))];
        foreach (long[] pass in passes) Assert.Equal(Enumerable.Range(0, 50).Select(i => (long)i), pass.Order());
        for (int a = 0; a < 4; a++)
            for (int b = 0; b < a; b++) Assert.NotEqual(passes[a], passes[b]);
    }

    [Fact]
    public void AnyOrdinal_IsFoundWithoutTheOnesBefore()
    {
        var order = new ContextOrder(50, seed: 3);
        long[] third = Pass(order, 2);
        Assert.Equal(third[7], new ContextOrder(50, seed: 3)[107]);
        Assert.Equal(third, Pass(order, 2));
    }

    [Fact]
    public void Seeds_GiveDifferentOrders() => Assert.NotEqual(Pass(new ContextOrder(50, seed: 3), 0), Pass(new ContextOrder(50, seed: 4), 0));

    [Fact]
    public void OneContext_ComesAgainAndAgain() => Assert.All(Enumerable.Range(0, 5), i => Assert.Equal(0, new ContextOrder(1, seed: 1)[i]));

    private static long[] Pass(ContextOrder order, int pass) => [.. Enumerable.Range(pass * 50, 50).Select(i => order[i])];
}
