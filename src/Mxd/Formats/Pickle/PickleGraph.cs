namespace Mxd.Formats.Pickle;

/// <summary>Makes sure that walking a value ends: it must not hold itself, nor nest without bound.</summary>
internal static class PickleGraph
{
    /// <summary>Containers within containers; configurations and state dictionaries have fewer than ten.</summary>
    public const int Deepest = 100;

    private const int Unfinished = -1;

    /// <summary>
    /// What is wrong with the value, or null. Every reference is followed once and without recursion, however often what it leads to is
    /// shared: lists of the same list twice, thirty deep, are a billion lists to a walk that does not look.
    /// </summary>
    public static string? Fault(PickleValue root)
    {
        var heights = new Dictionary<PickleContainer, int>(ReferenceEqualityComparer.Instance);
        var path = new Stack<Step>();
        if (root is PickleContainer top) path.Push(new Step(top));
        while (path.TryPeek(out Step? step))
        {
            heights.TryAdd(step.Container, Unfinished);
            if (step.Next == step.Container.ChildCount)
            {
                heights[step.Container] = step.Height;
                path.Pop();
                if (path.TryPeek(out Step? parent)) parent.Height = Math.Max(parent.Height, step.Height + 1);
                continue;
            }
            if (step.Container.Child(step.Next++) is not PickleContainer { ChildCount: > 0 } child) continue;
            if (!heights.TryGetValue(child, out int height))
            {
                if (path.Count == Deepest) return TooDeep;
                path.Push(new Step(child));
            }
            else if (height == Unfinished)
            {
                return $"holds {child.Kind} that holds itself";
            }
            else
            {
                if (path.Count + height > Deepest) return TooDeep;
                step.Height = Math.Max(step.Height, height + 1);
            }
        }
        return null;
    }

    private static string TooDeep => $"nests values more than {Deepest} deep";

    private sealed class Step(PickleContainer container)
    {
        public PickleContainer Container { get; } = container;

        public int Next { get; set; }

        /// <summary>Containers on the longest way down from here, itself included.</summary>
        public int Height { get; set; } = 1;
    }
}
