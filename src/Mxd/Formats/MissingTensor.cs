using Mxd.Runtime;

namespace Mxd.Formats;

internal static class MissingTensor
{
    public static MxdInputException In(string location, string name, IEnumerable<string> names) =>
        new($"{location} has no tensor {Shown.Name(name)}{NearestNames.Hint(name, names)}.");
}
