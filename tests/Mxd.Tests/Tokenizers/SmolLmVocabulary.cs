using Mxd.Formats;
using Mxd.Tokenizers;

namespace Mxd.Tests.Tokenizers;

/// <summary>The real vocabulary of the shared GGUF model.</summary>
public static class SmolLmVocabulary
{
    public static string PathOrSkip() => TestFiles.SharedOrSkip("models", "smollm2-135m-instruct-q4_1.gguf");

    public static ITokenizer LoadOrSkip()
    {
        using GgufFile file = GgufFile.Open(PathOrSkip());
        return GgufTokenizer.Load(file);
    }
}
