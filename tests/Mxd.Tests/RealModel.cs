using Mxd.LanguageModels;
using static TorchSharp.torch;

namespace Mxd.Tests;

/// <summary>The real language model of the shared folder, loaded once in float32; tests that need it skip where it is absent.</summary>
internal static class RealModel
{
    private const string FileName = "smollm2-135m-instruct-q4_1.gguf";

    private static ModelFile? file;
    private static LanguageModel? model;

    public static ModelFile File => file ??= ModelFile.Open(TestFiles.SharedOrSkip("models", FileName));

    public static LanguageModel Model
    {
        get
        {
            ModelFile opened = File;
            return model ??= opened.Load(ScalarType.Float32, CPU);
        }
    }
}
