using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>How a parameter's first values are drawn.</summary>
public abstract record Initial
{
    /// <summary>The parameter whose draw this repeats, where it is another's.</summary>
    public virtual string? SourceKey => null;

    /// <summary>Fills <paramref name="value"/> in place and returns it.</summary>
    public abstract Tensor Fill(Tensor value, Generator generator);

    /// <summary>All zero: biases, and a mixture's decoder, so that training starts from the output bias.</summary>
    public sealed record Zeros : Initial
    {
        public override Tensor Fill(Tensor value, Generator generator) => value.zero_();
    }

    /// <summary>U(-1/√fanIn, 1/√fanIn), the default of a linear layer.</summary>
    public sealed record Linear(long FanIn) : Initial
    {
        public override Tensor Fill(Tensor value, Generator generator) =>
            value.uniform_(-1 / Math.Sqrt(FanIn), 1 / Math.Sqrt(FanIn), generator);
    }

    /// <summary>U(-1, 1), then each row scaled to unit norm.</summary>
    public sealed record UnitRows : Initial
    {
        public override Tensor Fill(Tensor value, Generator generator) => Layers.UnitRows.Normalise(value.uniform_(-1, 1, generator));
    }

    /// <summary>U(-√(6 / fanIn), √(6 / fanIn)): Kaiming's, for a relu.</summary>
    public sealed record Kaiming(long FanIn) : Initial
    {
        public override Tensor Fill(Tensor value, Generator generator) =>
            value.uniform_(-Math.Sqrt(6.0 / FanIn), Math.Sqrt(6.0 / FanIn), generator);
    }

    /// <summary>One value throughout.</summary>
    public sealed record Constant(double Value) : Initial
    {
        public override Tensor Fill(Tensor value, Generator generator) => value.fill_(Number(Value));
    }

    /// <summary>The values another parameter of the same shape begins with; each is trained for itself.</summary>
    public sealed record CopyOf(string Key, Initial Other) : Initial
    {
        public override string? SourceKey => Key;

        public override Tensor Fill(Tensor value, Generator generator) => Other.Fill(value, generator);
    }

    /// <summary>Another's values, with each row scaled to unit norm.</summary>
    public sealed record Normalised(Initial Other) : Initial
    {
        public override string? SourceKey => Other.SourceKey;

        public override Tensor Fill(Tensor value, Generator generator) => Layers.UnitRows.Normalise(Other.Fill(value, generator));
    }
}
