namespace Mxd.LanguageModels;

/// <summary>A text that is made when it is first read, and equal to every other of the same characters.</summary>
internal sealed class LateText(Func<string> make) : IEquatable<LateText>
{
    private readonly Lazy<string> text = new(make);

    public string Value => text.Value;

    public bool Equals(LateText? other) => other is not null && (ReferenceEquals(this, other) || Value == other.Value);

    public override bool Equals(object? obj) => Equals(obj as LateText);

    public override int GetHashCode() => Value.GetHashCode(StringComparison.Ordinal);
}
