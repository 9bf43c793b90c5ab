using System.Globalization;

namespace Mxd.Formats.Pickle;

/// <summary>A <c>torch.device</c>, which says nothing about where the values are read to.</summary>
/// <param name="type">Such as <c>cpu</c> or <c>cuda</c>.</param>
/// <param name="index">Number of the device, or null for the current one.</param>
public sealed class PickleDevice(string type, long? index = null) : PickleValue
{
    public string Type { get; } = type;

    public long? Index { get; } = index;

    internal override string Kind => $"the torch.device {Shown.Name(ToString())}";

    public override string ToString() => Index is long number ? Type + ":" + number.ToString(CultureInfo.InvariantCulture) : Type;
}
