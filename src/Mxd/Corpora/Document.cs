namespace Mxd.Corpora;

/// <summary>One text of a corpus.</summary>
/// <param name="Text">The text; may be empty.</param>
/// <param name="Source">The file it was read from.</param>
/// <param name="Number">Its line in that file, from 1; 1 where the file is one document.</param>
/// <param name="Label">What it is an example of, where that is read too.</param>
public sealed record Document(string Text, string Source, long Number, string? Label = null);
