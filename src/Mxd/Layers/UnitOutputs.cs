using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>
/// What each unit adds to the output on B tokens: y = r(x) + Σ_n a_n v_n * s(x), where r does not depend on the units.
/// </summary>
/// <param name="Vectors">Rows v_n, [N,O].</param>
/// <param name="Scale">s, [B,O] or [B,1]; null where it is 1.</param>
public sealed record UnitOutputs(Tensor Vectors, Tensor? Scale);
