using Mxd.Formats.Blocks;

namespace Mxd.Formats;

/// <summary>One storage type of GGUF.</summary>
/// <param name="Number">As written in the file.</param>
/// <param name="Name">As its authors call it.</param>
/// <param name="BlockElements">Numbers in a block; a row is a whole number of blocks.</param>
/// <param name="BlockBytes">Bytes of a block.</param>
/// <param name="Format">How its values are read, or null where they are not: the sizes alone let a file be checked.</param>
internal sealed record GgufStorage(uint Number, string Name, int BlockElements, int BlockBytes, IBlockFormat? Format = null)
{
    private static readonly Dictionary<uint, GgufStorage> ByNumber = new[]
    {
        Readable(0, "F32", new F32Blocks()),
        Readable(1, "F16", new F16Blocks()),
        Readable(2, "Q4_0", new Q4_0Blocks()),
        Readable(3, "Q4_1", new Q4_1Blocks()),
        Readable(6, "Q5_0", new Q5_0Blocks()),
        Readable(7, "Q5_1", new Q5_1Blocks()),
        Readable(8, "Q8_0", new Q8_0Blocks()),
        new(9, "Q8_1", 32, 36),
        Readable(10, "Q2_K", new Q2_KBlocks()),
        Readable(11, "Q3_K", new Q3_KBlocks()),
        Readable(12, "Q4_K", new Q4_KBlocks()),
        Readable(13, "Q5_K", new Q5_KBlocks()),
        Readable(14, "Q6_K", new Q6_KBlocks()),
        new(15, "Q8_K", 256, 292),
        new(16, "IQ2_XXS", 256, 66),
        new(17, "IQ2_XS", 256, 74),
        new(18, "IQ3_XXS", 256, 98),
        new(19, "IQ1_S", 256, 50),
        new(20, "IQ4_NL", 32, 18),
        new(21, "IQ3_S", 256, 110),
        new(22, "IQ2_S", 256, 82),
        new(23, "IQ4_XS", 256, 136),
        new(24, "I8", 1, 1),
        new(25, "I16", 1, 2),
        new(26, "I32", 1, 4),
        new(27, "I64", 1, 8),
        new(28, "F64", 1, 8),
        new(29, "IQ1_M", 256, 56),
        Readable(30, "BF16", new BF16Blocks()),
        new(34, "TQ1_0", 256, 54),
        new(35, "TQ2_0", 256, 66),
        new(39, "MXFP4", 32, 17),
    }.ToDictionary(storage => storage.Number);

    public static IEnumerable<GgufStorage> All => ByNumber.Values;

    public static GgufStorage? Find(uint number) => ByNumber.GetValueOrDefault(number);

    private static GgufStorage Readable(uint number, string name, IBlockFormat format) =>
        new(number, name, format.BlockElements, format.BlockBytes, format);
}
