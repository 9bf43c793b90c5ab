using Mxd.Formats.Pickle;

namespace Mxd.Tests.Formats.Pickle;

/// <summary>
/// Pickles that ask for memory or time beyond their size. <see cref="Refusal"/> counts the memory; the time is bounded by how much there is
/// to do, so these tests would not end where it is not.
/// </summary>
public sealed class PickleBombTests : HostileTests
{
    [Fact]
    public void Open_RefusesMemoNumbersThatNoPicklerReaches()
    {
        AssertRefused(
            $"stores a value under the number 4294967295 after 3 instructions, and picklers count up from 0 (byte 3): {Damaged}",
            new PickleAssembler().Op(PickleOpcode.None).Op(PickleOpcode.LongBinPut, PickleAssembler.Wide(uint.MaxValue)).Stop());
        AssertRefused($"refers to the value number 4294967295, which it has not stored (byte 2): {Damaged}", new PickleAssembler().Op(PickleOpcode.LongBinGet, PickleAssembler.Wide(uint.MaxValue)).Stop());
        AssertRefused($"refers to the value number 0, which it has not stored (byte 5): {Damaged}", new PickleAssembler().Op(PickleOpcode.None).Put(1).Get(0).Stop());
    }

    [Fact]
    public void Open_RefusesAListThatHoldsItself()
    {
        byte[] pickle = new PickleAssembler().Op(PickleOpcode.EmptyList).Put(0).Get(0).Op(PickleOpcode.Append).Stop();
        AssertRefused($"holds a list of 1 that holds itself (byte 8): {SavePlain}", pickle);
    }

    [Fact]
    public void Open_RefusesAnInstanceThatHoldsItself_ThroughATuple()
    {
        PickleAssembler pickle = new PickleAssembler().Global("m", "C").Op(PickleOpcode.EmptyTuple).Op(PickleOpcode.NewObj).Put(0)
            .Op(PickleOpcode.EmptyDict).Text("self").Get(0).Op(PickleOpcode.Tuple1).Op(PickleOpcode.SetItem).Op(PickleOpcode.Build);
        AssertRefused($"holds an instance of 'm.C' that holds itself (byte {pickle.Position}): {SavePlain}", pickle.Stop());
    }

    [Theory]
    [InlineData(101)]
    [InlineData(1_000_000)]
    public void Open_RefusesEndlessNesting(int depth)
    {
        PickleAssembler pickle = new PickleAssembler().Op(PickleOpcode.None).Repeat(depth, PickleOpcode.Tuple1);
        AssertRefused($"nests values more than 100 deep (byte {pickle.Position}): {SavePlain}", pickle.Stop());
    }

    /// <summary>Ten lists of the list before, ten times each: a walk that does not look meets 10^90 of them.</summary>
    [Fact]
    public void Open_ReadsSharedValuesOnce()
    {
        PickleAssembler pickle = new PickleAssembler().Op(PickleOpcode.EmptyList);
        for (byte level = 0; level < 90; level++)
        {
            pickle.Put(level).Op(PickleOpcode.Pop).Op(PickleOpcode.EmptyList).Mark();
            for (int i = 0; i < 10; i++) pickle.Get(level);
            pickle.Op(PickleOpcode.Appends);
        }
        using TorchFile file = Accepted(pickle.Stop());
        PickleNode node = file.Root;
        for (int level = 0; level < 90; level++) node = node[9];
        Assert.Empty(Assert.IsType<PickleList>(node.Value).Items);
        Assert.InRange(PickleWriter.Write(file.Root.Value).Bytes.Length, 1000, 5000);
    }

    [Fact]
    public void Open_FindsNestingBehindSharedValues()
    {
        PickleAssembler pickle = new PickleAssembler().Op(PickleOpcode.None).Repeat(60, PickleOpcode.Tuple1).Put(0).Repeat(1, PickleOpcode.Dup);
        pickle.Repeat(60, PickleOpcode.Tuple1).Op(PickleOpcode.Tuple2);
        AssertRefused($"nests values more than 100 deep (byte {pickle.Position}): {SavePlain}", pickle.Stop());
    }

    [Theory]
    [InlineData((byte)PickleOpcode.None)]
    [InlineData((byte)PickleOpcode.Mark)]
    [InlineData((byte)PickleOpcode.EmptyList)]
    [InlineData((byte)PickleOpcode.EmptyTuple)]
    public void Open_RefusesMillionsOfInstructions(byte opcode) =>
        AssertRefused(
            "has more than 4194304 instructions (byte 4194305): save fewer values in one file, and long rows of numbers as tensors.",
            new PickleAssembler().Repeat(PickleMachine.MostInstructions, (PickleOpcode)opcode).Stop());

    [Fact]
    public void Open_RefusesMillionsOfMemoryStores() =>
        AssertRefused(
            "has more than 4194304 instructions (byte 4194305): save fewer values in one file, and long rows of numbers as tensors.",
            new PickleAssembler().Op(PickleOpcode.None).Repeat(PickleMachine.MostInstructions, PickleOpcode.Memoize).Stop());

    /// <summary>A text of megabytes as the key of each of a hundred thousand dictionaries: hashed each time, it would take minutes.</summary>
    [Fact]
    public void Open_TakesTimeForATextOnce()
    {
        PickleAssembler pickle = new PickleAssembler().Text(new string('x', 4 << 20)).Put(0);
        for (int i = 0; i < 100_000; i++) pickle.Op(PickleOpcode.EmptyDict).Get(0).Op(PickleOpcode.None).Op(PickleOpcode.SetItem).Op(PickleOpcode.Pop);
        using TorchFile file = Accepted(pickle.Stop());
        Assert.Equal(4 << 20, file.Root.ToText().Length);
    }

    /// <summary>Numbers whose two halves are equal all have the hash 0 in .NET; compared with each other they would take an hour.</summary>
    [Fact]
    public void Open_TakesTimeForKeysInProportion()
    {
        PickleAssembler pickle = new PickleAssembler().Op(PickleOpcode.EmptyDict).Mark();
        for (long i = 0; i < 300_000; i++) pickle.Int(i << 32 | i).Op(PickleOpcode.None);
        using TorchFile file = Accepted(pickle.Op(PickleOpcode.SetItems).Stop());
        Assert.Equal(300_000, Assert.IsType<PickleDict>(file.Root.Value).Count);
    }

    /// <summary>One call takes five bytes; with its own sizes each tensor would take a kilobyte.</summary>
    [Fact]
    public void Open_TakesMemoryForSharedSizesOnce()
    {
        const int Tensors = 100_000;
        long[] ones = Enumerable.Repeat(1L, 64).ToArray();
        PickleAssembler pickle = new PickleAssembler().Global("torch._utils", "_rebuild_tensor_v2").Put(0)
            .Mark().Storage("0", 4).Int(0).Sizes(ones).Sizes(ones).Op(PickleOpcode.NewFalse).NoHooks().Tuple().Put(1).Mark();
        for (int i = 0; i < Tensors; i++) pickle.Get(0).Get(1).Reduce();
        pickle.Op(PickleOpcode.PopMark).Repeat(2, PickleOpcode.None);
        AssertRefused($"stops with values or marks left over (byte {pickle.Position}): {Damaged}", pickle.Stop());
    }

    [Fact]
    public void Open_RefusesAPickleBeyondTheLimit()
    {
        const string Long = " has a data.pkl of 67108865 bytes, more than 67108864: save fewer values in one file, and long rows of numbers as tensors.";
        Assert.EndsWith(Long, Refused(new byte[TorchFile.LongestPickle + 1]), StringComparison.Ordinal);
    }
}
