using static TorchSharp.torch;

namespace Mxd.Formats;

/// <summary>
/// Named tensors kept in a file or a folder of files. Opening checks the whole layout; values are read only when asked for.
/// Reading from several threads at once is allowed; disposing while a read is under way is not.
/// </summary>
public interface ITensorSource : IDisposable
{
    /// <summary>The file or folder, as it was named when it was opened; error messages begin with it.</summary>
    string Location { get; }

    /// <summary>The files it is made of, in ordinal order of their names.</summary>
    IReadOnlyList<string> Files { get; }

    /// <summary>Every tensor's name, in the order of the file.</summary>
    IReadOnlyCollection<string> Names { get; }

    bool Contains(string name);

    /// <summary>What is stored under <paramref name="name"/>; a missing name is an error that lists the nearest ones.</summary>
    TensorEntry Describe(string name);

    /// <summary>The tensor on the CPU in the type it is stored in (float32 where the storage is quantised); the caller disposes it.</summary>
    Tensor Read(string name);

    /// <summary>The tensor on the CPU as <paramref name="dtype"/>; beside the result only a bounded buffer is held.</summary>
    Tensor Read(string name, ScalarType dtype);
}
