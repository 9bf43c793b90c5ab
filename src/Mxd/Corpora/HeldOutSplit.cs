using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Mxd.Runtime;

namespace Mxd.Corpora;

/// <summary>
/// Holds documents out for validation where no separate file is given. A document's side depends on its text alone (SHA-256 of its UTF-8
/// bytes, the first eight read as a fraction of 2^64): the same passage twice is never on both sides, and neither the order of the
/// documents nor what else is in the corpus matters.
/// </summary>
public sealed class HeldOutSplit
{
    private const double Scale = 1.0 / (1UL << 53);

    /// <param name="fraction">How much of the documents to hold out: 0 (none) up to, but not, 1.</param>
    /// <exception cref="MxdInputException">The fraction is outside.</exception>
    public HeldOutSplit(double fraction)
    {
        if (!(fraction >= 0 && fraction < 1))
            throw new MxdInputException($"The fraction of documents held out is {fraction}; it must be at least 0 and below 1, such as 0.05.");
        Fraction = fraction;
    }

    public double Fraction { get; }

    /// <summary>Whether the document is for validation. An empty one never is.</summary>
    public bool IsHeldOut(Document document) => document.Text.Length > 0 && Position(document.Text) < Fraction;

    /// <summary>Where a text lies in [0, 1), with the 53 bits a double holds.</summary>
    private static double Position(string text)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(text));
        return (BinaryPrimitives.ReadUInt64BigEndian(hash) >> 11) * Scale;
    }
}
