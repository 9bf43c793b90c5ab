using Mxd.Formats.Pickle;

namespace Mxd.Tests.Formats.Pickle;

/// <summary>Pickles that ask for code to be run, or are not put together as a pickler does it. Each is refused in one line.</summary>
public sealed class HostilePickleTests : HostileTests
{
    private const string Dangerous = "the file asks for code to be run; do not use it.";
    private const string SaveAgain = "save it again with torch.save of a current PyTorch.";

    public static TheoryData<string, string> Calls => new()
    {
        { "os", "system" }, { "posix", "system" }, { "nt", "system" }, { "subprocess", "Popen" }, { "builtins", "eval" }, { "builtins", "exec" },
        { "builtins", "getattr" }, { "builtins", "__import__" }, { "__builtin__", "set" }, { "torch", "load" }, { "torch.serialization", "load" },
        { "functools", "partial" }, { "copyreg", "_reconstructor" }, { "copy_reg", "_reconstructor" }, { "runpy", "_run_code" },
        { "pickle", "loads" }, { "operator", "attrgetter" }, { "webbrowser", "open" }, { "torch.hub", "load" }, { "_codecs", "encode" },
        { "torch", "_utils._rebuild_tensor_v2" }, { "torch._utils ", "_rebuild_tensor_v2" }, { "torch._utils", "_rebuild_tensor_v3" }, { "", "" },
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public void Open_RefusesEveryOtherCall_ByName(string module, string name)
    {
        PickleAssembler pickle = new PickleAssembler(2).Global(module, name).Text("true").Op(PickleOpcode.Tuple1);
        int at = pickle.Position;
        AssertRefused($"calls '{module}.{name}' (byte {at}): {Dangerous}", pickle.Reduce().Stop());
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public void Open_TakesANameThatIsNotCalled_AsAName(string module, string name)
    {
        using TorchFile file = Accepted(new PickleAssembler().Text(module).Text(name).Op(PickleOpcode.StackGlobal).Stop());
        Assert.Equal((module, name), Assert.IsType<PickleGlobal>(file.Root.Value) is var global ? (global.Module, global.Name) : default);
    }

    [Fact]
    public void Open_RefusesACallWithANameFromTheStack()
    {
        PickleAssembler pickle = new PickleAssembler().Text("system").Put(0).Text("posix").Get(0).Op(PickleOpcode.StackGlobal).Text("true").Op(PickleOpcode.Tuple1);
        int at = pickle.Position;
        AssertRefused($"calls 'posix.system' (byte {at}): {Dangerous}", pickle.Reduce().Op(PickleOpcode.Tuple2).Stop());
    }

    [Fact]
    public void Open_RefusesANameThatIsComputed()
    {
        PickleAssembler pickle = new PickleAssembler().Text("posix").Global("torch", "device").Text("system").Op(PickleOpcode.Tuple1).Reduce();
        int at = pickle.Position;
        AssertRefused(
            $"names something by the str 'posix' and the torch.device 'system', where two texts are needed (byte {at}): {Damaged}",
            pickle.Op(PickleOpcode.StackGlobal).Stop());
    }

    [Fact]
    public void Open_RefusesACallAmongATensorsArguments()
    {
        PickleAssembler pickle = new PickleAssembler().Global("torch._utils", "_rebuild_tensor_v2").Mark().Storage("0", 4)
            .Global("posix", "system").Text("true").Op(PickleOpcode.Tuple1);
        int at = pickle.Position;
        AssertRefused($"calls 'posix.system' (byte {at}): {Dangerous}", pickle.Reduce().Sizes(4).Sizes(1).Op(PickleOpcode.NewFalse).NoHooks().Tuple().Reduce().Stop());
    }

    [Fact]
    public void Open_RefusesACallOfWhatIsNoName()
    {
        PickleAssembler pickle = new PickleAssembler().Text("eval").Op(PickleOpcode.EmptyTuple);
        AssertRefused($"calls the str 'eval' (byte {pickle.Position}): {Dangerous}", pickle.Reduce().Stop());
    }

    [Fact]
    public void Open_RefusesAnInstanceOfWhatIsNoName()
    {
        PickleAssembler pickle = new PickleAssembler().NoHooks().Op(PickleOpcode.EmptyTuple);
        AssertRefused($"makes an instance of an OrderedDict of 0 (byte {pickle.Position}): {Dangerous}", pickle.Op(PickleOpcode.NewObj).Stop());
    }

    [Fact]
    public void Open_RefusesKeywordArguments()
    {
        PickleAssembler pickle = new PickleAssembler().Global("m", "C").Op(PickleOpcode.EmptyTuple).Op(PickleOpcode.EmptyDict).Text("k").Op(PickleOpcode.None).Op(PickleOpcode.SetItem);
        AssertRefused($"makes 'm.C' from a dict of 1 (byte {pickle.Position}): {SavePlain}", pickle.Op(PickleOpcode.NewObjEx).Stop());
    }

    /// <summary>State set on a function or a module is how <c>__setstate__</c> and attributes of others' are reached.</summary>
    [Fact]
    public void Open_RefusesStateOfAName()
    {
        PickleAssembler pickle = new PickleAssembler().Global("builtins", "print").Op(PickleOpcode.EmptyDict).Text("__setstate__").Global("os", "system").Op(PickleOpcode.SetItem);
        AssertRefused($"sets the state of the name 'builtins.print' (byte {pickle.Position}): {Dangerous}", pickle.Op(PickleOpcode.Build).Stop());
    }

    [Fact]
    public void Open_TakesTheFieldSetstate_AsAField()
    {
        PickleAssembler pickle = new PickleAssembler().Global("m", "C").Op(PickleOpcode.EmptyTuple).Op(PickleOpcode.NewObj)
            .Op(PickleOpcode.EmptyDict).Text("__setstate__").Global("os", "system").Op(PickleOpcode.SetItem).Op(PickleOpcode.Build);
        using (TorchFile file = Accepted(pickle.Bytes.Append((byte)PickleOpcode.Stop).ToArray()))
            Assert.Equal("os.system", file.Root["__setstate__"].Value.ToString());
        pickle.Text("true");
        int at = pickle.Position;
        AssertRefused($"sets the state of an instance of 'm.C' from the str 'true' (byte {at}): only a dict of names can be read; {SavePlain}", pickle.Op(PickleOpcode.Build).Stop());
    }

    [Fact]
    public void Open_RefusesStateSetTwice()
    {
        PickleAssembler pickle = new PickleAssembler().Global("m", "C").Op(PickleOpcode.EmptyTuple).Op(PickleOpcode.NewObj)
            .Op(PickleOpcode.EmptyDict).Put(0).Text("a").Op(PickleOpcode.None).Op(PickleOpcode.SetItem).Op(PickleOpcode.Build).Get(0);
        AssertRefused($"sets the state of an instance of 'm.C' twice (byte {pickle.Position}): {Damaged}", pickle.Op(PickleOpcode.Build).Stop());
    }

    [Fact]
    public void Open_RefusesOtherArgumentsOfTheFunctionsItKnows()
    {
        PickleAssembler pickle = new PickleAssembler().Global("collections", "OrderedDict").Op(PickleOpcode.EmptyList).Op(PickleOpcode.Tuple1);
        AssertRefused(
            $"calls 'collections.OrderedDict' with a tuple of 1, other arguments than torch gives it (byte {pickle.Position}): {SaveAgain}", pickle.Reduce().Stop());
        pickle = new PickleAssembler().Global("torch", "device").Op(PickleOpcode.EmptyTuple);
        AssertRefused($"calls 'torch.device' with a tuple of 0, other arguments than torch gives it (byte {pickle.Position}): {SaveAgain}", pickle.Reduce().Stop());
        pickle = new PickleAssembler().Global("torch", "device").Op(PickleOpcode.None);
        AssertRefused($"calls 'torch.device' with None, where a tuple is needed (byte {pickle.Position}): {Damaged}", pickle.Reduce().Stop());
        pickle = new PickleAssembler().Global("torch._utils", "_rebuild_parameter").Op(PickleOpcode.None).Op(PickleOpcode.NewTrue).NoHooks().Op(PickleOpcode.Tuple3);
        AssertRefused(
            $"rebuilds a parameter from (None, the bool True, an OrderedDict of 0) (byte {pickle.Position}): a tensor, requires_grad and no hooks are needed; save plain tensors.",
            pickle.Reduce().Stop());
    }

    [Theory]
    [InlineData((byte)PickleOpcode.Int, "INT")]
    [InlineData((byte)PickleOpcode.Float, "FLOAT")]
    [InlineData((byte)PickleOpcode.Long, "LONG")]
    [InlineData((byte)PickleOpcode.String, "STRING")]
    [InlineData((byte)PickleOpcode.BinString, "BINSTRING")]
    [InlineData((byte)PickleOpcode.ShortBinString, "SHORTBINSTRING")]
    [InlineData((byte)PickleOpcode.Unicode, "UNICODE")]
    [InlineData((byte)PickleOpcode.PersId, "PERSID")]
    [InlineData((byte)PickleOpcode.Inst, "INST")]
    [InlineData((byte)PickleOpcode.Obj, "OBJ")]
    [InlineData((byte)PickleOpcode.Get, "GET")]
    [InlineData((byte)PickleOpcode.Put, "PUT")]
    [InlineData((byte)PickleOpcode.List, "LIST")]
    [InlineData((byte)PickleOpcode.Dict, "DICT")]
    [InlineData((byte)PickleOpcode.Ext1, "EXT1")]
    [InlineData((byte)PickleOpcode.Ext2, "EXT2")]
    [InlineData((byte)PickleOpcode.Ext4, "EXT4")]
    [InlineData((byte)PickleOpcode.ByteArray8, "BYTEARRAY8")]
    [InlineData((byte)PickleOpcode.NextBuffer, "NEXTBUFFER")]
    [InlineData((byte)PickleOpcode.ReadOnlyBuffer, "READONLYBUFFER")]
    public void Open_RefusesInstructionsThatTorchDoesNotWrite(byte opcode, string name) =>
        AssertRefused(
            $"has the instruction {name}, which torch.save does not write (byte 2): {SaveAgain}",
            new PickleAssembler().Op((PickleOpcode)opcode, 1, 0, 0, 0, 0, 0, 0, 0).Op(PickleOpcode.None).Stop());

    [Fact]
    public void Open_RefusesBytesThatAreNoInstruction()
    {
        var known = Enum.GetValues<PickleOpcode>().Select(opcode => (byte)opcode).ToHashSet();
        for (int b = 0; b < 256; b++)
            if (!known.Contains((byte)b)) AssertRefused($"has the byte 0x{b:x2}, which is no instruction (byte 2): {Damaged}", new PickleAssembler().Raw((byte)b).Stop());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(6)]
    [InlineData(255)]
    public void Open_RefusesOtherProtocols(byte protocol) =>
        AssertRefused($"has the pickle protocol {protocol} (byte 0): protocols 2 to 5 are read; save it again with torch.save.", new PickleAssembler(protocol).Op(PickleOpcode.None).Stop());

    [Fact]
    public void Open_RefusesAProtocolThatIsNotStatedOnceAtTheBeginning()
    {
        AssertRefused($"does not state its protocol once, at its beginning (byte 0): {Damaged}", new PickleAssembler(null).Op(PickleOpcode.None).Stop());
        AssertRefused($"does not state its protocol once, at its beginning (byte 3): {Damaged}", new PickleAssembler().Op(PickleOpcode.None).Op(PickleOpcode.Proto, 2).Stop());
    }

    public static TheoryData<string, byte[]> Lengths => new()
    {
        { nameof(PickleOpcode.BinUnicode), PickleAssembler.Wide(uint.MaxValue) },
        { nameof(PickleOpcode.BinBytes), PickleAssembler.Wide(uint.MaxValue) },
        { nameof(PickleOpcode.Long4), PickleAssembler.Wide(uint.MaxValue) },
        { nameof(PickleOpcode.BinUnicode8), BitConverter.GetBytes(ulong.MaxValue) },
        { nameof(PickleOpcode.BinUnicode8), BitConverter.GetBytes(1L << 40) },
        { nameof(PickleOpcode.BinBytes8), BitConverter.GetBytes(1UL << 63) },
        { nameof(PickleOpcode.ShortBinUnicode), [255] },
        { nameof(PickleOpcode.ShortBinBytes), [255] },
        { nameof(PickleOpcode.Long1), [255] },
    };

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Open_RefusesLengthsBeyondThePickle(string opcode, byte[] length)
    {
        byte[] pickle = new PickleAssembler().Op(Enum.Parse<PickleOpcode>(opcode), length).Stop();
        AssertRefused($"ends at byte {pickle.Length}, inside an instruction (byte 2): {Damaged}", pickle);
    }

    [Fact]
    public void Open_RefusesFramesBeyondThePickle() =>
        AssertRefused(
            $"has a frame of 18446744073709551615 bytes, and 2 are left (byte 2): {Damaged}",
            new PickleAssembler().Op(PickleOpcode.Frame, BitConverter.GetBytes(ulong.MaxValue)).Op(PickleOpcode.None).Stop());

    [Fact]
    public void Open_RefusesNumbersOfMoreThan64Bits()
    {
        byte[] pickle = new PickleAssembler().Op(PickleOpcode.Long1, 9, 0, 0, 0, 0, 0, 0, 0, 0x80, 0).Stop();
        AssertRefused("has a whole number of more than 64 bits (byte 2): save it again without that number.", pickle);
        pickle = new PickleAssembler().Op(PickleOpcode.Long4, PickleAssembler.Wide(1000)).Raw(new byte[1000]).Stop();
        AssertRefused("has a whole number of more than 64 bits (byte 2): save it again without that number.", pickle);
    }

    [Fact]
    public void Open_RefusesTextThatIsNotUtf8() =>
        AssertRefused($"has text that is not UTF-8 (byte 2): {Damaged}", new PickleAssembler().Op(PickleOpcode.ShortBinUnicode, 2, 0xc3, 0x28).Stop());

    [Fact]
    public void Open_RefusesAPickleCutAnywhere()
    {
        byte[] whole = new PickleAssembler().Op(PickleOpcode.EmptyDict).Put(0).Mark().Text("a").Tensor(4, 0, [2, 2], [2, 1]).Text("b").Op(PickleOpcode.BinFloat, new byte[8])
            .Op(PickleOpcode.SetItems).Stop();
        Accepted(whole).Dispose();
        for (int length = 0; length < whole.Length; length++)
        {
            string message = Refused(whole[..length]);
            Assert.EndsWith(Damaged, message, StringComparison.Ordinal);
            Assert.Matches($"ends (at byte {length}, inside an instruction|without the instruction STOP) ", message);
        }
    }

    [Fact]
    public void Open_RefusesWhatFollowsTheEnd() =>
        AssertRefused($"goes on for 3 bytes after it has stopped (byte 3): {Damaged}", [.. new PickleAssembler().Op(PickleOpcode.None).Stop(), 1, 2, 3]);

    [Fact]
    public void Open_RefusesAnUnbalancedStack()
    {
        const string Few = "has an instruction that takes more values than there are";
        AssertRefused($"stops with values or marks left over (byte 4): {Damaged}", new PickleAssembler().Repeat(2, PickleOpcode.None).Stop());
        AssertRefused($"{Few} (byte 2): {Damaged}", new PickleAssembler().Stop());
        AssertRefused($"{Few} (byte 4): {Damaged}", new PickleAssembler().Op(PickleOpcode.None).Mark().Stop());
        AssertRefused($"{Few} (byte 2): {Damaged}", new PickleAssembler().Op(PickleOpcode.Pop).Stop());
        AssertRefused($"{Few} (byte 2): {Damaged}", new PickleAssembler().Op(PickleOpcode.Dup).Stop());
        AssertRefused($"{Few} (byte 4): {Damaged}", new PickleAssembler().Op(PickleOpcode.None).Mark().Op(PickleOpcode.Tuple1).Stop());
        AssertRefused($"{Few} (byte 2): {Damaged}", new PickleAssembler().Put(0).Stop());
    }

    [Theory]
    [InlineData((byte)PickleOpcode.Tuple)]
    [InlineData((byte)PickleOpcode.Appends)]
    [InlineData((byte)PickleOpcode.SetItems)]
    [InlineData((byte)PickleOpcode.AddItems)]
    [InlineData((byte)PickleOpcode.FrozenSet)]
    [InlineData((byte)PickleOpcode.PopMark)]
    public void Open_RefusesAMissingMark(byte opcode) =>
        AssertRefused(
            $"has an instruction that needs a mark, and there is none (byte 5): {Damaged}",
            new PickleAssembler().Repeat(3, PickleOpcode.EmptyList).Op((PickleOpcode)opcode).Stop());

    [Fact]
    public void Open_RefusesItemsOfWhatHoldsNone()
    {
        AssertRefused($"appends to None (byte 4): {Damaged}", new PickleAssembler().Repeat(2, PickleOpcode.None).Op(PickleOpcode.Append).Stop());
        AssertRefused($"sets items of None (byte 5): {Damaged}", new PickleAssembler().Repeat(3, PickleOpcode.None).Op(PickleOpcode.SetItem).Stop());
        AssertRefused($"adds to None as to a set (byte 4): {Damaged}", new PickleAssembler().Op(PickleOpcode.None).Mark().Op(PickleOpcode.AddItems).Stop());
        AssertRefused($"sets a key without a value (byte 5): {Damaged}", new PickleAssembler().Op(PickleOpcode.EmptyDict).Mark().Op(PickleOpcode.None).Op(PickleOpcode.SetItems).Stop());
        AssertRefused(
            "has a tuple of 0 as a key (byte 5): save dictionaries whose keys are str or int.",
            new PickleAssembler().Op(PickleOpcode.EmptyDict).Op(PickleOpcode.EmptyTuple).Op(PickleOpcode.None).Op(PickleOpcode.SetItem).Stop());
    }

    [Fact]
    public void Open_RefusesAKeyThatIsSetTwice()
    {
        PickleAssembler pickle = new PickleAssembler().Op(PickleOpcode.EmptyDict).Mark().Text("a").Op(PickleOpcode.None).Text("a").Op(PickleOpcode.NewTrue);
        AssertRefused($"sets the str 'a' twice as a key of one dictionary (byte {pickle.Position}): {Damaged}", pickle.Op(PickleOpcode.SetItems).Stop());
    }

    [Fact]
    public void Open_ShowsHostileNamesShortenedAndOnOneLine()
    {
        byte[] pickle = new PickleAssembler().Text("os\n\u001b[2J").Text(new string('x', 5000)).Op(PickleOpcode.StackGlobal).Op(PickleOpcode.EmptyTuple).Reduce().Stop();
        Assert.InRange(Refused(pickle).Length, 1, 400);
    }
}
