using Mxd.Benchmarks;
using Mxd.Benchmarks.Micro;
using Mxd.Layers;

const string Usage = """
    Measures speed and peak memory, each case in a process of its own, cases alternating, and prints medians and ratios.

      dotnet run -c Release --project benchmarks/Mxd.Benchmarks -- harvest MODEL.gguf LAYER [ROUNDS]
      dotnet run -c Release --project benchmarks/Mxd.Benchmarks -- step [ROUNDS]

      dotnet run -c Release --project benchmarks/Mxd.Benchmarks -- generate MODEL [ROUNDS]

    Configurations of the SmolLM2 size (N = 2302, batch 4096) trained from one pass of the language model, beside its parts alone.

      dotnet run -c Release --project benchmarks/Mxd.Benchmarks -- share MODEL LAYER TEXT [BATCHES]

    A short run with the language model before each refill's steps, and beside them; OMP_NUM_THREADS=1 leaves cores for both.

      dotnet run -c Release --project benchmarks/Mxd.Benchmarks -- ahead MODEL LAYER TEXT [ROUNDS]

    Where the time of a harvest goes, in a model of the Llama family.

      dotnet run -c Release --project benchmarks/Mxd.Benchmarks -- harvest-profile MODEL LAYER

    What a run does before its first harvest.

      dotnet run -c Release --project benchmarks/Mxd.Benchmarks -- start MODEL TEXT

    Tokenises a text on one core with each tokenizer: a GGUF file, or a folder with a tokenizer.json.

      dotnet run -c Release --project benchmarks/Mxd.Benchmarks -- tokenise TEXT TOKENIZER...

    A step at GPT-2 x32 sizes by kernels and by dense torch operations, beside the matrix products that it cannot do without.

      dotnet run -c Release --project benchmarks/Mxd.Benchmarks -- kernels mxd|transcoder [ROUNDS] [float32|mixed]
      dotnet run -c Release --project benchmarks/Mxd.Benchmarks -- products
      dotnet run -c Release --project benchmarks/Mxd.Benchmarks -- profile [FIGURE.svg]

    Where a whole run's time goes and how busy the cores are, by the dense path and by the kernels.

      dotnet run -c Release --project benchmarks/Mxd.Benchmarks -- run MODEL LAYER TEXT [EXPERTS] [TOKENS]

    Steps of MxD over layers, K and batches, each beside the dense step and the product's peak; those whose name ("GPT-2 x32, K 32, B 4096") has the filter.

      dotnet run -c Release --project benchmarks/Mxd.Benchmarks -- sizes [FILTER] [ROUNDS] [FIGURE.svg]

    Decoding and its backward pass at 21,504 and at 86,016 units.

      dotnet run -c Release --project benchmarks/Mxd.Benchmarks -- decode [ROUNDS]

    Each kernel alone, by BenchmarkDotNet.

      dotnet run -c Release --project benchmarks/Mxd.Benchmarks -- micro [FILTER]

    Loads random weights in the shape of a published language model from disk and harvests them at the published layer.

      dotnet run -c Release --project benchmarks/Mxd.Benchmarks -- shape PRESET float32|bfloat16

    Trains every kind of layer on the same activations, by the gradients written out and by torch's own differentiation.

      dotnet run -c Release --project benchmarks/Mxd.Benchmarks -- family MODEL.gguf LAYER TEXT.jsonl HELD-OUT.jsonl [TOKENS]

    Trains an MxD and a transcoder on the same activations in float32 and in mixed precision. MXD_BFLOAT16=fast makes a processor without products of
    bfloat16 take the same steps by products of float32.

      dotnet run -c Release --project benchmarks/Mxd.Benchmarks -- precision MODEL.gguf LAYER TEXT.jsonl HELD-OUT.jsonl [TOKENS] [TYPE]
    """;

switch (args)
{
    case ["harvest", string model, string layer, .. var rest]:
        Comparison.Run("Harvesting activations", ["harvest", model, layer], ["float32", "bfloat16"], Rounds(rest));
        return 0;
    case ["step", .. var rest]:
        Comparison.Run("Training step of MxD (B = 4096, I = O = 576, H = 2304, N = 2302, K = 32)", ["step"], ["autograd", "closed-form", "matmul"], Rounds(rest));
        return 0;
    case ["generate", string model, .. var rest]:
        Comparison.Run("Generating 128 tokens", ["generate", model], ["float32 1", "bfloat16 1", "float32 8", "bfloat16 8"], Rounds(rest));
        return 0;
    case ["share", string model, string layer, string text, .. var rest]:
        ShareCase.Run(model, layer, text, rest is [string batches] ? int.Parse(batches) : 1);
        return 0;
    case ["ahead", string model, string layer, string text, .. var rest]:
        Comparison.Run("Training with the language model before each refill's steps, and beside them", ["ahead", model, layer, text], ["before", "beside"], Rounds(rest));
        return 0;
    case ["measure", "ahead", string model, string layer, string text, string variant]:
        AheadCase.Measure(model, int.Parse(layer), text, variant == "beside").Print();
        return 0;
    case ["harvest-profile", string model, string layer]:
        HarvestProfile.Run(model, int.Parse(layer));
        return 0;
    case ["start", string model, string text]:
        StartCase.Run(model, text);
        return 0;
    case ["tokenise", string text, .. var tokenizers]:
        TokeniseCase.Run(text, tokenizers);
        return 0;
    case ["kernels", string type, .. var rest]:
        KernelCase.Run(type, rest is [string kernelRounds, ..] ? int.Parse(kernelRounds) : 3, rest is [_, string precision] ? precision : Precisions.Full);
        return 0;
    case ["measure", "kernels", string type, string variant]:
        KernelCase.Measure(type, variant).Print();
        return 0;
    case ["profile", .. var rest]:
        KernelProfile.Run(rest is [string figure] ? figure : null);
        return 0;
    case ["run", string model, string layer, string text, .. var rest]:
        RunCase.Run(model, layer, text, rest is [string experts, ..] ? experts : "20000", rest is [_, string trainedOn] ? trainedOn : "32768");
        return 0;
    case ["measure", "run", string model, string layer, string text, string runExperts, string runTokens, string path]:
        RunCase.Measure(model, int.Parse(layer), text, int.Parse(runExperts), long.Parse(runTokens), path);
        return 0;
    case ["sizes", .. var rest]:
        SizesCase.Run(rest is [string cells, ..] ? cells : "", rest is [_, string sizeRounds, ..] ? int.Parse(sizeRounds) : 3, rest is [_, _, string speeds] ? speeds : null);
        return 0;
    case ["measure", "sizes", string kind, string options]:
        SizesCase.Measure(kind, options);
        return 0;
    case ["decode", .. var rest]:
        DecodeCase.Run(rest is [string decodeRounds] ? int.Parse(decodeRounds) : 9);
        return 0;
    case ["micro", .. var rest]:
        MicroBenchmarks.Run(rest is [string kernels] ? kernels : null);
        return 0;
    case ["products"]:
        ProductCase.Run();
        return 0;
    case ["family", string model, string layer, string text, string validation, .. var rest]:
        FamilyCase.Run(FamilyCase.Beside.Readable, model, int.Parse(layer), text, validation, rest is [string tokens] ? long.Parse(tokens) : 200_000);
        return 0;
    case ["precision", string model, string layer, string text, string validation, .. var rest]:
        FamilyCase.Run(FamilyCase.Beside.Mixed, model, int.Parse(layer), text, validation, rest is [string count, ..] ? long.Parse(count) : 500_000, rest is [_, string only] ? only : null);
        return 0;
    case ["shape", string preset, string dtype]:
        ShapeCase.Run(preset, dtype);
        return 0;
    case ["measure", "shape", string folder, string layer, string dtype]:
        ShapeCase.Measure(folder, int.Parse(layer), dtype);
        return 0;
    case ["measure", "harvest", string model, string layer, string dtype]:
        HarvestCase.Measure(model, int.Parse(layer), dtype).Print();
        return 0;
    case ["measure", "generate", string model, string variant]:
        GenerateCase.Measure(model, variant).Print();
        return 0;
    case ["measure", "step", string variant]:
        StepCase.Measure(variant).Print();
        return 0;
    default:
        Console.Error.WriteLine(Usage);
        return 2;
}

static int Rounds(string[] rest) => rest is [string rounds] ? int.Parse(rounds) : 3;
