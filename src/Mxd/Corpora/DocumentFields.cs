namespace Mxd.Corpora;

/// <summary>Where documents stand in files that have fields or columns.</summary>
/// <param name="Text">Of the text, which is a string.</param>
/// <param name="Label">Of the label, which is a string, a number or a truth value; null where none is read.</param>
internal readonly record struct DocumentFields(string Text, string? Label = null);
