namespace Mxd.Runtime;

/// <summary>An imported symbol of an ELF file.</summary>
/// <param name="Index">Its place in the symbol table.</param>
/// <param name="Name">Its mangled name.</param>
/// <param name="VersionOffset">Where in the file its 16-bit version index is.</param>
/// <param name="Version">The version index; see <see cref="ElfVersionNeed.Index"/>.</param>
internal sealed record ElfSymbol(int Index, string Name, long VersionOffset, ushort Version);
