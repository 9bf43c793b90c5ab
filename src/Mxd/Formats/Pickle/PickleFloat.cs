using System.Globalization;

namespace Mxd.Formats.Pickle;

/// <summary>A float64.</summary>
public sealed class PickleFloat(double value) : PickleValue
{
    public double Value { get; } = value;

    internal override string Kind => $"the float {this}";

    public override string ToString() => Value.ToString("R", CultureInfo.InvariantCulture);
}
