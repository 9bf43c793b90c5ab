namespace Mxd.Training;

/// <summary>What a finished harvest reports: <c>mxd harvest --json</c>.</summary>
/// <param name="Activations">The folder.</param>
/// <param name="Fingerprint">Of the activations; a run that reads them records it.</param>
/// <param name="Tokens">Tokens to train on.</param>
/// <param name="HeldOutTokens">Tokens to measure on.</param>
/// <param name="Bytes">Of all files.</param>
/// <param name="Shards">Files of tokens to train on.</param>
/// <param name="TokensPerSecond">Harvested in this sitting, held-out ones included, over all its time; 0 where all was there already.</param>
/// <param name="ModelTokensPerSecond">Of the language model alone.</param>
/// <param name="Seconds">Time of this sitting.</param>
public sealed record HarvestResult(
    string Activations, string Fingerprint, long Tokens, long HeldOutTokens, long Bytes, int Shards, double TokensPerSecond, double ModelTokensPerSecond, double Seconds);
