namespace Mxd.Formats.Pickle;

/// <summary>A <c>torch.nn.Parameter</c>.</summary>
public sealed class PickleParameter(PickleTensor data, bool requiresGrad) : PickleValue
{
    public PickleTensor Data { get; } = data;

    public bool RequiresGrad { get; } = requiresGrad;

    internal override string Kind => $"a parameter, {Data.Kind}";
}
