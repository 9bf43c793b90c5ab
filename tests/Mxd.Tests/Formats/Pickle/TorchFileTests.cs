using Mxd.Formats.Pickle;
using Mxd.Tests.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Formats.Pickle;

public sealed class TorchFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Open_ReadsPlainValues()
    {
        PickleAssembler pickle = new PickleAssembler().Op(PickleOpcode.Frame, BitConverter.GetBytes(3L)).Mark()
            .Op(PickleOpcode.None).Op(PickleOpcode.NewTrue).Op(PickleOpcode.NewFalse)
            .Op(PickleOpcode.BinInt1, 200).Op(PickleOpcode.BinInt2, 1, 2).Op(PickleOpcode.BinInt, 0xfe, 0xff, 0xff, 0xff)
            .Op(PickleOpcode.Long1, 0).Op(PickleOpcode.Long1, 1, 0x80).Op(PickleOpcode.Long1, 2, 0x80, 0).Int(long.MinValue).Op(PickleOpcode.Long4, 3, 0, 0, 0, 0, 0, 1)
            .Op(PickleOpcode.BinFloat, 0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a)
            .Text("é").Op(PickleOpcode.ShortBinUnicode, 1, (byte)'a').Op(PickleOpcode.BinUnicode8, 1, 0, 0, 0, 0, 0, 0, 0, (byte)'b')
            .Tuple();
        using TorchFile file = Open(pickle.Stop());
        Assert.Equal(
            ["None", "True", "False", "200", "513", "-2", "0", "-128", "128", "-9223372036854775808", "65536", "0.1", "é", "a", "b"],
            Assert.IsType<PickleTuple>(file.Root.Value).Items.Select(item => item.ToString()));
        Assert.Equal(folder.File("f.pt"), file.Location);
    }

    [Fact]
    public void Open_ReadsBytesAndSets()
    {
        PickleAssembler pickle = new PickleAssembler().Op(PickleOpcode.ShortBinBytes, 2, 7, 8).Op(PickleOpcode.EmptySet).Mark().Op(PickleOpcode.BinInt1, 1).Op(PickleOpcode.AddItems)
            .Mark().Op(PickleOpcode.BinBytes, 1, 0, 0, 0, 9).Op(PickleOpcode.FrozenSet).Op(PickleOpcode.Tuple3);
        using TorchFile file = Open(pickle.Stop());
        PickleValue[] items = [.. Assert.IsType<PickleTuple>(file.Root.Value).Items];
        Assert.Equal([7, 8], Assert.IsType<PickleBytes>(items[0]).Value.ToArray());
        Assert.Equal("1", Assert.Single(Assert.IsType<PickleSet>(items[1]).Items).ToString());
        Assert.IsType<PickleBytes>(Assert.Single(Assert.IsType<PickleSet>(items[2]).Items));
    }

    [Fact]
    public void Open_SharesWhatThePickleShares()
    {
        PickleAssembler pickle = new PickleAssembler().Op(PickleOpcode.EmptyList).Op(PickleOpcode.Memoize).Text("x").Op(PickleOpcode.Memoize).Op(PickleOpcode.Append)
            .Op(PickleOpcode.Dup).Get(0).Op(PickleOpcode.Tuple3, (byte)PickleOpcode.Mark, (byte)PickleOpcode.Pop).Get(1).Op(PickleOpcode.Tuple2);
        using TorchFile file = Open(pickle.Stop());
        Assert.Same(file.Root[0][0].Value, file.Root[0][1].Value);
        Assert.Same(file.Root[0][0].Value, file.Root[0][2].Value);
        Assert.Same(file.Root[0][0][0].Value, file.Root[1].Value);
    }

    [Fact]
    public void Open_ReadsAnInstanceAsItsNameAndFields()
    {
        PickleAssembler pickle = new PickleAssembler().Text("my.module").Text("Config").Op(PickleOpcode.StackGlobal)
            .Op(PickleOpcode.BinInt1, 5).Op(PickleOpcode.Tuple1).Op(PickleOpcode.EmptyDict).Op(PickleOpcode.NewObjEx)
            .Op(PickleOpcode.EmptyDict).Text("device").Global("torch", "device").Text("cuda").Op(PickleOpcode.BinInt1, 1).Op(PickleOpcode.Tuple2).Reduce().Op(PickleOpcode.SetItem)
            .Op(PickleOpcode.Build);
        using TorchFile file = Open(pickle.Stop());
        PickleRecord record = Assert.IsType<PickleRecord>(file.Root.Value);
        Assert.Equal(("my.module", "Config", "5"), (record.Type.Module, record.Type.Name, Assert.Single(record.Arguments.Items).ToString()));
        Assert.Equal("cuda:1", Assert.IsType<PickleDevice>(record.Fields["device"]).ToString());
    }

    [Fact]
    public void Open_ReadsParametersAndAttributesOfADictionary()
    {
        PickleAssembler pickle = new PickleAssembler(2).NoHooks().Text("w")
            .Global("torch._utils", "_rebuild_parameter").Tensor(4, 0, [4], [1]).Op(PickleOpcode.NewTrue).NoHooks().Op(PickleOpcode.Tuple3).Reduce().Op(PickleOpcode.SetItem)
            .Op(PickleOpcode.EmptyDict).Text("_metadata").Op(PickleOpcode.None).Op(PickleOpcode.SetItem).Op(PickleOpcode.Build);
        using TorchFile file = Open(pickle.Stop(), new byte[16]);
        Assert.True(Assert.IsType<PickleOrderedDict>(file.Root.Value).Attributes!.TryGet("_metadata", out _));
        Assert.True(Assert.IsType<PickleParameter>(file.Root["w"].Value).RequiresGrad);
        Assert.Equal([4], file.Root["w"].ToTensor().Shape);
    }

    [Fact]
    public void Open_TakesOtherEntriesAndTheByteOrder()
    {
        byte[] pickle = new PickleAssembler().Op(PickleOpcode.None).Stop();
        using TorchFile file = OpenArchive(TorchZip.Of(
            ("any name/data.pkl", pickle), ("any name/", []), ("any name/byteorder", "little"u8.ToArray()), ("any name/.format_version", "1"u8.ToArray()), ("any name/.storage_alignment", "64"u8.ToArray()),
            ("any name/version", "3\n"u8.ToArray()), ("any name/.data/serialization_id", "0123"u8.ToArray())));
        Assert.True(file.Root.IsNone);
    }

    public static TheoryData<string, ScalarType> StorageTypes => [.. StorageType.All.Select(type => (type.Name, type.Torch))];

    [Theory]
    [MemberData(nameof(StorageTypes))]
    public void Read_GivesTheBytesOfTheFile(string type, ScalarType dtype)
    {
        int size = StorageType.All.Single(known => known.Name == type).Bytes;
        byte[] storage = new byte[6 * size];
        if (dtype == ScalarType.Bool) storage = [0, 1, 0, 1, 1, 0];
        else new Random(1).NextBytes(storage);
        using TorchFile file = Open(new PickleAssembler(2).Tensor(6, 1, [5], [1], type).Stop(), storage);
        using Tensor read = file.Root.ToTensor().Read();
        Assert.Equal(dtype, read.dtype);
        Assert.Equal(storage[size..], read.bytes.ToArray());
    }

    [Fact]
    public void Read_MakesEveryNonZeroBooleanTrue()
    {
        using TorchFile file = Open(new PickleAssembler(2).Tensor(4, 0, [4], [1], "BoolStorage").Stop(), [0, 1, 2, 255]);
        using Tensor read = file.Root.ToTensor().Read();
        Assert.Equal(ScalarType.Bool, read.dtype);
        Assert.Equal([0, 1, 1, 1], read.bytes.ToArray());
    }

    [Fact]
    public void Read_FollowsAnyStrides()
    {
        var random = new Random(2);
        for (int trial = 0; trial < 200; trial++)
        {
            using DisposeScope scope = NewDisposeScope();
            long[] shape = [.. Enumerable.Range(0, random.Next(4)).Select(_ => (long)random.Next(5))];
            long[] strides = RandomStrides(random, shape);
            long offset = random.Next(4);
            long count = offset + new TensorView(0, shape, strides).Extent + random.Next(3);
            Tensor storage = arange(count, dtype: ScalarType.Float32);
            using TorchFile file = Open(new PickleAssembler(2).Tensor(count, offset, shape, strides).Stop(), storage.bytes.ToArray());
            PickleTensor described = file.Root.ToTensor();
            Tensor expected = shape.Contains(0) ? empty(shape) : storage.as_strided(shape, strides, offset).contiguous();
            Tensor read = described.Read();
            Assert.Equal(shape, described.Shape);
            Assert.Equal(shape, read.shape);
            Assert.True(read.is_contiguous());
            Assert.Equal(expected.bytes.ToArray(), read.bytes.ToArray());
        }
    }

    [Fact]
    public void Read_LeavesTheResultAlone()
    {
        using TorchFile file = Open(new PickleAssembler(2).Tensor(6, 0, [2, 3], [1, 2]).Stop(), new byte[24]);
        Assert.Equal(1, LiveTensors.LeftBy(file.Root.ToTensor().Read));
    }

    [Fact]
    public void Open_ReadsStoragesBehindGigabytes()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux makes files sparse without being told.");
        const long Gap = (4L << 30) + (64 << 20);
        byte[] pickle = new PickleAssembler(2).Mark().Storage("0", 4).Storage("1", Gap, "ByteStorage").Tuple()
            .Global("torch._utils", "_rebuild_tensor_v2").Mark().Storage("2", 1).Int(0).Sizes(1).Sizes(1).Op(PickleOpcode.NewFalse).NoHooks().Tuple().Reduce().Op(PickleOpcode.Tuple2).Stop();
        using (FileStream stream = File.Create(folder.File("f.pt")))
        {
            var zip = new Mxd.Formats.Pickle.Zip.ZipWriter(new SparseStream(stream));
            zip.Add("m/data.pkl", pickle.Length, data => data.Write(pickle));
            zip.Add("m/data/0", 16, data => data.Write(new byte[16]));
            zip.Add("m/data/1", Gap, data =>
            {
                byte[] zeros = new byte[64 << 20];
                for (long at = 0; at < Gap; at += zeros.Length) data.Write(zeros);
            });
            zip.Add("m/data/2", 4, data => data.Write(BitConverter.GetBytes(7f)));
            zip.Add("m/version", 2, data => data.Write("3\n"u8));
            zip.Finish();
        }
        using TorchFile file = TorchFile.Open(folder.File("f.pt"));
        Assert.Equal(Gap, Assert.IsAssignableFrom<PickleStorage>(file.Root[0][1].Value).Count);
        using Tensor read = file.Root[1].ToTensor().Read();
        Assert.Equal(7f, read.item<float>());
        string listed = Python.Run("import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); print([i.file_size for i in z.infolist()], z.read('m/data/2').hex())", folder.File("f.pt"));
        Assert.Equal($"[{pickle.Length}, 16, {Gap}, 4, 2] 0000e040", listed.Trim());
    }

    private static long[] RandomStrides(Random random, long[] shape)
    {
        // Dimensions get their places in a random order, with gaps; none overlap.
        long[] strides = new long[shape.Length];
        long next = 1 + random.Next(2);
        foreach (int d in Enumerable.Range(0, shape.Length).OrderBy(_ => random.Next()))
        {
            strides[d] = next;
            next = next * Math.Max(1, shape[d]) + random.Next(2);
        }
        return strides;
    }

    private TorchFile Open(byte[] pickle, params byte[][] storages) => OpenArchive(TorchZip.Make(pickle, storages));

    private TorchFile OpenArchive(byte[] content)
    {
        File.WriteAllBytes(folder.File("f.pt"), content);
        return TorchFile.Open(folder.File("f.pt"));
    }

    /// <summary>Skips over pieces of zeros instead of writing them.</summary>
    private sealed class SparseStream(FileStream inner) : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (buffer.Length > 1 << 20 && !buffer.ContainsAnyExcept((byte)0)) inner.Position += buffer.Length;
            else inner.Write(buffer);
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));
    }
}
