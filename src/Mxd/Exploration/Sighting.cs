namespace Mxd.Exploration;

/// <summary>A unit seen active in one context: the token on which it is most active, and its coefficients around it.</summary>
/// <param name="Context">Number of the context.</param>
/// <param name="Peak">Position of that token.</param>
/// <param name="Value">The coefficient there.</param>
/// <param name="Positions">Positions around it on which the unit is active.</param>
/// <param name="Values">The coefficients there.</param>
internal sealed record Sighting(long Context, int Peak, float Value, int[] Positions, float[] Values);

/// <summary>The first few sightings in some order, of however many are offered.</summary>
internal sealed class Sightings(int capacity, Comparison<Sighting> order)
{
    private readonly List<Sighting> kept = [];

    public IReadOnlyList<Sighting> Kept => kept;

    /// <summary>Stronger before weaker, then earlier before later.</summary>
    public static int ByStrength(Sighting a, Sighting b) => a.Value != b.Value ? b.Value.CompareTo(a.Value) : a.Context.CompareTo(b.Context);

    /// <summary>Those nearest to (i - ½)/n of the largest coefficient, i = n to 1, strongest first; fewer where there are fewer.</summary>
    public static List<Sighting> Evenly(IEnumerable<Sighting> sightings, double largest, int count)
    {
        List<Sighting> left = [.. sightings];
        List<Sighting> chosen = [];
        for (int i = count; i > 0 && left.Count > 0; i--)
        {
            double target = (i - 0.5) / count * largest;
            Sighting nearest = left.OrderBy(s => Math.Abs(s.Value - target)).ThenBy(s => s.Context).First();
            chosen.Add(nearest);
            left.Remove(nearest);
        }
        chosen.Sort(ByStrength);
        return chosen;
    }

    public void Offer(Sighting sighting)
    {
        int place = kept.Count;
        while (place > 0 && order(sighting, kept[place - 1]) < 0) place--;
        if (place >= capacity) return;
        kept.Insert(place, sighting);
        if (kept.Count > capacity) kept.RemoveAt(capacity);
    }
}
