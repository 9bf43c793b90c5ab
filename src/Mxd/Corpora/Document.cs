namespace Mxd.Corpora;

/// <summary>One text of a corpus.</summary>
/// <param name="Text">The text; may be empty.</param>
/// <param name="Source">The file it was read from.</param>
/// <param name="Number">Its line in that file, from 1; 1 where the file is one document.</param>
public sealed record Document(string Text, string Source, long Number);
