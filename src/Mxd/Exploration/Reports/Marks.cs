using System.Globalization;
using System.Text;

namespace Mxd.Exploration.Reports;

/// <summary>An excerpt with the tokens marked on which a unit is active, in five steps of its largest coefficient.</summary>
internal static class Marks
{
    private const int Steps = 5;

    public static Html Of(UnitExcerpt excerpt, double maximum)
    {
        List<Html> parts = [];
        var plain = new StringBuilder();
        for (int i = 0; i < excerpt.Tokens.Count; i++)
        {
            if (excerpt.Values[i] <= 0)
            {
                plain.Append(TokenSigns.Of(excerpt.Tokens[i]));
                continue;
            }
            parts.Add(Html.Of($"{plain.ToString()}"));
            plain.Clear();
            parts.Add(Mark(excerpt, i, maximum));
        }
        parts.Add(Html.Of($"{plain.ToString()}"));
        return Html.Join(parts);
    }

    private static Html Mark(UnitExcerpt excerpt, int token, double maximum)
    {
        float value = excerpt.Values[token];
        int step = Math.Clamp((int)Math.Ceiling(Steps * value / maximum), 1, Steps);
        string note = excerpt.Tokens[token].Length > 0 ? "" : ", part of the character that follows";
        string text = excerpt.Tokens[token].Length > 0 ? TokenSigns.Of(excerpt.Tokens[token]) : TokenSigns.PartOfCharacter;
        return Html.Of($"<mark class=\"a{step}{(token == excerpt.Peak ? " peak" : "")}\" title=\"{value.ToString("g6", CultureInfo.InvariantCulture)}{note}\">{text}</mark>");
    }
}
