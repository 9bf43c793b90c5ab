using Mxd.Formats.Pickle.Zip;

namespace Mxd.Tests.Formats.Pickle;

/// <summary>Archives with right checksums around any contents.</summary>
internal static class TorchZip
{
    /// <summary>A checkpoint of a pickle and storages.</summary>
    public static byte[] Make(byte[] pickle, params byte[][] storages) =>
        Of([("m/data.pkl", pickle), .. storages.Select((bytes, i) => ($"m/data/{i}", bytes)), ("m/version", "3\n"u8.ToArray())]);

    public static byte[] Of(params (string Name, byte[] Bytes)[] entries)
    {
        using var stream = new MemoryStream();
        var zip = new ZipWriter(stream);
        foreach ((string name, byte[] bytes) in entries) zip.Add(name, bytes.Length, data => data.Write(bytes));
        zip.Finish();
        return stream.ToArray();
    }
}
