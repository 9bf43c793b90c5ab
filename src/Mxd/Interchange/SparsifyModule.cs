using System.Globalization;
using System.Text.RegularExpressions;
using Mxd.LanguageModels;

namespace Mxd.Interchange;

/// <summary>
/// A module's name in a Hugging Face model, after which sparsify names its folders: <c>layers.3.mlp</c>, <c>h.3</c>. A transcoder reads the
/// module's input and an autoencoder its output; an MLP's input is taken after the norm's scale and shift.
/// </summary>
internal static partial class SparsifyModule
{
    /// <summary>Hook points of a module; null where the name is not one of a block or an MLP.</summary>
    public static (HookPoint Input, HookPoint Output)? Hooks(string name, bool isAutoencoder)
    {
        Match match = Module().Match(name);
        if (!match.Success || !int.TryParse(match.Groups["layer"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int layer)) return null;
        if (match.Groups["mlp"].Success) return Mlp(layer, isAutoencoder);
        var output = new HookPoint(layer, HookSite.ResidualAfter);
        return (isAutoencoder ? output : new HookPoint(layer, HookSite.ResidualBefore), output);
    }

    public static (HookPoint Input, HookPoint Output) Mlp(int layer, bool isAutoencoder) =>
        (isAutoencoder ? HookPoint.MlpOutput(layer) : new HookPoint(layer, HookSite.MlpScaled), HookPoint.MlpOutput(layer));

    [GeneratedRegex(@"^(.+\.)?(layers|h)\.(?<layer>[0-9]+)(?<mlp>\.mlp)?$")]
    private static partial Regex Module();
}
