using Mxd.Formats.Pickle;

namespace Mxd.Tests.Formats.Pickle;

/// <summary>Tensors and storages that contradict the archive, over one storage of four float32.</summary>
public sealed class HostileTensorTests : HostileTests
{
    private const long Huge = long.MaxValue;

    public static TheoryData<long, long[], long[], string> Views => new()
    {
        { 0, [5], [1], "has 5 elements [5], but its storage only 4" },
        { 0, [1_000_000_000], [0], "has 1000000000 elements [1000000000], but its storage only 4" },
        { 0, [3, 3], [1, 1], "has 9 elements [3, 3], but its storage only 4" },
        { 1, [4], [1], "reaches beyond its storage of 4 elements with offset 1, sizes [4] and strides [1]" },
        { 0, [2], [4], "reaches beyond its storage of 4 elements with offset 0, sizes [2] and strides [4]" },
        { 4, [], [], "reaches beyond its storage of 4 elements with offset 4, sizes [] and strides []" },
        { 5, [0], [1], "reaches beyond its storage of 4 elements with offset 5, sizes [0] and strides [1]" },
        { Huge, [4], [1], $"reaches beyond its storage of 4 elements with offset {Huge}, sizes [4] and strides [1]" },
        { 0, [2, 2], [Huge, Huge], $"reaches beyond its storage of 4 elements with offset 0, sizes [2, 2] and strides [{Huge}, {Huge}]" },
        { 0, [Huge, Huge], [1, 1], $"has the sizes [{Huge}, {Huge}], more elements than a 64-bit number counts" },
        { 0, [Huge, Huge, 0], [1, 1, 1], $"has the sizes [{Huge}, {Huge}, 0], more elements than a 64-bit number counts" },
        { -1, [1], [1], "has a negative number among offset -1, sizes [1] and strides [1]" },
        { 0, [-1], [1], "has a negative number among offset 0, sizes [-1] and strides [1]" },
        { 3, [2], [-1], "has a negative number among offset 3, sizes [2] and strides [-1]" },
        { 0, [2, 2], [1], "has 2 sizes but 1 strides" },
    };

    [Theory]
    [MemberData(nameof(Views))]
    public void Open_RefusesATensorOutsideItsStorage(long offset, long[] sizes, long[] strides, string fault)
    {
        PickleAssembler pickle = new PickleAssembler(2).Tensor(4, offset, sizes, strides);
        AssertRefused($"has a tensor that {fault} (byte {pickle.Position - 1}): {Damaged}", pickle.Stop());
    }

    [Fact]
    public void Open_RefusesMillionsOfDimensions()
    {
        long[] ones = Enumerable.Repeat(1L, 100_000).ToArray();
        PickleAssembler pickle = new PickleAssembler(2).Tensor(4, 0, ones, ones);
        AssertRefused($"has a tensor that has 100000 dimensions, more than 64 (byte {pickle.Position - 1}): {Damaged}", pickle.Stop());
    }

    [Theory]
    [InlineData("FloatStorage", 5)]
    [InlineData("FloatStorage", 3)]
    [InlineData("FloatStorage", 0)]
    [InlineData("FloatStorage", -4)]
    [InlineData("DoubleStorage", 4)]
    [InlineData("LongStorage", long.MaxValue)]
    [InlineData("FloatStorage", (1L << 62) + 4)]
    public void Open_RefusesAStorageOfAnotherSizeThanItsEntry(string type, long count)
    {
        PickleAssembler pickle = new PickleAssembler(2).Storage("0", count, type);
        AssertRefused($"has the storage '0' as {type} of {count}, but 'm/data/0' has 16 bytes (byte {pickle.Position - 1}): {Damaged}", pickle.Stop());
    }

    [Theory]
    [InlineData("7")]
    [InlineData("../version")]
    [InlineData("")]
    public void Open_RefusesAStorageThatIsNotThere(string key)
    {
        PickleAssembler pickle = new PickleAssembler(2).Storage(key, 4);
        AssertRefused($"has the storage '{key}', but the archive has no 'm/data/{key}' (byte {pickle.Position - 1}): {Damaged}", pickle.Stop());
    }

    [Fact]
    public void Open_RefusesOneStorageAsTwo()
    {
        PickleAssembler pickle = new PickleAssembler(2).Storage("0", 4).Storage("0", 2, "DoubleStorage");
        AssertRefused($"has the storage '0' as DoubleStorage of 2 and as FloatStorage of 4 (byte {pickle.Position - 1}): {Damaged}", pickle.Op(PickleOpcode.Tuple2).Stop());
    }

    [Theory]
    [InlineData("QInt8Storage")]
    [InlineData("ComplexFloatStorage")]
    [InlineData("system")]
    public void Open_RefusesOtherStorages(string type)
    {
        PickleAssembler pickle = new PickleAssembler(2).Storage("0", 4, type);
        AssertRefused(
            $"has a storage of 'torch.{type}' (byte {pickle.Position - 1}): only torch.FloatStorage, HalfStorage, BFloat16Storage, DoubleStorage, LongStorage, IntStorage, ShortStorage, CharStorage, ByteStorage, BoolStorage are read; convert it and save it again.",
            pickle.Stop());
    }

    [Fact]
    public void Open_RefusesOtherPersistentIds()
    {
        AssertRefused(
            $"has the str 'module' as a persistent id, where ('storage', type, key, location, elements) is needed (byte 13): {Damaged}",
            new PickleAssembler(2).Text("module").Op(PickleOpcode.BinPersId).Stop());
        AssertRefused(
            $"has a tuple of 1 as a persistent id, where ('storage', type, key, location, elements) is needed (byte 15): {Damaged}",
            new PickleAssembler(2).Text("storage").Op(PickleOpcode.Tuple1).Op(PickleOpcode.BinPersId).Stop());
    }

    [Fact]
    public void Open_RefusesHooksAndOtherArgumentsOfATensor()
    {
        PickleAssembler pickle = new PickleAssembler(2).Global("torch._utils", "_rebuild_tensor_v2").Mark().Storage("0", 4).Int(0).Sizes(4).Sizes(1)
            .Op(PickleOpcode.NewFalse).NoHooks().Int(0).Global("os", "system").Op(PickleOpcode.SetItem).Tuple();
        AssertRefused(
            $"rebuilds a tensor from (a torch.FloatStorage of 4, the int 0, a tuple of 1, a tuple of 1, the bool False, an OrderedDict of 1) (byte {pickle.Position}): a storage, offset, sizes, strides, requires_grad and no hooks are needed; save plain tensors.",
            pickle.Reduce().Stop());
        pickle = new PickleAssembler(2).Global("torch._utils", "_rebuild_tensor_v2").Op(PickleOpcode.EmptyTuple);
        AssertRefused(
            $"rebuilds a tensor from () (byte {pickle.Position}): a storage, offset, sizes, strides, requires_grad and no hooks are needed; save plain tensors.",
            pickle.Reduce().Stop());
    }
}
