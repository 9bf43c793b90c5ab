namespace Mxd.Formats.Pickle;

/// <summary>The name of a Python class, function or constant, such as <c>torch.float32</c>. It is a name and nothing else.</summary>
public sealed class PickleGlobal(string module, string name) : PickleValue
{
    public string Module { get; } = module;

    public string Name { get; } = name;

    internal override string Kind => $"the name {Shown.Name(ToString())}";

    public override string ToString() => Module + "." + Name;

    internal bool Is(string module, string name) => Module == module && Name == name;
}
