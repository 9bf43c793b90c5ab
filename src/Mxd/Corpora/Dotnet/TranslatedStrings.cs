using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Resources;
using System.Text;

namespace Mxd.Corpora.Dotnet;

/// <summary>Reads the strings of a satellite assembly. The assembly is not loaded, and values of other types than strings are passed over unread.</summary>
internal static class TranslatedStrings
{
    private const string StringType = "ResourceTypeCode.String", Extension = ".resources";

    /// <summary>All strings, in the order of their keys within each resource.</summary>
    /// <exception cref="BadImageFormatException">The file is damaged.</exception>
    public static unsafe IReadOnlyList<string> Read(string path)
    {
        using var file = new PEReader(File.OpenRead(path));
        MetadataReader metadata = file.GetMetadataReader();
        if (file.PEHeaders.CorHeader is not { ResourcesDirectory: { Size: > 0 } directory }) return [];
        BlobReader section = file.GetSectionData(directory.RelativeVirtualAddress).GetReader();
        List<string> strings = [];
        foreach (ManifestResource resource in metadata.ManifestResources.Select(metadata.GetManifestResource))
        {
            if (!resource.Implementation.IsNil || !metadata.GetString(resource.Name).EndsWith(Extension, StringComparison.Ordinal)) continue;
            section.Offset = checked((int)resource.Offset);
            int length = section.ReadInt32();
            if (length < 0 || length > section.RemainingBytes) throw new BadImageFormatException($"a resource of {length} bytes does not fit");
            using var stream = new UnmanagedMemoryStream(section.CurrentPointer, length);
            strings.AddRange(Strings(stream));
        }
        return strings;
    }

    private static List<string> Strings(Stream stream)
    {
        using var reader = new ResourceReader(stream);
        List<(string Key, string Value)> found = [];
        System.Collections.IDictionaryEnumerator entries = reader.GetEnumerator();
        while (entries.MoveNext())
        {
            string key = (string)entries.Key;
            reader.GetResourceData(key, out string type, out byte[] data);
            if (type != StringType) continue;
            using var value = new BinaryReader(new MemoryStream(data), Encoding.UTF8);
            found.Add((key, value.ReadString()));
        }
        return [.. found.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Value)];
    }
}
