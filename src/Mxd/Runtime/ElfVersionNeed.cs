namespace Mxd.Runtime;

/// <summary>A version that an ELF file asks of another library.</summary>
/// <param name="Library">The other library's name, such as <c>libstdc++.so.6</c>.</param>
/// <param name="Name">The version, such as <c>GLIBCXX_3.4.30</c>.</param>
/// <param name="Index">The number by which symbols refer to it.</param>
/// <param name="FlagsOffset">Where in the file its 16-bit flags are.</param>
internal sealed record ElfVersionNeed(string Library, string Name, ushort Index, long FlagsOffset);
