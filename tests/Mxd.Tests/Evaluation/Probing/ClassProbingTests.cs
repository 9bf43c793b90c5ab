using Mxd.Evaluation.Probing;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Evaluation.Probing;

public class ClassProbingTests
{
    private const int Texts = 60, Train = 48;

    /// <summary>Unit 3 is active on the class alone, unit 5 a little more often than not; the others say nothing.</summary>
    [Fact]
    public void TheBestUnit_IsTheOneThatTellsTheClass_AndNoTensorStays()
    {
        using DisposeScope scope = NewDisposeScope();
        bool[] members = [.. Enumerable.Range(0, Texts).Select(i => i % 3 == 0)];
        Tensor rows = rand(Texts, 8, generator: new Generator(1, CPU));
        for (int text = 0; text < Texts; text++) rows[text, 3].fill_(members[text] ? 1 + text % 2 : 0);
        rows.select(1, 6).zero_();
        PooledActivations activations = PooledRows.Of(rows);
        using Tensor output = ClassProbing.Standardise(rows, Train);
        ProbedClass? found = null;
        Assert.Equal(0, LiveTensors.LeftBy(() => found = new ClassProbing(4, [1, 2, 20]).Probe("class", activations, output, members, Train)));
        Assert.Equal((3, 1.0, 16, 4), (found!.BestUnit, found.F1, found.TrainMembers, found.TestMembers));
        Assert.Equal(3, found.ChosenOnTrain.Unit);
        // There are not 20 units.
        Assert.Equal([1, 2], found.Sparse.Select(s => s.Size));
        Assert.Equal([3], found.Sparse[0].Units);
        Assert.Equal((1.0, 1.0), (found.Sparse[0].Scores.F1, found.Dense.F1));
        Assert.Equal((0.0, 2.0), (found.Density.From, found.Density.To));
        Assert.Equal(1, found.Density.Others[0], 1e-12);
        foreach ((int bin, double share) in new[] { (0, 0.0), (20, 0.5), (39, 0.5) }) Assert.Equal(share, found.Density.Members[bin], 1e-12);
    }

    [Fact]
    public void Standardised_TrainingTextsHaveMeanZeroAndVarianceOne()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = randn(Texts, 5, generator: new Generator(2, CPU)) * tensor(30f) + tensor(4f);
        x.select(1, 2).fill_(7);
        Tensor scaled = ClassProbing.Standardise(x, Train), first = scaled.narrow(0, 0, Train);
        GoldenTensors.AssertClose(zeros(5, ScalarType.Float64), first.mean([0]), 1e-12, "mean");
        GoldenTensors.AssertClose(tensor([1.0, 1, 0, 1, 1]), (first * first).mean([0]), 1e-9, "variance");
        GoldenTensors.AssertClose(zeros(Texts, ScalarType.Float64), scaled.select(1, 2), 0, "constant");
    }
}
