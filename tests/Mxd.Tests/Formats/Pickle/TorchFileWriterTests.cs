using Mxd.Formats.Pickle;
using Mxd.Tests.Runtime;
using static TorchSharp.torch;

namespace Mxd.Tests.Formats.Pickle;

public sealed class TorchFileWriterTests : IDisposable
{
    private const string CheckScript = """
        import array, collections, io, pickle, pickletools, sys, zipfile
        archive = zipfile.ZipFile(sys.argv[1])
        assert archive.testzip() is None
        print(*archive.namelist())
        starts = [i.header_offset + 30 + len(i.filename) + int.from_bytes(open(sys.argv[1], 'rb').read()[i.header_offset + 28:i.header_offset + 30], 'little') for i in archive.infolist()]
        print(all(s % 64 == 0 for s in starts))
        data = archive.read('a/data.pkl')
        print(max(op.proto for op, _, _ in pickletools.genops(data)))
        class Config:
            def __repr__(self): return 'Config(' + ', '.join(f'{k}={v!r}' for k, v in self.__dict__.items()) + ')'
        class Unpickler(pickle.Unpickler):
            def find_class(self, module, name):
                known = {('m', 'Config'): Config, ('collections', 'OrderedDict'): collections.OrderedDict, ('torch', 'device'): lambda *a: a,
                    ('torch', 'float32'): 'float32', ('torch', 'FloatStorage'): 'f', ('torch', 'BoolStorage'): 'b',
                    ('torch._utils', '_rebuild_tensor_v2'): lambda *a: a, ('torch._utils', '_rebuild_parameter'): lambda *a: a}
                return known[module, name]
            def persistent_load(self, pid):
                kind, code, key, location, count = pid
                values = array.array(code, archive.read('a/data/' + key))
                assert kind == 'storage' and len(values) == count
                return values
        root = Unpickler(io.BytesIO(data)).load()
        print(root['cfg'])
        weight = root['state_dict']['w']
        print(weight[2], weight[3])
        print(*(f'{v:08x}' for v in array.array('I', weight[0].tobytes())))
        print(len(root['many']), root['many'][-1])
        print(root['state_dict']._metadata)
        """;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Write_AndOpen_GiveEqualValues()
    {
        using Tensor weight = randn(3, 4), flags = tensor(new[] { true, false });
        PickleValue root = Everything(weight, flags);
        TorchFileWriter.Write(folder.File("a.pt"), root);
        using TorchFile file = TorchFile.Open(folder.File("a.pt"));
        Assert.Equal(Shown(root), Shown(file.Root.Value));
        using Tensor read = file.Root["state_dict"]["w"].ToTensor().Read(), again = PickleTensor.Of(weight).Read(), readFlags = file.Root["state_dict"]["flags"].ToTensor().Read();
        Assert.Equal(weight.bytes.ToArray(), read.bytes.ToArray());
        Assert.Equal(weight.bytes.ToArray(), again.bytes.ToArray());
        Assert.Equal(flags.bytes.ToArray(), readFlags.bytes.ToArray());
    }

    [Fact]
    public void Write_IsAcceptedByPythonsOwnReaders()
    {
        using Tensor weight = randn(3, 4), flags = tensor(new[] { true, false });
        TorchFileWriter.Write(folder.File("a.pt"), Everything(weight, flags));
        string[] lines = Python.Run(CheckScript, folder.File("a.pt")).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.Equal(
            ["a/data.pkl a/data/0 a/data/1 a/version", "True", "2", "Config(d_in=768, big=1099511627776, small=-1099511627776, name='é', ghosts=(False,), t4=(1, 2, 3, 4), e=())",
                "(3, 4) (4, 1)", string.Join(' ', weight.data<float>().ToArray().Select(value => BitConverter.SingleToUInt32Bits(value).ToString("x8"))), "2500 2499", "{'version': 1}"],
            lines);
    }

    [Fact]
    public void Write_PutsTheElementsInTheOrderOfTheShape()
    {
        using Tensor weight = arange(6, dtype: ScalarType.Float32).reshape(2, 3), transposed = weight.t();
        TorchFileWriter.Write(folder.File("a.pt"), PickleTensor.Of(transposed));
        using TorchFile file = TorchFile.Open(folder.File("a.pt"));
        using Tensor read = file.Root.ToTensor().Read();
        Assert.Equal([3, 2], read.shape);
        Assert.Equal([0f, 3, 1, 4, 2, 5], read.data<float>().ToArray());
    }

    [Fact]
    public void Write_KeepsAStorageThatTensorsShare()
    {
        PickleAssembler pickle = new PickleAssembler(2).Tensor(6, 0, [2, 3], [3, 1]).Tensor(6, 3, [3], [1]).Op(PickleOpcode.Tuple2);
        File.WriteAllBytes(folder.File("a.pt"), TorchZip.Make(pickle.Stop(), [.. Enumerable.Range(0, 24).Select(i => (byte)i)]));
        using TorchFile file = TorchFile.Open(folder.File("a.pt"));
        TorchFileWriter.Write(folder.File("b.pt"), file.Root.Value);
        using TorchFile copy = TorchFile.Open(folder.File("b.pt"));
        Assert.Same(copy.Root[0].ToTensor().Storage, copy.Root[1].ToTensor().Storage);
        using Tensor second = copy.Root[1].ToTensor().Read();
        Assert.Equal(Enumerable.Range(12, 12).Select(i => (byte)i), second.bytes.ToArray());
    }

    [Theory]
    [InlineData("a.pt", "a/data.pkl")]
    [InlineData("step 10.v2.pt", "step 10.v2/data.pkl")]
    [InlineData("ä.pt", "archive/data.pkl")]
    [InlineData(".pt", "archive/data.pkl")]
    public void Write_NamesTheFolderAfterTheFile(string file, string entry)
    {
        TorchFileWriter.Write(folder.File(file), 1);
        using var zip = System.IO.Compression.ZipFile.OpenRead(folder.File(file));
        Assert.Equal(entry, zip.Entries[0].FullName);
    }

    [Fact]
    public void Write_RefusesWhatCannotBeWritten()
    {
        var loop = new PickleList();
        loop.Append(loop);
        AssertRefused("The value holds a list of 1 that holds itself; it cannot be written.", loop);
        AssertRefused("a bytes of 1 cannot be written: pickle protocol 2, which torch.save uses, has none.", new PickleTuple(new PickleBytes(new byte[1])));
        AssertRefused("'\uFFFD' is not valid text, so it cannot be written.", "\ud800");
        AssertRefused("'os\uFFFDx.y' cannot be written: a name of Python's is one line.", new PickleGlobal("os\nx", "y"));
        using Tensor complex = zeros(2, dtype: ScalarType.ComplexFloat32);
        Assert.StartsWith("A tensor of ComplexFloat32 cannot be written;", Assert.Throws<ArgumentException>(() => PickleTensor.Of(complex)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new PickleDict { { PickleNone.Value, 1 } });
        Assert.Throws<ArgumentException>(() => new PickleDict { { "a", 1 }, { "a", 2 } });
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Write_LeavesTheOldFile_WhenATensorCannotBeRead()
    {
        TorchFileWriter.Write(folder.File("a.pt"), 1);
        byte[] before = File.ReadAllBytes(folder.File("a.pt"));
        Tensor gone = zeros(2);
        PickleTensor tensor = PickleTensor.Of(gone);
        gone.Dispose();
        Assert.ThrowsAny<Exception>(() => TorchFileWriter.Write(folder.File("a.pt"), tensor));
        Assert.Equal(before, File.ReadAllBytes(folder.File("a.pt")));
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Write_LeavesNoTensorsBehind()
    {
        using Tensor weight = randn(3, 4);
        PickleTensor described = PickleTensor.Of(weight);
        Assert.Equal(0, LiveTensors.LeftBy(() =>
        {
            TorchFileWriter.Write(folder.File("a.pt"), described);
            return 0;
        }));
    }

    private static PickleDict Everything(Tensor weight, Tensor flags)
    {
        var config = new PickleRecord(new PickleGlobal("m", "Config"))
        {
            Fields = new PickleDict
            {
                ["d_in"] = 768,
                ["big"] = 1L << 40,
                ["small"] = -(1L << 40),
                ["name"] = "é",
                ["ghosts"] = new PickleTuple(false),
                ["t4"] = new PickleTuple(1, 2, 3, 4),
                ["e"] = PickleTuple.Empty,
            },
        };
        var state = new PickleOrderedDict { ["w"] = PickleTensor.Of(weight), ["flags"] = new PickleParameter(PickleTensor.Of(flags), requiresGrad: false) };
        state.Attributes = new PickleDict { ["_metadata"] = new PickleDict { ["version"] = 1 } };
        var many = new PickleList([.. Enumerable.Range(0, 2500).Select(i => (PickleValue)i)]);
        return new PickleDict
        {
            ["cfg"] = config,
            ["state_dict"] = state,
            ["many"] = many,
            ["again"] = many,
            ["none"] = PickleNone.Value,
            ["device"] = new PickleDevice("cuda", 1),
            ["dtype"] = new PickleGlobal("torch", "float32"),
            ["numbers"] = new PickleTuple(0, 255, 256, 65535, 65536, -1, int.MinValue, int.MaxValue, 1L << 31, long.MinValue, long.MaxValue, 0.5, double.NaN),
            ["one"] = new PickleList("x"),
        };
    }

    /// <summary>Values and their kinds all the way down.</summary>
    private static string Shown(PickleValue value) => value switch
    {
        PickleDict dict => $"{dict}{{{string.Join(", ", dict.Select(entry => $"{entry.Key}: {Shown(entry.Value)}"))}}}{((dict as PickleOrderedDict)?.Attributes is { } more ? Shown(more) : "")}",
        PickleRecord record => $"{record}{Shown(record.Arguments)}{Shown(record.Fields)}",
        PickleContainer container => $"{container}({string.Join(", ", Enumerable.Range(0, container.ChildCount).Select(i => Shown(container.Child(i))))})",
        _ => $"{value.GetType().Name} {value}",
    };

    private void AssertRefused(string message, PickleValue root) =>
        Assert.StartsWith(message, Assert.Throws<ArgumentException>(() => TorchFileWriter.Write(folder.File("a.pt"), root)).Message, StringComparison.Ordinal);
}
