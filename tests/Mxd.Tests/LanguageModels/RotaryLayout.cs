namespace Mxd.Tests.LanguageModels;

/// <summary>Where a config.json says what its rotary positions are. What does not count holds other numbers.</summary>
internal enum RotaryLayout
{
    /// <summary>The base beside <c>rope_scaling</c>, as before transformers 5.</summary>
    Older,

    /// <summary>All in <c>rope_parameters</c>.</summary>
    Newer,

    /// <summary>All in <c>rope_scaling</c>, with nothing beside it.</summary>
    ScalingAlone,

    /// <summary>All in <c>rope_scaling</c>, which goes before <c>rope_parameters</c> and the older names.</summary>
    ScalingFirst,

    /// <summary>All in <c>rope_parameters</c>, which goes before the older names; <c>rope_scaling</c> is there and empty.</summary>
    EmptyScaling,
}
