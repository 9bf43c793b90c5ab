using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Training;

/// <summary>
/// Tokens made of a few known features: x = Σ m_f d_f with unit vectors d_f [features,width], a random number of them on each token and
/// magnitudes m_f from 0.5 to 1.5.
/// </summary>
internal sealed class PlantedFeatures : IDisposable
{
    private readonly Generator generator;
    private readonly double share;

    public PlantedFeatures(int features, int width, double active, ulong seed)
    {
        generator = new Generator(seed);
        share = active / features;
        using DisposeScope scope = NewDisposeScope();
        Tensor vectors = randn(features, width, generator: generator);
        Vectors = (vectors / linalg.vector_norm(vectors, 2, [1], keepdim: true)).DetachFromDisposeScope();
    }

    /// <summary>d, [features,width].</summary>
    public Tensor Vectors { get; }

    /// <summary>Rows x [count,width].</summary>
    public Tensor Draw(long count)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor present = (rand(count, Vectors.shape[0], generator: generator) < share).to(ScalarType.Float32);
        Tensor magnitudes = rand(count, Vectors.shape[0], generator: generator) + 0.5;
        return matmul(present * magnitudes, Vectors).MoveToOuterDisposeScope();
    }

    /// <summary>Share of the features that some row of a dictionary [units,width] points along (cosine above 0.9).</summary>
    public double Found(Tensor dictionary)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = dictionary / linalg.vector_norm(dictionary, 2, [1], keepdim: true);
        return (matmul(Vectors, rows.t()).amax([1]) > 0.9).to(ScalarType.Float64).mean().ToDouble();
    }

    public void Dispose()
    {
        Vectors.Dispose();
        generator.Dispose();
    }
}
