namespace Mxd.Formats.Pickle;

/// <summary>A value as a pickle's bytes, and the storages that they refer to by their index in this list.</summary>
internal sealed record PickledValue(byte[] Bytes, IReadOnlyList<PickleStorage> Storages);
