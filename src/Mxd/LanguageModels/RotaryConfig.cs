using Mxd.Runtime;

namespace Mxd.LanguageModels;

/// <summary>Rotary positions: of each head the first <paramref name="Width"/> values turn, pair i by the angle position · Base^(-2i/Width).</summary>
/// <param name="Width">Values that turn, an even number.</param>
/// <param name="Base">Base of the frequencies.</param>
/// <param name="Scaling">How the frequencies are lowered for contexts longer than those of pretraining; null where they are not.</param>
public sealed record RotaryConfig(int Width, float Base, RotaryScaling? Scaling = null);

/// <summary>What each rotary frequency is divided by.</summary>
public abstract record RotaryScaling
{
    /// <summary>The divisor of frequency f, in radians a position.</summary>
    public abstract double Divisor(double frequency);

    /// <summary>The same divisor for all.</summary>
    public sealed record Linear(double Factor) : RotaryScaling
    {
        public override double Divisor(double frequency) => Factor;
    }

    /// <summary>
    /// Llama 3: wavelengths 2π/f below OriginalContext/HighFrequency stay, those above OriginalContext/LowFrequency are divided by Factor,
    /// and between them f/divisor goes from one to the other linearly in OriginalContext/wavelength.
    /// </summary>
    public sealed record Llama3(double Factor, double LowFrequency, double HighFrequency, double OriginalContext) : RotaryScaling
    {
        public override double Divisor(double frequency)
        {
            double turns = OriginalContext * frequency / (2 * Math.PI);
            double kept = Math.Clamp((turns - LowFrequency) / (HighFrequency - LowFrequency), 0, 1);
            return 1 / (kept + (1 - kept) / Factor);
        }
    }

    /// <summary>The scaling itself, if its numbers can be computed with.</summary>
    /// <exception cref="MxdInputException">They cannot; the message begins with <paramref name="location"/>.</exception>
    internal RotaryScaling Checked(string location)
    {
        bool isSound = this switch
        {
            Linear(var factor) => factor > 0 && double.IsFinite(factor),
            Llama3(var factor, var low, var high, var context) => factor > 0 && double.IsFinite(factor) && low < high && context > 0,
            _ => true,
        };
        return isSound ? this : throw new MxdInputException($"{location} scales its rotary frequencies by {this}; factors above 0 and a low frequency below the high one are expected.");
    }
}
