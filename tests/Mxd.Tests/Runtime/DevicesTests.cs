using Mxd.Runtime;
using TorchSharp;

namespace Mxd.Tests.Runtime;

public sealed class DevicesTests
{
    [Fact]
    public void Available_StartsWithTheCpu_AndEachNameParses()
    {
        IReadOnlyList<string> names = Devices.Available();
        Assert.Equal("cpu", names[0]);
        Assert.Equal(names, names.Select(name => Devices.Parse(name)).Select(device => device.type is DeviceType.CUDA ? device.ToString() : device.type.ToString().ToLowerInvariant()));
    }

    [Fact]
    public void Parse_Auto_IsTheBestAvailable()
    {
        IReadOnlyList<string> names = Devices.Available();
        DeviceType expected = names.Contains("cuda:0") ? DeviceType.CUDA : DeviceType.CPU;
        torch.Device device = Devices.Parse("auto");
        Assert.Equal(expected, device.type);
        using torch.Tensor there = torch.ones(2, device: device);
        Assert.Equal(expected, there.device_type);
    }

    [Theory]
    [InlineData("cpu", DeviceType.CPU, 0)]
    [InlineData("mps", DeviceType.MPS, 0)]
    [InlineData("cuda", DeviceType.CUDA, 0)]
    [InlineData("cuda:0", DeviceType.CUDA, 0)]
    [InlineData("cuda:12", DeviceType.CUDA, 12)]
    [InlineData("auto", null, 0)]
    public void ParseName_KnowsEveryForm(string name, DeviceType? type, int index) => Assert.Equal((type, index), Devices.ParseName(name));

    [Theory]
    [InlineData("gpu")]
    [InlineData("CPU")]
    [InlineData("")]
    [InlineData("cuda:")]
    [InlineData("cuda:-1")]
    [InlineData("cuda: 1")]
    [InlineData("cuda:99999999999")]
    [InlineData("cpu:0")]
    public void Parse_RefusesWhatIsNoName(string name)
    {
        var error = Assert.Throws<MxdInputException>(() => Devices.Parse(name));
        Assert.Equal($"'{name}' is not a device: use cpu, cuda, cuda:N or auto.", error.Message);
    }

    [Fact]
    public void Parse_RefusesMps_WhichHasNoFloat64() =>
        Assert.Equal("Device 'mps' cannot be used: it has no float64, in which metrics are computed; use cpu.", Assert.Throws<MxdInputException>(() => Devices.Parse("mps")).Message);

    [Fact]
    public void Parse_RefusesADeviceThatIsNotHere()
    {
        var error = Assert.Throws<MxdInputException>(() => Devices.Parse("cuda:4096"));
        Assert.StartsWith("Device 'cuda:4096' is not available: ", error.Message, StringComparison.Ordinal);
    }
}
