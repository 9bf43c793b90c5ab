namespace Mxd.Layers;

/// <summary>What a parameter does with a token: all that its cost depends on, apart from its size.</summary>
public enum ParameterRole
{
    /// <summary>Added; its operations are not counted.</summary>
    Vector,

    /// <summary>Multiplies the layer's input for every token: hidden encoders, a skip connection, a linear map.</summary>
    InputProduct,

    /// <summary>Multiplies values that were computed from the input, for every token: a mixture's shared decoder.</summary>
    HiddenProduct,

    /// <summary>
    /// Has a row for each unit and multiplies the layer's input: a gate, a transcoder's encoder. Choosing units needs every row; gradients
    /// pass through the selected ones only.
    /// </summary>
    UnitEncoder,

    /// <summary>Has a row for each unit and multiplies the codes, of which only the selected units' are not zero: C, a transcoder's decoder.</summary>
    UnitDecoder,
}
