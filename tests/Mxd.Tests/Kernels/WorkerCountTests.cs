using Mxd.Formats;
using Mxd.Kernels;
using Mxd.Layers;
using Mxd.Tests.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Kernels;

/// <summary>Results are the same bits for any number of workers, at sizes that give each several items.</summary>
public unsafe class WorkerCountTests
{
    private const int Tokens = 203, Units = 1100, Input = 61, Output = 300, Active = 9;

    private static readonly Dictionary<string, Func<Workers, Tensor[]>> kernels = new()
    {
        ["product by 256 bits"] = workers => Product(new Sgemm<Vector256Kernel>(workers)),
        ["product by 512 bits"] = workers => Product(new Sgemm<Vector512Kernel>(workers)),
        ["gate by 256 bits"] = workers => Gate(new TiledTopK<Vector256Kernel>(Active, null, workers)),
        ["gate by 512 bits"] = workers => Gate(new TiledTopK<Vector512Kernel>(Active, null, workers)),
        ["gate by bfloat16"] = workers => Gate(new NarrowTopK(Active, null, workers)),
        ["gate of gated gelu"] = workers => Gate(TiledTopK.Create(Active, HiddenUnits.Create("gelu"), workers), isGated: true),
        ["gradient of chosen units"] = Chosen,
        ["expert sum"] = ExpertSums,
        ["unit gradient"] = workers => Gradient(workers, dropsParallel: false),
        ["unit gradient without its parallel part"] = workers => Gradient(workers, dropsParallel: true),
        ["update by rows"] = UpdateByRows,
        ["update"] = Update,
        ["loss of a dictionary"] = workers => Loss(workers, mixture: false),
        ["loss of a mixture"] = workers => Loss(workers, mixture: true),
        ["norms and column sums"] = Norms,
    };

    public static TheoryData<string> Names => [.. kernels.Keys];

    public static TheoryData<string> Activations => [.. ActivationFunction.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Kernel_DoesNotDependOnTheNumberOfWorkers(string name) => AssertSameBits(kernels[name]);

    [Theory]
    [MemberData(nameof(Activations))]
    public void HiddenUnits_DoNotDependOnTheNumberOfWorkers(string activation)
    {
        AssertSameBits(workers => Hidden(activation, workers, glu: false));
        AssertSameBits(workers => Hidden(activation, workers, glu: true));
    }

    private static void AssertSameBits(Func<Workers, Tensor[]> kernel)
    {
        using DisposeScope scope = NewDisposeScope();
        byte[][][] results = [.. new[] { 1, 2, 3, 2 }.Select(count =>
        {
            using var workers = new Workers(count);
            return kernel(workers).Select(tensor => tensor.bytes.ToArray()).ToArray();
        })];
        // Not Assert.Equal, which takes minutes over megabytes.
        foreach (byte[][] other in results.Skip(1))
            for (int i = 0; i < other.Length; i++) Assert.True(results[0][i].AsSpan().SequenceEqual(other[i]), $"result {i}");
    }

    private static Tensor[] Product(Sgemm product)
    {
        using Sgemm own = product;
        Tensor a = RandomLayers.Rows(Tokens, Output, 1), b = RandomLayers.Rows(Output, Units, 2), c = empty(Tokens, Units), turned = empty(Output, Output);
        product.Multiply(a.View(), b.View(), c.Floats());
        product.Multiply(a.View().Transposed, a.View(), turned.Floats());
        return [c, turned];
    }

    private static Tensor[] Gate(TiledTopK gate, bool isGated = false)
    {
        using TiledTopK own = gate;
        Tensor x = RandomLayers.Rows(Tokens, Input, 1), weights = RandomLayers.Rows(Units, Input, 2), bias = RandomLayers.Rows(1, Units, 3);
        Tensor indices = empty(Tokens, Active, dtype: ScalarType.Int64), values = empty(Tokens, Active);
        Assert.Equal(-1, gate.Select(x.View(), Encoder(weights, bias, isGated), (long*)TensorMemory.Start(indices), values.Floats()));
        return [indices, values];
    }

    private static EncoderView Encoder(Tensor weights, Tensor bias, bool isGated) =>
        isGated ? new EncoderView(weights.View(), (nint)bias.Floats(), weights.View(), (nint)bias.Floats()) : new EncoderView(weights.View(), bias.Floats());

    private static Tensor[] Chosen(Workers workers)
    {
        (Tensor indices, Tensor a) = Codes();
        Tensor x = RandomLayers.Rows(Tokens, Input, 1), weights = RandomLayers.Rows(Units, Input, 2), bias = RandomLayers.Rows(1, Units, 3);
        Tensor gradient = a.clone(), factorGradient = empty_like(a);
        var codes = new CodesView((long*)TensorMemory.Start(indices), a.Floats(), Tokens, Active);
        ChosenUnits.Backward(x.View(), Encoder(weights, bias, isGated: true), HiddenUnits.Create("silu"), codes, gradient.Floats(), factorGradient.Floats(), workers);
        return [gradient, factorGradient];
    }

    private static Tensor[] ExpertSums(Workers workers)
    {
        (Tensor indices, Tensor a) = Codes();
        Tensor rows = RandomLayers.Rows(Units, Output, 5), q = RandomLayers.Rows(Tokens, Output, 6), sum = empty(Tokens, Output), da = empty(Tokens, Active);
        var codes = new CodesView((long*)TensorMemory.Start(indices), a.Floats(), Tokens, Active);
        ExpertSum.Forward(codes, rows.View(), sum.Floats(), workers);
        ExpertSum.CodeGradient(codes, rows.View(), q.Floats(), da.Floats(), workers);
        return [sum, da];
    }

    private static Tensor[] Gradient(Workers workers, bool dropsParallel)
    {
        using var entries = new UnitEntries();
        (Tensor indices, Tensor a) = Codes();
        Tensor rows = RandomLayers.Rows(Units, Output, 5), q = RandomLayers.Rows(Tokens, Output, 6), gradient = empty(Units, Output);
        Unit(entries, indices, a, q, dropsParallel).WriteTo(rows.Floats(), gradient.Floats(), workers);
        return [gradient];
    }

    private static Tensor[] UpdateByRows(Workers workers)
    {
        using var entries = new UnitEntries();
        (Tensor indices, Tensor a) = Codes();
        Tensor q = RandomLayers.Rows(Tokens, Output, 6);
        Tensor[] state = [RandomLayers.Rows(Units, Output, 5), RandomLayers.Rows(Units, Output, 7), RandomLayers.Rows(Units, Output, 8).square()];
        var update = new AdamUpdate(0.9, 0.999, 1e-8, 1e-3, 0.5);
        update.Apply(state[0].Floats(), state[1].Floats(), state[2].Floats(), Unit(entries, indices, a, q, dropsParallel: true), workers);
        return state;
    }

    private static Tensor[] Update(Workers workers)
    {
        Tensor gradient = RandomLayers.Rows(Units, Output, 6);
        Tensor[] state = [RandomLayers.Rows(Units, Output, 5), RandomLayers.Rows(Units, Output, 7), RandomLayers.Rows(Units, Output, 8).square()];
        var update = new AdamUpdate(0.9, 0.999, 1e-8, 1e-3, 0.5);
        update.Apply(state[0].Floats(), state[1].Floats(), state[2].Floats(), gradient.Floats(), gradient.numel(), workers);
        return state;
    }

    private static Tensor[] Loss(Workers workers, bool mixture)
    {
        using var kernel = new LossKernel(workers);
        Tensor m = RandomLayers.Rows(Tokens, Output, 1), s = RandomLayers.Rows(Tokens, Output, 2), y = RandomLayers.Rows(Tokens, Output, 3), dy = empty(Tokens, Output);
        Tensor bias = RandomLayers.Rows(1, Output, 4), target = RandomLayers.Rows(Tokens, Output, 5);
        double loss = kernel.Differentiate(m.Floats(), mixture ? s.Floats() : null, bias.Floats(), y.Floats(), target.Floats(), dy.Floats(), Tokens, Output);
        return [m, s, y, dy, tensor(loss)];
    }

    private static Tensor[] Norms(Workers workers)
    {
        Tensor rows = RandomLayers.Rows(Units, Output, 1), sums = empty(Output);
        RowNorms.Normalise(rows.Floats(), Units, Output, workers);
        RowNorms.SumColumns(rows.Floats(), Units, Output, sums.Floats(), workers);
        return [rows, sums];
    }

    private static Tensor[] Hidden(string activation, Workers workers, bool glu)
    {
        Tensor u = RandomLayers.Rows(Tokens, Output, 1), f = RandomLayers.Rows(Tokens, Output, 2), z = empty(Tokens, Output);
        Tensor bias = RandomLayers.Rows(1, Output, 3), factorBias = RandomLayers.Rows(1, Output, 4);
        HiddenUnits.Create(activation).Forward(u.Floats(), bias.Floats(), glu ? f.Floats() : null, factorBias.Floats(), z.Floats(), Tokens, Output, workers);
        HiddenUnits.Multiply(f.Floats(), z.Floats(), Tokens, Output, workers);
        return [u, f, z];
    }

    private static (Tensor Indices, Tensor Coefficients) Codes() =>
        (RandomLayers.Rows(Tokens, Units, 3).topk(Active, 1).indexes, RandomLayers.Rows(Tokens, Active, 4).relu());

    private static UnitGradient Unit(UnitEntries entries, Tensor indices, Tensor a, Tensor vectors, bool dropsParallel)
    {
        entries.Build((long*)TensorMemory.Start(indices), a.Floats(), Tokens, Active, Units);
        return new UnitGradient(entries, a.Floats(), vectors.View()) { DropsParallel = dropsParallel };
    }
}
