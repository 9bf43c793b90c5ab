using Mxd.Layers;

namespace Mxd.Interchange;

/// <summary>A layer read from a file of any format, and what is known of it. Disposing it disposes the layer.</summary>
public sealed record ImportedLayer(ILayer Layer, SavedLayer Saved) : IDisposable
{
    public void Dispose() => Layer.Dispose();
}
