using Mxd.Runtime;

namespace Mxd.LanguageModels;

/// <summary>
/// The small language model that comes with this library, by the name <c>demo</c>: a GPT-2 of 2.6 million parameters in Hugging Face's layout,
/// trained by a program in <c>tools</c> on the text of the .NET SDK (<c>assets/demo-model/README.md</c>).
/// </summary>
public static class EmbeddedModel
{
    public const string Name = "demo";

    private const string FolderName = "demo-model";

    /// <summary>Its folder, beside the library.</summary>
    /// <exception cref="MxdInputException">It was left out where the library was installed.</exception>
    public static string Folder
    {
        get
        {
            string folder = Path.Combine(AppContext.BaseDirectory, FolderName);
            return Directory.Exists(folder) ? folder : throw new MxdInputException($"Model {Name} is missing: it is the folder {folder}, which belongs to this program; build or install it again, or name another model.");
        }
    }

    public static bool IsMeant(string model) => model == Name;
}
