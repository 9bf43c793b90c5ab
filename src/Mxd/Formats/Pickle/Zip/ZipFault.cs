using Mxd.Runtime;

namespace Mxd.Formats.Pickle.Zip;

/// <summary>The two ways in which an archive is refused.</summary>
internal static class ZipFault
{
    public static MxdInputException Damaged(string path, string what) => new($"{path} {what}: the file is damaged; download it again.");

    public static MxdInputException Unsupported(string path, string what) => new($"{path} {what}, which torch.save does not write: save it again with torch.save.");
}
