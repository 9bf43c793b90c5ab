using Mxd.Formats;
using static TorchSharp.torch;

namespace Mxd.Tests.Formats;

public class GgufGoldenTests
{
    public static TheoryData<string> Names => TestFiles.FindGolden("gguf", "*.safetensors");

    /// <summary>One tensor a storage type.</summary>
    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Names))]
    [Trait("Category", "Golden")]
    public void Read_GivesTheValuesOfOtherReaders(string name)
    {
        using GgufFile file = GgufFile.Open(TestFiles.GoldenPath(name, ".gguf"));
        using SafetensorsFile golden = SafetensorsFile.Open(TestFiles.GoldenPath(name, ".safetensors"));
        int compared = 0;
        foreach (string tensor in golden.Names)
        {
            using var scope = NewDisposeScope();
            Tensor expected = golden.Read(tensor, ScalarType.Float64), read = file.Read(tensor, ScalarType.Float32);
            Assert.Equal(expected.shape, read.shape);
            double relative = ((read - expected).norm() / expected.norm()).item<double>();
            Assert.True(relative <= 1e-6, $"{tensor} differs by {relative:g3}.");
            compared++;
        }
        Assert.True(compared > 0, "The file has no tensor.");
    }
}
