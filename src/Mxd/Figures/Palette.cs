using Mxd.Layers;

namespace Mxd.Figures;

/// <summary>
/// Okabe and Ito's colours, which people with every kind of colour vision tell apart (without their yellow, which white paper swallows), each with a
/// marker and a dash of its own. A layer type looks the same in every figure.
/// </summary>
public sealed class Palette
{
    public const string Black = "#000000", Grey = "#666666";

    private static readonly string[] colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", Grey];
    private static readonly Marker[] markers = [Marker.Circle, Marker.Square, Marker.Triangle, Marker.Diamond, Marker.TriangleDown, Marker.Pentagon, Marker.Star];
    private static readonly Dash[] dashes = [Dash.Solid, Dash.LongDashes, Dash.ShortDashes, Dash.DashDot, Dash.Dotted];

    /// <summary>Types in the order in which they are given colours.</summary>
    private static readonly string[] first =
    [
        Mixtures.Plain.Name, Dictionaries.Transcoder.Name, Dictionaries.SkipTranscoder.Name, Mixtures.Glu.Name, Dictionaries.GluTranscoder.Name, Mixtures.Skip.Name, Dictionaries.Sae.Name,
    ];

    private readonly HashSet<int> taken = [];

    /// <summary>The style of a place in the order, different for each of the first thirty-five.</summary>
    public static SeriesStyle Style(int place)
    {
        int round = place / colours.Length, colour = place % colours.Length;
        return new SeriesStyle(colours[colour], markers[(colour + 3 * round) % markers.Length], dashes[(colour + round) % dashes.Length]);
    }

    /// <summary>The style of a layer type, or the next free one where a line of that type has it already.</summary>
    public SeriesStyle Next(string type)
    {
        int place = PlaceOf(type);
        while (!taken.Add(place)) place++;
        return Style(place);
    }

    private static int PlaceOf(string type)
    {
        int known = Array.IndexOf(first, type);
        return known >= 0 ? known : first.Length + Math.Max(0, LayerTypes.All.ToList().FindIndex(t => t.Name == type));
    }
}
