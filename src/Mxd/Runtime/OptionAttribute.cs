namespace Mxd.Runtime;

/// <summary>
/// Marks a property of an options record as something a person may set: its name on the command line, and what it means, with units.
/// The same record is the command line, the library argument and the file beside the weights.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OptionAttribute(string name, string description) : Attribute
{
    /// <summary>As on the command line: <c>--lr</c>.</summary>
    public string Name => name;

    public string Description => description;

    /// <summary>What help calls the value; by default a path, name or number.</summary>
    public string? ValueName { get; init; }

    /// <summary>Is the value a path, to be made absolute when it is read?</summary>
    public bool IsPath { get; init; }

    /// <summary>Does the value list several, with commas between?</summary>
    public bool IsList { get; init; }

    /// <summary>With <see cref="IsPath"/>: may the value also name a repository of the hub, which stays as it was written?</summary>
    public bool MayBeHubId { get; init; }
}
