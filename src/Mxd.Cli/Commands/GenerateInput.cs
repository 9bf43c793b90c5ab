using Mxd.Evaluation;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Tokenizers;
using Mxd.Training;

namespace Mxd.Cli.Commands;

/// <summary>Everything a generation reads, checked before work starts.</summary>
internal sealed class GenerateInput : IDisposable
{
    private GenerateInput(ModelFile model, EvalRun? run, Steering? steering, IReadOnlyList<int> prompt, IReadOnlyList<string> notes)
    {
        Model = model;
        Run = run;
        Steering = steering;
        Prompt = prompt;
        Notes = notes;
    }

    public ModelFile Model { get; }

    /// <summary>The run whose layer is put in place, if one is.</summary>
    public EvalRun? Run { get; }

    public Steering? Steering { get; }

    /// <summary>Ids of the prompt, the first token before it unless that was refused.</summary>
    public IReadOnlyList<int> Prompt { get; }

    public IReadOnlyList<string> Notes { get; }

    public static GenerateInput Open(GenerateOptions options, IRunObserver observer, CancellationToken cancellation)
    {
        Steering? steering = Check(options);
        EvalRun? run = options.Run is { } path ? EvalRun.Read(path) : null;
        if (run is not null) steering?.Check(run.Saved.Layer);
        ModelFile model = ModelFile.Open(options.Model ?? run!.FindModel(), new ObservedDownloads(observer), cancellation);
        try
        {
            model.CheckWeights();
            List<string> notes = run is null ? [] : [.. run.Notes(model.Identity, options.AllowOtherWeights)];
            return new GenerateInput(model, run, steering, Encode(options, model), notes);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    public void Dispose() => Model.Dispose();

    private static int[] Encode(GenerateOptions options, ModelFile model)
    {
        string text = options.Prompt == "-" ? Console.In.ReadToEnd() : options.Prompt;
        int[] ids = [.. options.NoFirstToken ? [] : new[] { FirstToken(model) }, .. model.Tokenizer.Encode(text)];
        if (ids.Length == 0) throw new MxdInputException("--prompt is empty and --no-first-token leaves nothing to continue: give a prompt, or leave --no-first-token out.");
        if (ids.Length >= model.Config.ContextLength)
            throw new MxdInputException($"--prompt has {ids.Length} tokens, but {model.Id} was trained for {model.Config.ContextLength} positions: give a shorter one.");
        return ids;
    }

    private static int FirstToken(ModelFile model)
    {
        ITokenizer tokenizer = model.Tokenizer;
        try
        {
            return tokenizer.FirstToken;
        }
        catch (MxdInputException e)
        {
            throw new MxdInputException($"{model.Id} has no token that a text begins with (<|endoftext|> or BOS): pass --no-first-token.", e);
        }
    }

    private static Steering? Check(GenerateOptions options)
    {
        var problems = new ProblemList();
        foreach (string problem in options.Sampling.Problems()) problems.Add(problem);
        problems.AddIf(options.Greedy && options.Temperature is not (0 or 1), $"--greedy takes the most likely token, and --temperature is {options.Temperature}: leave one out.");
        problems.AddIf(options.Greedy && options.Samples > 1, $"--greedy gives one continuation, and --samples is {options.Samples}: leave one out.");
        problems.AddIf(options.MaxTokens < 1, $"--max-tokens is {options.MaxTokens}; it must be at least 1.");
        problems.AddIf(options.Samples < 1, $"--samples is {options.Samples}; it must be at least 1.");
        problems.AddIf(options.Stop.Any(stop => stop.Length == 0), "--stop names an empty text; leave it out.");
        problems.AddIf(options.Steer.Count > 0 && options.Run is null, "--steer needs a layer whose units it steers: name its run by --run.");
        problems.AddIf(options.ModelDtype is not ("float32" or "bfloat16"), $"--model-dtype is '{options.ModelDtype}'; choose float32 or bfloat16.");
        problems.Collect(() => { Devices.Parse(options.Device); });
        Steering? steering = problems.Collect(() => Steering.Parse(options.Steer));
        if (options.Run is { } run) problems.Collect(() => new RunFolder(run).RequireLayer());
        problems.ThrowIfAny();
        return options.Steer.Count > 0 ? steering : null;
    }
}
