using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Activations;

/// <summary>When it pays to run the language model for the next refill of a buffer beside training.</summary>
public static class HarvestPolicy
{
    /// <summary>
    /// Worth it where the language model computes on another device, or where there are cores for both: twice as many as either uses. Each
    /// uses all cores unless told otherwise, and then the two only share them.
    /// </summary>
    public static bool HarvestsAhead(Device languageModel) => HarvestsAhead(languageModel.type != DeviceType.CPU, get_num_threads(), Environment.ProcessorCount);

    internal static bool HarvestsAhead(bool isElsewhere, int threads, int cores) => isElsewhere || 2 * threads <= cores;
}
