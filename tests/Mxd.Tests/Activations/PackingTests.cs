using Mxd.Activations;
using Mxd.Runtime;

namespace Mxd.Tests.Activations;

public class PackingTests
{
    private const int Separator = -1, FirstToken = -2;

    [Fact]
    public void Pack_PutsTheFirstTokenBeforePiecesOfTheStream()
    {
        PackedContexts packed = Packing.Pack([[1, 2, 3], [], [4], [5, 6, 7]], Separator, FirstToken, 4);
        Assert.Equal((3, 4, 12), (packed.Count, packed.ContextLength, packed.TokenCount));
        Assert.Equal([FirstToken, 1, 2, 3], packed[0]);
        Assert.Equal([FirstToken, Separator, Separator, 4], packed[1]);
        Assert.Equal([FirstToken, Separator, 5, 6], packed[2]);
    }

    [Fact]
    public void Pack_AgreesWithCuttingTheWholeStream()
    {
        var random = new Random(10);
        for (int round = 0; round < 300; round++)
        {
            int[][] documents = RandomDocuments(random);
            int length = random.Next(2, 30);
            int[][] expected = Cut(documents, length);
            if (expected.Length == 0) continue;
            Assert.Equal(expected, Contexts(Packing.Pack(documents, Separator, FirstToken, length)));
        }
    }

    [Fact]
    public void Pack_IsTheSame_InBlocksOfAnySize()
    {
        var random = new Random(11);
        for (int round = 0; round < 300; round++)
        {
            int[][] documents = [.. RandomDocuments(random), new int[30]];
            int length = random.Next(2, 30);
            var packer = new ContextPacker(FirstToken, length, blockTokens: random.Next(1, 100));
            foreach (int[] tokens in documents)
                packer.Add([.. tokens, Separator]);
            Assert.Equal(Cut(documents, length), Contexts(packer.Finish()));
        }
    }

    [Fact]
    public void Pack_TakesAContextThatJustFits()
    {
        Assert.Equal(1, Packing.Pack([[1, 2]], Separator, FirstToken, 4).Count);
        Assert.Equal([FirstToken, Separator], Packing.Pack([[]], Separator, FirstToken, 2)[0]);
    }

    [Fact]
    public void Pack_RefusesATextTooShortForOneContext()
    {
        var error = Assert.Throws<TextTooShortException>(() => Packing.Pack([[1], [2]], Separator, FirstToken, 128));
        Assert.Equal("The text has 4 tokens, separators included, but one context of 128 takes 127: give more text or a shorter context.", error.Message);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-5)]
    [InlineData(int.MaxValue)]
    public void Pack_RefusesContextLengthsOutside(int length)
    {
        var error = Assert.Throws<MxdInputException>(() => Packing.Pack([[1, 2, 3]], Separator, FirstToken, length));
        Assert.Equal($"The context length is {length}; it must be 2 (the first token and one more) to 4194304.", error.Message);
    }

    [Fact]
    public void Contexts_AreCopiedEndToEnd_AndRefusedOutside()
    {
        PackedContexts packed = Packing.Pack([[1, 2, 3, 4, 5]], Separator, FirstToken, 3);
        var copied = new int[7];
        packed.CopyTo(1, 2, copied);
        Assert.Equal([FirstToken, 3, 4, FirstToken, 5, Separator, 0], copied);
        Assert.Throws<ArgumentOutOfRangeException>(() => packed[3].Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => packed[-1].Length);
    }

    private static int[][] RandomDocuments(Random random) =>
        [.. Enumerable.Range(0, random.Next(0, 20)).Select(_ => Enumerable.Range(0, random.Next(0, 40)).Select(_ => random.Next(100)).ToArray())];

    private static int[][] Cut(int[][] documents, int length) =>
        [.. documents.SelectMany(tokens => tokens.Append(Separator)).Chunk(length - 1).Where(piece => piece.Length == length - 1).Select(piece => piece.Prepend(FirstToken).ToArray())];

    private static int[][] Contexts(PackedContexts packed) => [.. Enumerable.Range(0, (int)packed.Count).Select(index => packed[index].ToArray())];
}
