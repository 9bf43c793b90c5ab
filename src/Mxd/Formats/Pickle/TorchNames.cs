namespace Mxd.Formats.Pickle;

/// <summary>Names that torch writes.</summary>
internal static class TorchNames
{
    public const string Torch = "torch", Utils = "torch._utils", Collections = "collections";
    public const string RebuildTensor = "_rebuild_tensor_v2", RebuildParameter = "_rebuild_parameter", OrderedDict = "OrderedDict", Device = "device";

    /// <summary>Entries of the archive, below its one folder.</summary>
    public const string Pickle = "data.pkl", Data = "data/", Version = "version", ByteOrder = "byteorder", ScriptConstants = "constants.pkl";
}
