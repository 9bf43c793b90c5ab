namespace Mxd.Layers;

/// <summary>A parameter [rows,columns] as far as its cost goes; a vector has one column.</summary>
public sealed record ParameterCost(string Key, long Rows, long Columns, ParameterRole Role)
{
    /// <exception cref="OverflowException">There are more than a 64-bit number counts.</exception>
    public long Count => checked(Rows * Columns);

    /// <summary>Multiplications and additions of one product of a token's row with this matrix.</summary>
    /// <param name="selected">Units selected on the token; null multiplies by all rows.</param>
    public long ProductFlops(long? selected) => Role == ParameterRole.Vector ? 0 : checked(2 * Math.Min(Rows, selected ?? Rows) * Columns);
}
