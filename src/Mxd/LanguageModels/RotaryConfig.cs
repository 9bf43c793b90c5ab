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

        /// <summary>The scaling itself, if there is something between its frequencies.</summary>
        /// <exception cref="MxdInputException">There is not; the message begins with <paramref name="location"/>.</exception>
        internal Llama3 Checked(string location) => LowFrequency < HighFrequency
            ? this
            : throw new MxdInputException(FormattableString.Invariant(
                $"{location} has low_freq_factor = {LowFrequency} and high_freq_factor = {HighFrequency}; the first must be below the second: download the file again, or use another model."));
    }
}
