using CsCheck;
using Mxd.Evaluation.Probing;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Evaluation.Probing;

/// <summary>Probes are where the gradient of their loss is zero, for activations of any size, and classes that overlap, that do not, and that are rare.</summary>
public class ProbeFitTests
{
    private static readonly Gen<(double[] X, bool[] Members)> problems =
        from scale in Gen.Int[0, 2].Select(i => new[] { 1e-4, 1.0, 300.0 }[i])
        from gap in Gen.Int[0, 2].Select(i => new[] { 0.0, 1.0, 50.0 }[i])
        from texts in Gen.Select(Gen.Double[-1, 1], Gen.Int[0, 9]).Array[2, 60]
        select Problem(scale, gap, texts);

    [Fact]
    public void OneUnit_EndsWhereTheGradientIsZero() => problems.Sample(problem =>
    {
        UnitProbe probe = UnitProbe.Fit(problem.X, problem.Members);
        (double[] gradient, double size) = Gradient([problem.X], problem.Members, [probe.Coefficient], probe.Intercept);
        Assert.All(gradient, g => Assert.InRange(Math.Abs(g), 0, 1e-8 * size));
    });

    [Fact]
    public void OneUnitAmongSeveral_IsFittedAlike() => problems.Sample(
        problem =>
        {
            using DisposeScope scope = NewDisposeScope();
            UnitProbe alone = UnitProbe.Fit(problem.X, problem.Members);
            LinearProbe among = LinearProbe.Fit(tensor(problem.X).unsqueeze(1), problem.Members);
            Assert.Equal(alone.Coefficient, among.Coefficients[0], 1e-6 * (1e-3 + Math.Abs(alone.Coefficient)));
            Assert.Equal(alone.Intercept, among.Intercept, 1e-6 * (1e-3 + Math.Abs(alone.Intercept)));
        },
        iter: 50, threads: 1);

    [Fact]
    public void SeveralUnits_EndWhereTheGradientIsZero() => Gen.Select(problems, Gen.Int[0, 1000]).Sample(
        (problem, seed) =>
        {
            using DisposeScope scope = NewDisposeScope();
            var random = new Random(seed);
            double[][] columns = [problem.X, .. Enumerable.Range(0, 4).Select(_ => Array.ConvertAll(problem.X, _ => random.NextDouble() < 0.5 ? 0 : random.NextDouble()))];
            LinearProbe probe = LinearProbe.Fit(stack([.. columns.Select(c => tensor(c))], 1), problem.Members);
            (double[] gradient, double size) = Gradient(columns, problem.Members, probe.Coefficients, probe.Intercept);
            Assert.All(gradient, g => Assert.InRange(Math.Abs(g), 0, 1e-8 * size));
        },
        iter: 50, threads: 1);

    /// <summary>What rounding leaves of nothing is no prediction: every text is told to be none of the class.</summary>
    [Fact]
    public void AConstant_TellsNothing() => Gen.Select(Gen.Int[0, 2].Select(i => new[] { 0, 1.0, 37.5 }[i]), Gen.Bool.Array[3, 200]).Where(p => p.Item2.Distinct().Count() == 2).Sample(
        (value, members) =>
        {
            using DisposeScope scope = NewDisposeScope();
            double[] x = Array.ConvertAll(members, _ => value);
            UnitProbe one = UnitProbe.Fit(x, members);
            Assert.Equal(0, BinaryScores.Of(Array.ConvertAll(x, one.Score), members).F1);
            Tensor two = tensor(x).unsqueeze(1).repeat(1, 2);
            Assert.Equal(0, BinaryScores.Of(LinearProbe.Fit(two, members).Scores(two), members).F1);
        },
        iter: 60, threads: 1);

    [Fact]
    public void OnOneSideAlone_NothingCanBeFitted()
    {
        Assert.Throws<ArgumentException>(() => UnitProbe.Fit([1, 2], [true, true]));
        Assert.Throws<ArgumentException>(() => UnitProbe.Fit([1, 2], [false, false]));
    }

    private static (double[] X, bool[] Members) Problem(double scale, double gap, (double, int)[] texts)
    {
        bool[] members = [.. texts.Select((t, i) => i == 0 || i > 1 && t.Item2 == 0)];
        return ([.. texts.Select((t, i) => t.Item2 > 6 ? 0 : scale * (t.Item1 + (members[i] ? gap : 0)))], members);
    }

    /// <summary>Of ½‖w‖² + Σ s log(1 + exp(-t z)), and the size of what it is a sum of.</summary>
    private static (double[] Gradient, double Size) Gradient(double[][] columns, bool[] members, double[] w, double b)
    {
        double count = members.Count(m => m);
        double[] gradient = [.. w, 0];
        double size = 1;
        for (int i = 0; i < members.Length; i++)
        {
            double z = b + columns.Select((column, j) => column[i] * w[j]).Sum(), t = members[i] ? 1 : -1;
            double s = members.Length / (2 * (members[i] ? count : members.Length - count));
            double error = -s * t / (1 + Math.Exp(t * z));
            for (int j = 0; j < columns.Length; j++) gradient[j] += error * columns[j][i];
            gradient[^1] += error;
            size += s * (1 + columns.Max(column => Math.Abs(column[i])));
        }
        return (gradient, size);
    }
}
