using System.Globalization;
using Mxd.Runtime;

namespace Mxd.LanguageModels;

/// <summary>A place inside a layer's block, in the order the forward pass meets them; names are TransformerLens's.</summary>
public enum HookSite
{
    /// <summary>The residual stream entering the block.</summary>
    ResidualBefore,

    /// <summary>The MLP's input after normalising, before the norm's own scale and shift.</summary>
    MlpNormalized,

    /// <summary>The same after the norm's scale and shift: what the MLP itself receives. TransformerLens has no name for it in all models.</summary>
    MlpScaled,

    /// <summary>What the MLP adds to the residual stream.</summary>
    MlpOut,

    /// <summary>The residual stream leaving the block.</summary>
    ResidualAfter,
}

/// <summary>A named point of a language model's forward pass; its value is [B,T,width].</summary>
public readonly record struct HookPoint(int Layer, HookSite Site)
{
    private static readonly (HookSite Site, string Name)[] names =
    [
        (HookSite.ResidualBefore, "hook_resid_pre"),
        (HookSite.MlpNormalized, "ln2.hook_normalized"),
        (HookSite.MlpScaled, "ln2.output"),
        (HookSite.MlpOut, "hook_mlp_out"),
        (HookSite.ResidualAfter, "hook_resid_post"),
    ];

    public static HookPoint MlpInput(int layer) => new(layer, HookSite.MlpNormalized);

    public static HookPoint MlpOutput(int layer) => new(layer, HookSite.MlpOut);

    public bool IsBefore(HookPoint other) => (Layer, Site).CompareTo((other.Layer, other.Site)) < 0;

    /// <summary>Reads <c>blocks.L.NAME</c>.</summary>
    /// <exception cref="MxdInputException">The text names no hook point.</exception>
    public static HookPoint Parse(string text) => TryParse(text, out HookPoint point)
        ? point
        : throw new MxdInputException($"Hook point '{text}' is not known; write blocks.L.NAME with NAME one of {string.Join(", ", names.Select(n => n.Name))}.");

    /// <summary>Reads <c>blocks.L.NAME</c>; false where the text names no hook point.</summary>
    public static bool TryParse(string text, out HookPoint point)
    {
        point = default;
        string[] parts = text.Split('.', 3);
        if (parts is ["blocks", _, _] && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int layer))
            foreach ((HookSite site, string name) in names)
                if (name == parts[2])
                {
                    point = new HookPoint(layer, site);
                    return true;
                }
        return false;
    }

    public override string ToString()
    {
        HookSite site = Site;
        return string.Create(CultureInfo.InvariantCulture, $"blocks.{Layer}.{Array.Find(names, n => n.Site == site).Name}");
    }
}
