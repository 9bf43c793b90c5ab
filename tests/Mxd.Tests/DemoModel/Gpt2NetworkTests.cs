using Mxd.Activations;
using Mxd.DemoModel;
using Mxd.Evaluation;
using Mxd.LanguageModels;
using Mxd.Tests.Runtime;
using Mxd.Tokenizers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.DemoModel;

public sealed class Gpt2NetworkTests
{
    [Fact]
    public void WrittenModel_HasTheLossThatWasTrained()
    {
        using var folder = new TemporaryFolder();
        (IReadOnlyList<byte[]> tokens, IReadOnlyList<(int, int)> merges) = BpeTrainer.Train(new Dictionary<string, long>(), 256);
        ModelFolder.WriteTokenizer(folder.Path, tokens, merges);
        ITokenizer tokenizer = HuggingFaceTokenizer.Load(folder.Path);
        var sizes = new Gpt2Sizes(tokenizer.VocabularySize, Width: 12, Layers: 2, Heads: 3, ContextLength: 16);
        using var network = new Gpt2Network(sizes, seed: 1);
        using DisposeScope scope = NewDisposeScope();
        using (no_grad())
            foreach (Tensor parameter in network.Parameters.Values) parameter.copy_((parameter + (randn_like(parameter) * 0.3)).to(ScalarType.Float16).to(ScalarType.Float32));
        ModelFolder.WriteModel(folder.Path, network);

        int[] ids = [.. Enumerable.Range(0, 30).Select(i => i * 37 % 256)];
        PackedContexts text = Packing.Pack([ids], tokenizer.Separator, tokenizer.FirstToken, sizes.ContextLength);
        using ModelFile file = ModelFile.Open(folder.Path);
        using LanguageModel model = file.Load(ScalarType.Float32, CPU);
        Tensor contexts = text.ToTensor([0, 1]);
        double loss = network.Loss(contexts[.., ..^1], contexts[.., 1..]).ToDouble();
        Assert.Equal(loss, TextScorer.Score(model, text).CrossEntropy, 5);
    }

    [Fact]
    public void Training_GoesOnFromACheckpoint_ToTheSameBits()
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("checkpoint.safetensors");
        using Gpt2Network whole = Train(steps: 4), first = Train(steps: 2, save: file), second = Train(steps: 4, restore: file);
        foreach ((string name, Tensor value) in whole.Parameters)
        {
            using DisposeScope scope = NewDisposeScope();
            Assert.True(value.equal(second.Parameters[name]).all().ToBoolean(), name);
        }
    }

    private static Gpt2Network Train(long steps, string? save = null, string? restore = null)
    {
        using DisposeScope scope = NewDisposeScope();
        var stream = new TokenStream([.. Enumerable.Range(0, 200).Select(i => i * i % 11)], firstToken: 0, contextLength: 8, batch: 3, seed: 5);
        var network = new Gpt2Network(new Gpt2Sizes(11, Width: 12, Layers: 1, Heads: 2, ContextLength: 8), seed: 1);
        using var optimizer = new Optimizer(network.Parameters);
        long done = restore is null ? 0 : Checkpoint.Restore(restore, network, optimizer);
        for (long step = done; step < steps; step++)
        {
            (Tensor tokens, Tensor targets) = stream.Batch(step);
            network.Loss(tokens, targets).backward();
            optimizer.Step(step + 1, scale: 1);
        }
        if (save is not null) Checkpoint.Save(save, network, optimizer, steps);
        return network;
    }
}
