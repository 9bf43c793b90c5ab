namespace Mxd.Runtime;

/// <summary>What to do where the system's libstdc++ lacks a symbol's version.</summary>
/// <param name="Symbol">The symbol's mangled name.</param>
/// <param name="Version">The version that may be lacking.</param>
/// <param name="OlderVersion">A version that every supported system has the symbol in; null for a symbol that nothing refers to.</param>
internal sealed record SymbolFallback(string Symbol, string Version, string? OlderVersion);
