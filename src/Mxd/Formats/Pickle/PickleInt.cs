using System.Globalization;

namespace Mxd.Formats.Pickle;

/// <summary>A whole number of 64 bits; a pickle with a longer one is refused.</summary>
public sealed class PickleInt(long value) : PickleValue
{
    public long Value { get; } = value;

    internal override string Kind => $"the int {this}";

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
