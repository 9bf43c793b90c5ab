using System.Text;
using Mxd.Formats;
using Mxd.Tests.Runtime;

namespace Mxd.Tests.Formats;

public sealed class SafetensorsHostileTests : IDisposable
{
    private const string Nine = """{"dtype":"U8","shape":[9],"data_offsets":[0,9]}""";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Open_RefusesAFileCutAnywhere()
    {
        for (int length = 0; length < SafetensorsBytes.Small.Length; length++)
            Assert.Contains($"ends at byte {length}", Refused(SafetensorsBytes.Small[..length]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1UL << 63)]
    [InlineData(ulong.MaxValue)]
    [InlineData(100_000_001UL)]
    public void Open_RefusesAHeaderLengthBeyondTheFormatsLimit(ulong length) =>
        Assert.Contains($"header length of {length} bytes, and the format allows 100000000", Refused(SafetensorsBytes.WithLength(length, new byte[20])), StringComparison.Ordinal);

    [Fact]
    public void Open_SaysHowMuchOfACutFileIsMissing()
    {
        string message = Refused(SafetensorsBytes.Small[..^5]);
        int whole = SafetensorsBytes.Small.Length;
        Assert.EndsWith($" ends at byte {whole - 5}, but its header describes {whole}: the file is cut short; download it again.", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "does not begin with '{'")]
    [InlineData(" {}", "does not begin with '{'")]
    [InlineData("[]", "does not begin with '{'")]
    [InlineData("{", "not valid JSON")]
    [InlineData("{}x", "not valid JSON")]
    [InlineData("{} {}", "not valid JSON")]
    [InlineData("{\"a\":1}", "'a' is not described by an object")]
    [InlineData("{\"a\":{}}", "has no field 'dtype'")]
    [InlineData("{\"a\":{\"dtype\":\"U8\"}}", "has no field 'shape'")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[]}}", "has no pair 'data_offsets'")]
    [InlineData("{\"a\":{\"dtype\":7}}", "'dtype' that is not a string")]
    [InlineData("{\"a\":{\"shape\":7}}", "'shape' that is not a list")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\"}}", "two fields 'dtype'")]
    [InlineData("{\"__metadata__\":[]}", "not an object of strings")]
    [InlineData("{\"__metadata__\":{\"k\":1}}", "'k' that is not a string")]
    [InlineData("{\"__metadata__\":{\"k\":\"v\",\"k\":\"w\"}}", "'k' twice")]
    [InlineData("{\"__metadata__\":{},\"__metadata__\":{}}", "'__metadata__' twice")]
    [InlineData("{\"\\ud800\":{}}", "not valid JSON in UTF-8")]
    [InlineData("{\"a\\nb\":1}", "is not described by an object")]
    public void Open_RefusesAHeaderOfAnotherForm(string header, string reason) =>
        Assert.Contains(reason, Refused(SafetensorsBytes.Make(header, 0)), StringComparison.Ordinal);

    [Theory]
    [InlineData("F5", "[1]", "[0,4]", "the dtype 'F5'")]
    [InlineData("F32", "[-1]", "[0,4]", "not a whole number")]
    [InlineData("F32", "[1.5]", "[0,4]", "not a whole number")]
    [InlineData("F32", "[\"1\"]", "[0,4]", "not a whole number")]
    [InlineData("F32", "[9223372036854775808]", "[0,4]", "not a whole number")]
    [InlineData("F32", "[4611686018427387904,4]", "[0,0]", "more bytes than a 64-bit number counts")]
    [InlineData("F32", "[4611686018427387904]", "[0,0]", "more bytes than a 64-bit number counts")]
    [InlineData("F32", "[4611686018427387904,4,0]", "[0,0]", "more bytes than a 64-bit number counts")]
    [InlineData("F32", "[1]", "[4,0]", "end before they begin")]
    [InlineData("F32", "[1]", "[-4,0]", "not a whole number")]
    [InlineData("F32", "[1]", "[0,4,8]", "more than 2 numbers")]
    [InlineData("F32", "[1]", "[0]", "has no pair 'data_offsets'")]
    [InlineData("F32", "[2]", "[0,4]", "4 bytes, but F32 [2] takes 8")]
    [InlineData("F32", "[1]", "[0,8]", "8 bytes, but F32 [1] takes 4")]
    [InlineData("U8", "[1]", "[9223372036854775806,9223372036854775807]", "beyond any file")]
    [InlineData("U8", "[1]", "[4096,4097]", "belong to no tensor")]
    [InlineData("U8", "[9223372036854775000]", "[0,9223372036854775000]", "cut short")]
    public void Open_RefusesATensorThatContradictsItself(string dtype, string shape, string offsets, string reason) =>
        Assert.Contains(reason, Refused(SafetensorsBytes.One(dtype, shape, offsets, 4)), StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"dtype":"U8","shape":[5],"data_offsets":[8,13]}""", 13, "'a' and 'b' overlap")]
    [InlineData("""{"dtype":"U8","shape":[9],"data_offsets":[0,9]}""", 9, "overlap")]
    [InlineData("""{"dtype":"U8","shape":[0],"data_offsets":[4,4]}""", 9, "'a' and 'b' overlap")]
    [InlineData("""{"dtype":"U8","shape":[5],"data_offsets":[10,15]}""", 15, "1 bytes before tensor 'b' belong to no tensor")]
    [InlineData("""{"dtype":"U8","shape":[5],"data_offsets":[9,14]}""", 15, "1 bytes after its last tensor")]
    public void Open_RefusesOverlapsAndHoles(string second, int dataBytes, string reason) =>
        Assert.Contains(reason, Refused(SafetensorsBytes.Make($$"""{"a":{{Nine}},"b":{{second}}}""", dataBytes)), StringComparison.Ordinal);

    [Fact]
    public void Open_RefusesTwoTensorsOfOneName() =>
        Assert.Contains("'a' twice", Refused(SafetensorsBytes.Make($$"""{"a":{{Nine}},"\u0061":{{Nine}}}""", 9)), StringComparison.Ordinal);

    [Fact]
    public void Open_RefusesNamesThatAreNotUtf8() =>
        Assert.Contains("not valid JSON in UTF-8", Refused(SafetensorsBytes.Make([.. "{\""u8, 0xff, .. "\":{}}"u8], 0)), StringComparison.Ordinal);

    [Fact]
    public void Open_RefusesEndlesslyNestedHeaders() =>
        Assert.Contains("not valid JSON", Refused(SafetensorsBytes.Make("{\"a\":{\"x\":" + new string('[', 100_000), 0)), StringComparison.Ordinal);

    [Fact]
    public void Open_RefusesShapesOfMillionsOfDimensions()
    {
        var shape = new StringBuilder("[1");
        for (int i = 0; i < 1_000_000; i++) shape.Append(",1");
        Assert.Contains("more than 64 numbers", Refused(SafetensorsBytes.One("U8", shape.Append(']').ToString(), "[0,1]", 1)), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ShowsHostileNamesShortenedAndOnOneLine() =>
        Assert.InRange(Refused(SafetensorsBytes.Make($$"""{"{{new string('x', 5000)}}\r\n":1}""", 0)).Length, 1, 400);

    [Fact]
    public void Open_RefusesOrReadsAnyDamagedFile()
    {
        var random = new Random(1);
        int refused = 0;
        for (int i = 0; i < 4000; i++)
        {
            byte[] damaged = [.. SafetensorsBytes.Small];
            for (int flips = random.Next(1, 4); flips > 0; flips--) damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            if (Refusal.OrNull(folder.File("damaged"), damaged, ReadAll, SafetensorsFile.Open) is not null) refused++;
        }
        Assert.InRange(refused, 1000, 3999);
    }

    private static void ReadAll(SafetensorsFile file)
    {
        foreach (string name in file.Names) file.Read(name).Dispose();
    }

    private string Refused(byte[] content) => Refusal.Of(folder.File("hostile.safetensors"), content, SafetensorsFile.Open);
}
