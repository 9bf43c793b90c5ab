using static TorchSharp.torch;

namespace Mxd.LanguageModels;

/// <summary>
/// What is attached to a language model's hook points. A hook receives the value [B,T,width] and returns what the forward pass goes on
/// with (the value itself to only look). Hooks on one point run in the order they were added.
/// </summary>
public sealed class Hooks
{
    private readonly List<Registration> registrations = [];

    /// <summary>Attaches <paramref name="hook"/> until the result is disposed.</summary>
    public IDisposable Add(HookPoint point, Func<Tensor, Tensor> hook)
    {
        var registration = new Registration(this, point, hook);
        registrations.Add(registration);
        return registration;
    }

    internal Tensor Apply(int layer, HookSite site, Tensor value)
    {
        var point = new HookPoint(layer, site);
        foreach (Registration registration in registrations)
            if (registration.Point == point) value = Run(registration.Hook, value);
        return value;
    }

    /// <summary>The pass goes on with a handle of its own, which it disposes; a tensor that a hook holds stays the hook's.</summary>
    private static Tensor Run(Func<Tensor, Tensor> hook, Tensor value)
    {
        Tensor result = hook(value);
        return ReferenceEquals(result, value) ? value : result.alias();
    }

    private sealed class Registration(Hooks owner, HookPoint point, Func<Tensor, Tensor> hook) : IDisposable
    {
        public HookPoint Point => point;

        public Func<Tensor, Tensor> Hook => hook;

        public void Dispose() => owner.registrations.Remove(this);
    }
}
