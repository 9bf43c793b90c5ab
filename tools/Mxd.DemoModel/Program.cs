using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Mxd.Activations;
using Mxd.Corpora;
using Mxd.DemoModel;
using Mxd.Evaluation;
using Mxd.LanguageModels;
using Mxd.Runtime;
using Mxd.Tokenizers;
using TorchSharp;
using static TorchSharp.torch;

const int Vocabulary = 4096, BatchContexts = 16, ScoredContext = 128, ScoredContexts = 1024;
const long Seed = 0;

var output = new Option<string>("--out") { Description = "The model's folder.", DefaultValueFactory = _ => "assets/demo-model" };
var work = new Option<string>("--work") { Description = "The folder of the checkpoint.", DefaultValueFactory = _ => "runs/demo-model" };
var steps = new Option<long>("--steps") { Description = "Steps of 4,096 tokens; over the last third the learning rate falls to zero.", DefaultValueFactory = _ => 2600 };
var root = new RootCommand("Trains the language model that mxd has with it, on the text of the .NET SDK, and measures it against a trigram. Started again it goes on from its checkpoint.") { output, work, steps };
root.SetAction(parsed => Run(parsed.GetValue(output)!, parsed.GetValue(work)!, parsed.GetValue(steps)));
return root.Parse(args).Invoke();

static int Run(string output, string work, long steps)
{
    LibTorch.Load();
    Directory.CreateDirectory(output);
    string checkpoint = Path.Combine(work, "checkpoint.safetensors");
    if (!File.Exists(checkpoint)) LearnVocabulary(output);
    ITokenizer tokenizer = HuggingFaceTokenizer.Load(output);
    string[] texts = [.. TextFiles.Read(["dotnet"]).Select(document => document.Text)];
    int[][] documents = [.. texts.AsParallel().AsOrdered().Select(text => (int[])[.. tokenizer.Encode(text), tokenizer.Separator])];
    int[] tokens = [.. documents.SelectMany(document => document)];
    Console.WriteLine($"{texts.Length:n0} documents, {tokens.Length:n0} tokens");

    using var network = new Gpt2Network(new Gpt2Sizes(tokenizer.VocabularySize), Seed);
    Console.WriteLine($"{network.Parameters.Values.Sum(p => p.numel()):n0} parameters");
    Train(network, new TokenStream(tokens, tokenizer.FirstToken, network.Sizes.ContextLength, BatchContexts, Seed), checkpoint, steps);
    ModelFolder.WriteModel(output, network);
    Compare(output, tokenizer, documents);
    return 0;
}

static void LearnVocabulary(string output)
{
    Console.WriteLine("Learning the vocabulary");
    Dictionary<string, long> pieces = BpeTrainer.CountPieces(TextFiles.Read(["dotnet"]).Select(document => document.Text), PreTokenizers.Get(PreTokenizers.Gpt2));
    // The separator is a token too.
    (IReadOnlyList<byte[]> tokens, IReadOnlyList<(int, int)> merges) = BpeTrainer.Train(pieces, Vocabulary - 1);
    ModelFolder.WriteTokenizer(output, tokens, merges);
}

static void Train(Gpt2Network network, TokenStream stream, string checkpoint, long steps)
{
    using var optimizer = new Optimizer(network.Parameters);
    long step = Checkpoint.Restore(checkpoint, network, optimizer);
    var clock = Stopwatch.StartNew();
    long first = step;
    double mean = 0;
    while (step < steps)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor tokens, Tensor targets) = stream.Batch(step);
        Tensor loss = network.Loss(tokens, targets);
        loss.backward();
        step++;
        optimizer.Step(step, Math.Min(step / 100.0, Math.Min(1, (steps - step + 1) / (steps / 3.0))));
        mean += (loss.ToDouble() - mean) / Math.Min(50, step - first);
        if (step % 20 == 0)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"step {step,6} of {steps}  loss {mean:f4}  {(step - first) * tokens.numel() / clock.Elapsed.TotalSeconds:f0} tokens/s"));
        if (step % 100 == 0 || step == steps) Checkpoint.Save(checkpoint, network, optimizer, step);
    }
}

static void Compare(string output, ITokenizer tokenizer, int[][] documents)
{
    PackedContexts heldOut = Packing.Pack(["dotnet:held-out"], tokenizer, new PackingOptions { ContextLength = ScoredContext, MaximumContexts = ScoredContexts });
    using ModelFile file = ModelFile.Open(output);
    using LanguageModel model = file.Load(ScalarType.Float32, CPU);
    double ours = TextScorer.Score(model, heldOut).CrossEntropy;
    var trigram = new KneserNey(documents.Select(d => (IReadOnlyList<int>)[tokenizer.FirstToken, .. d]), tokenizer.VocabularySize);
    double theirs = trigram.CrossEntropy(Enumerable.Range(0, (int)heldOut.Count).Select(i => heldOut[i].ToArray()), tokenizer.Separator);
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"held-out perplexity over {heldOut.Count:n0} contexts: {Math.Exp(ours):f2}, Kneser-Ney trigram {Math.Exp(theirs):f2}, ratio {Math.Exp(ours - theirs):f3}"));
}
