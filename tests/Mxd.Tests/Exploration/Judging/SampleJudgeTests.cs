using Mxd.Activations;
using Mxd.Exploration.Judging;
using Mxd.LanguageModels;
using Mxd.Runtime;
using static TorchSharp.torch;

namespace Mxd.Tests.Exploration.Judging;

/// <summary>The scale and the judge on a language model that knows texts: the one that comes with mxd, and the documentation it was trained on.</summary>
public sealed class SampleJudgeTests : IDisposable
{
    private const int Piece = 16;

    private readonly ModelFile file = ModelFile.Open("demo");
    private readonly LanguageModel model;

    public SampleJudgeTests() => model = file.Load(ScalarType.Float32, CPU);

    public void Dispose()
    {
        model.Dispose();
        file.Dispose();
    }

    [Fact]
    public void TextsAreFluent_ShuffledOnesAreNot_AndPiecesOfOneTextAreAlike()
    {
        PackedContexts text = Packing.Pack(["dotnet:held-out"], file.Tokenizer, new PackingOptions { ContextLength = 1 + 2 * Piece, MaximumContexts = 48 });
        var reader = new ContinuationReader(model);
        JudgeScale scale = JudgeScale.Measure(reader, text, 24, 1, Piece, null, default);
        Assert.True(scale.Losses.Shuffled > scale.Losses.Text + 1);
        Assert.True(scale.Likenesses.Together > scale.Likenesses.Apart + 0.05);

        // Contexts that the scale has not seen.
        List<double> fluent = [], shuffled = [], alike = [];
        List<double[]> meanings = [];
        for (int i = 24; i < 48; i++)
        {
            int[] tokens = text[i].ToArray(), piece = tokens[1..(1 + Piece)];
            ReadText first = reader.Read(tokens[..1], piece), second = reader.Read(tokens[..1], tokens[(1 + Piece)..]);
            using Tensor order = Seeds.Permutation(Piece, 3, "test", i);
            fluent.Add(scale.Fluency(first.Loss));
            shuffled.Add(scale.Fluency(reader.Read(tokens[..1], [.. order.data<long>().ToArray().Select(place => piece[(int)place])]).Loss));
            alike.Add(scale.Concept(scale.Likeness([first.Meaning, second.Meaning])));
            meanings.Add(first.Meaning);
        }
        Assert.InRange(fluent.Average(), 0.7, 1);
        Assert.InRange(shuffled.Average(), 0, 0.3);
        Assert.InRange(alike.Average() - scale.Concept(scale.Likeness(meanings)), 0.2, 1);
    }

    [Fact]
    public void AScale_EndsAtZeroAndOne()
    {
        PackedContexts text = Packing.Pack(["dotnet:held-out"], file.Tokenizer, new PackingOptions { ContextLength = 1 + 2 * Piece, MaximumContexts = 8 });
        JudgeScale scale = JudgeScale.Measure(new ContinuationReader(model), text, 8, 1, Piece, null, default);
        Assert.Equal((1.0, 0.0), (scale.Fluency(scale.Losses.Text), scale.Fluency(scale.Losses.Shuffled)));
        Assert.Equal((1.0, 0.0), (scale.Fluency(0), scale.Fluency(100)));
        Assert.Equal((1.0, 0.0), (scale.Concept(1), scale.Concept(-1)));
        Assert.Equal((1.0, 0.0), (scale.Concept(scale.Likenesses.Together), scale.Concept(scale.Likenesses.Apart)));
        Assert.True(double.IsNaN(scale.Concept(double.NaN)));
        Assert.Contains("there are 8 of 33", Assert.Throws<MxdInputException>(() => JudgeScale.Measure(new ContinuationReader(model), text, 8, 1, 17, null, default)).Message, StringComparison.Ordinal);
    }
}
