using Mxd.Runtime;

namespace Mxd.Activations;

/// <summary>A text has fewer tokens than one context takes.</summary>
public sealed class TextTooShortException(string message) : MxdInputException(message);
