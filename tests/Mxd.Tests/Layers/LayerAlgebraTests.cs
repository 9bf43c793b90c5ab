using Mxd.Layers;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Mxd.Tests.Layers;

/// <summary>What the equations imply, whatever the weights.</summary>
public class LayerAlgebraTests
{
    public static TheoryData<string> Types => RandomLayers.Types;

    public static TheoryData<string> SparseTypes => RandomLayers.SparseTypes;

    [Fact]
    public void Mixture_EqualsTheSumOfItsExpertsWrittenOut()
    {
        var random = new Random(1);
        for (int round = 0; round < 10; round++)
        {
            using DisposeScope scope = NewDisposeScope();
            LayerOptions options = RandomLayers.Options("mxd", "gelu", random);
            using ILayer layer = RandomLayers.Create(options, random.Next());
            Tensor x = RandomLayers.Rows(5, options.InputWidth, random.Next());
            Tensor a = layer.Encode(x).ToDense();
            Tensor z = F.gelu(F.linear(x, layer.Parameter("W_enc").Value, layer.Parameter("b_enc").Value));
            Tensor y = layer.Parameter("b_dec_out").Value.expand(5, options.OutputWidth).clone();
            for (long n = 0; n < options.Units; n++)
            {
                Tensor expert = matmul(layer.Parameter("W_dec").Value, diag(layer.Parameter("W_cond").Value[n]));
                y = y + a.select(1, n).unsqueeze(1) * matmul(z, expert);
            }
            GoldenTensors.AssertRelative(y, layer.Forward(x), 1e-5, $"round {round}");
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Forward_IsDecodeOfEncode(string type)
    {
        using DisposeScope scope = NewDisposeScope();
        using ILayer layer = RandomLayers.Create(RandomLayers.Options(type, units: 11, k: 4), seed: 2);
        Tensor x = RandomLayers.Rows(7, 6, seed: 3);
        GoldenTensors.AssertClose(layer.Decode(layer.Encode(x), x), layer.Forward(x), 0, "y");
    }

    [Theory]
    [MemberData(nameof(SparseTypes))]
    public void Output_IsAffineInASteeredCoefficient(string type)
    {
        using DisposeScope scope = NewDisposeScope();
        using ILayer layer = RandomLayers.Create(RandomLayers.Options(type, units: 11, k: 4), seed: 4);
        Tensor x = RandomLayers.Rows(7, 6, seed: 5);
        SparseCodes codes = layer.Encode(x);
        Tensor y = layer.Decode(codes, x);
        Tensor one = layer.Decode(codes.Add(3, 1), x) - y;
        Tensor many = layer.Decode(codes.Add(3, -12), x) - y;
        Assert.True(one.norm().ToDouble() > 0.01, "Steering changed nothing.");
        GoldenTensors.AssertRelative(one * -12, many, 1e-4, "change");
    }

    [Fact]
    public void OneExpertOfOnes_IsAPlainMlp()
    {
        using DisposeScope scope = NewDisposeScope();
        using ILayer layer = RandomLayers.Create(RandomLayers.Options("mxd", units: 1, k: 1), seed: 6);
        layer.Parameter("W_cond").Value.fill_(1);
        layer.Parameter("gate").Value.zero_();
        layer.Parameter("gate_bias").Value.fill_(1);
        Tensor x = RandomLayers.Rows(7, 6, seed: 7);
        Tensor z = F.gelu(F.linear(x, layer.Parameter("W_enc").Value, layer.Parameter("b_enc").Value));
        GoldenTensors.AssertRelative(matmul(z, layer.Parameter("W_dec").Value) + layer.Parameter("b_dec_out").Value, layer.Forward(x), 1e-6, "y");
    }

    [Theory]
    [InlineData("mxd", "W_cond", "gate", "gate_bias")]
    [InlineData("transcoder", "W_dec", "W_enc", "b_enc")]
    public void Output_StaysTheSame_WhenScaleMovesFromAUnitsEncoderToItsDecoder(string type, string decoder, string encoder, string bias)
    {
        using DisposeScope scope = NewDisposeScope();
        using ILayer layer = RandomLayers.Create(RandomLayers.Options(type, units: 11, k: 11), seed: 8);
        Tensor x = RandomLayers.Rows(7, 6, seed: 9), before = layer.Forward(x);
        Tensor scale = RandomLayers.Rows(11, 1, seed: 10).abs() + 0.1;
        layer.Parameter(decoder).Value.mul_(scale);
        layer.Parameter(encoder).Value.div_(scale);
        layer.Parameter(bias).Value.div_(scale.squeeze(1));
        GoldenTensors.AssertRelative(before, layer.Forward(x), 1e-5, "y");
    }

    /// <summary>0/0 in one unit or token would be in every output.</summary>
    [Fact]
    public void ADecoderVectorOfZeros_AndATokenOfZeros_SpoilNothing()
    {
        using DisposeScope scope = NewDisposeScope();
        LayerOptions options = RandomLayers.Options("sae", units: 11, k: 11) with { RescaleByDecoderNorm = true, Normalisation = InputNormalisation.ConstantNormRescale };
        using ILayer layer = RandomLayers.Create(options, seed: 16);
        layer.Parameter("W_dec").Value[4] = 0;
        Tensor x = RandomLayers.Rows(7, 6, seed: 17);
        x[2] = 0;
        Assert.True(layer.Forward(x).isfinite().all().ToBoolean());
    }

    [Theory]
    [MemberData(nameof(SparseTypes))]
    public void Encode_LeavesAtMostKUnitsActive(string type)
    {
        using DisposeScope scope = NewDisposeScope();
        using ILayer layer = RandomLayers.Create(RandomLayers.Options(type, units: 20, k: 4), seed: 14);
        Tensor counts = layer.Encode(RandomLayers.Rows(50, 6, seed: 15)).ActiveCounts();
        Assert.Equal(4, counts.max().ToInt64());
    }
}
