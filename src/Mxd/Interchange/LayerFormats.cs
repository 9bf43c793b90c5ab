using System.Text.RegularExpressions;
using Mxd.Layers;
using Mxd.Runtime;

namespace Mxd.Interchange;

/// <summary>Every format of layers there is, by name.</summary>
public static partial class LayerFormats
{
    /// <summary>How many layers an error lists.</summary>
    private const int Listed = 20;

    /// <summary>The project's own, which holds every layer.</summary>
    public static ILayerFormat Native { get; } = new NativeFormat();

    public static IReadOnlyList<ILayerFormat> All { get; } = [Native, new SaeLensFormat(), new SparsifyFormat(), new ReferenceFormat()];

    public static IReadOnlyList<string> Names => [.. All.Select(f => f.Name)];

    /// <exception cref="MxdInputException">The name is none of <see cref="Names"/>.</exception>
    public static ILayerFormat Get(string name) =>
        All.FirstOrDefault(f => f.Name == name) ?? throw new MxdInputException($"Format '{name}' is not known; choose one of {string.Join(", ", Names)}.");

    /// <summary>The format of what lies at a path, from its content.</summary>
    /// <exception cref="MxdInputException">There is nothing, or nothing that is known; a folder of several layers has them listed.</exception>
    public static ILayerFormat Recognise(string path)
    {
        if (!Path.Exists(path)) throw new MxdInputException($"{path} does not exist.");
        ILayerFormat[] found = [.. All.Where(f => f.Recognises(path))];
        return found.Length switch
        {
            1 => found[0],
            0 => throw Unrecognised(path),
            _ => throw new MxdInputException($"{path} has files of {string.Join(" and ", found.Select(f => f.Name))}: say which is meant by --from."),
        };
    }

    /// <summary>The format, if a layer of these options can be written in it.</summary>
    /// <exception cref="MxdInputException">It cannot; the message says why, and in which formats it can.</exception>
    public static ILayerFormat RequireWritable(string name, LayerOptions layer)
    {
        ILayerFormat format = Get(name);
        if (format.WhyNotWritable(layer) is not { } why) return format;
        string others = string.Join(" or ", All.Where(f => f.WhyNotWritable(layer) is null).Select(f => f.Name));
        throw new MxdInputException($"A layer of type '{layer.Type}' cannot be written as {name} here: {why}; it can be written as {others}.");
    }

    private static MxdInputException Unrecognised(string path)
    {
        string[] inside = Directory.Exists(path) ? [.. Directory.GetFileSystemEntries(path).Where(f => All.Any(format => format.Recognises(f))).Select(f => Path.GetFileName(f))] : [];
        if (inside.Length == 0)
            return new MxdInputException(
                $"{path} holds no layer of a known format: native has {NativeLayer.FileName}, saelens {ForeignFolder.ConfigName} and {SaeLensFormat.WeightsName}, sparsify {ForeignFolder.ConfigName} and {SparsifyFormat.WeightsName}, reference one file that ends with {ReferenceCheckpoint.Extension}.");
        return new MxdInputException($"{path} holds {inside.Length} layers: name one of {List(inside)}.");
    }

    /// <summary>Names of layers as an error lists them: layer 2 before layer 10, and not hundreds of them.</summary>
    internal static string List(IReadOnlyCollection<string> names)
    {
        IEnumerable<string> sorted = names.OrderBy(name => Digits().Replace(name, number => number.Value.PadLeft(9, '0')), StringComparer.Ordinal);
        return string.Join(", ", sorted.Take(Listed)) + (names.Count > Listed ? $" and {names.Count - Listed} more" : "");
    }

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Digits();
}
