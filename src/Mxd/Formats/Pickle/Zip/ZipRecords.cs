namespace Mxd.Formats.Pickle.Zip;

/// <summary>Signatures, sizes and constants of the zip format's records, as APPNOTE.TXT gives them.</summary>
internal static class ZipRecords
{
    public const uint LocalSignature = 0x04034b50, DescriptorSignature = 0x08074b50, CentralSignature = 0x02014b50;
    public const uint EndSignature = 0x06054b50, End64Signature = 0x06064b50, Locator64Signature = 0x07064b50;

    /// <summary>Bytes of the records' fixed parts.</summary>
    public const int LocalBytes = 30, CentralBytes = 46, EndBytes = 22, End64Bytes = 56, Locator64Bytes = 20;

    /// <summary>Bytes of a 64-bit end record that its own length leaves out.</summary>
    public const int End64Uncounted = 12;

    /// <summary>A field with all bits set stands in a 64-bit record instead.</summary>
    public const ushort Elsewhere16 = ushort.MaxValue;

    /// <inheritdoc cref="Elsewhere16"/>
    public const uint Elsewhere32 = uint.MaxValue;

    /// <summary>Number of the extra field that holds 64-bit sizes and positions.</summary>
    public const ushort Extra64 = 1;

    /// <summary>Bits of an entry's flags: encrypted in one of three ways.</summary>
    public const int Encrypted = 1 << 0 | 1 << 6 | 1 << 13;

    /// <summary>Bits of an entry's flags: sizes follow the data; the name is UTF-8.</summary>
    public const ushort SizesFollow = 1 << 3, Utf8Name = 1 << 11;
}
