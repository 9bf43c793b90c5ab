using Mxd.Activations;
using Mxd.Chat;
using Mxd.Evaluation;
using Mxd.Exploration.Health;
using Mxd.LanguageModels;
using Mxd.Tokenizers;
using Mxd.Training;

namespace Mxd.Exploration.Naming;

/// <summary>
/// Names units, and tests each name: a language model is shown where a unit is active, with its activations, and names it; by the name alone, a language model then says in which held-out
/// excerpts it is active, of as many in which it is as in which it is not. The score is the balanced accuracy of that.
/// </summary>
public sealed class UnitNamer
{
    private readonly NameOptions options;
    private readonly IReadOnlyList<UnitEvidence> evidence;
    private readonly ChatAsker namer, scorer;
    private readonly ChatBatch<UnitNaming> names;

    private UnitNamer(NameOptions options, IReadOnlyList<UnitEvidence> evidence, ChatAsker namer, ChatAsker scorer)
    {
        (this.options, this.evidence, this.namer, this.scorer) = (options, evidence, namer, scorer);
        names = new ChatBatch<UnitNaming>([.. Asked.Select(unit => new ChatTask<UnitNaming>(namer, NamePrompts.Name(unit)))]);
    }

    private IEnumerable<UnitEvidence> Asked => evidence.Where(e => e.Problem is null);

    private IReadOnlyList<ChatAsker> Askers => namer == scorer ? [namer] : [namer, scorer];

    /// <summary>What naming and scoring will take of each service. Of names that are not known yet, scoring is counted as if they had eight words.</summary>
    public IReadOnlyList<ChatForecast> Forecast
    {
        get
        {
            ChatUsage scoring = Tests([.. Asked.Zip(names.Outcomes, (unit, outcome) => new Named(unit, outcome?.Value ?? NamePrompts.Unknown))])
                .Select(tests => tests.Forecast(scorer)).Aggregate((all, more) => all.Plus(more));
            return namer == scorer
                ? [new ChatForecast(namer.Service, names.Forecast(namer).Plus(scoring))]
                : [new ChatForecast(namer.Service, names.Forecast(namer)), new ChatForecast(scorer.Service, scoring)];
        }
    }

    /// <summary>Looks up in a text where units are active; asks nothing yet.</summary>
    /// <param name="model">The language model.</param>
    /// <param name="replacement">The layer.</param>
    /// <param name="text">The text, of two contexts or more.</param>
    /// <param name="tokenizer">Of its tokens.</param>
    /// <param name="units">The units; null for those that the options' <see cref="NameOptions.Top"/> chooses.</param>
    /// <param name="options">How they are named.</param>
    /// <param name="namer">Who names.</param>
    /// <param name="scorer">Who scores; it may be the namer.</param>
    /// <param name="observer">Hears of progress.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public static UnitNamer Look(
        LanguageModel model, Replacement replacement, PackedContexts text, ITokenizer tokenizer, IReadOnlyList<int>? units, NameOptions options, ChatAsker namer, ChatAsker scorer,
        IRunObserver observer, CancellationToken cancellation)
    {
        long contexts = Math.Min(options.Contexts, text.Count);
        observer.Begin("Looking where units are active", contexts, "contexts");
        var trace = UnitTrace.Measure(model, replacement, text, contexts, new ObservedCount(observer), cancellation);
        IReadOnlyList<UnitEvidence> evidence = units is null
            ? UnitEvidence.OfMostActive(trace, text, contexts, options.Top ?? trace.Units, tokenizer, options)
            : UnitEvidence.Of(trace, text, contexts, units, tokenizer, options);
        if (evidence.Count < options.Top) observer.Note($"Note: {evidence.Count} units are active often enough, and not everywhere, in the text; --top is {options.Top}.");
        return new UnitNamer(options, evidence, namer, scorer);
    }

    /// <summary>Names and scores. Stopped, or with services that failed, it returns what there is by then.</summary>
    /// <param name="parallel">Requests at a time.</param>
    /// <param name="observer">Hears of progress.</param>
    /// <param name="cancellation">Stops it.</param>
    public NamingResult Run(int parallel, IRunObserver observer, CancellationToken cancellation)
    {
        Ask(names, "Asking for names");
        Named[] named = [.. Asked.Zip(names.Outcomes).Where(n => n.Second?.Value is not null).Select(n => new Named(n.First, n.Second!.Value!))];
        ChatBatch<Detection>[] tests = [.. Tests(named)];
        Ask(tests[0], "Scoring names");
        if (options.Control && !cancellation.IsCancellationRequested && named.Count(n => ControlOf(named, n) is null) is > 0 and var alone)
            observer.Note($"Note: {(alone == named.Length ? "No unit has" : $"{alone} of {named.Length} units have")} a control: it needs another unit with another name.");
        if (tests.Length > 1) Ask(tests[1], "Scoring other units' names");
        return Result(named, tests[0], tests.Length > 1 ? tests[1] : null, cancellation.IsCancellationRequested);

        void Ask<T>(ChatBatch<T> batch, string phase) where T : class
        {
            observer.Begin(phase, batch.Requests, "requests");
            batch.Run(parallel, new ObservedCount(observer), cancellation).GetAwaiter().GetResult();
        }
    }

    /// <summary>The scoring of names, and, where a control is asked for, of the next unit's with another name.</summary>
    private IEnumerable<ChatBatch<Detection>> Tests(Named[] named)
    {
        yield return new ChatBatch<Detection>([.. named.Select(n => new ChatTask<Detection>(scorer, NamePrompts.Test(n.Naming, n.Unit)))]);
        if (options.Control)
            yield return new ChatBatch<Detection>([.. Controlled(named).Select(n => new ChatTask<Detection>(scorer, NamePrompts.Test(ControlOf(named, n)!, n.Unit)))]);
    }

    private static Named[] Controlled(Named[] named) => [.. named.Where(n => ControlOf(named, n) is not null)];

    /// <summary>The name of the next unit, after the last of the first, that has another; null where there is none.</summary>
    private static UnitNaming? ControlOf(Named[] named, Named of)
    {
        int place = Array.IndexOf(named, of);
        return named[(place + 1)..].Concat(named[..place]).Select(n => n.Naming).FirstOrDefault(other => other == NamePrompts.Unknown || !string.Equals(other.Name, of.Naming.Name, StringComparison.OrdinalIgnoreCase));
    }

    private NamingResult Result(Named[] named, ChatBatch<Detection> tests, ChatBatch<Detection>? controls, bool isStopped)
    {
        List<NamedUnit> scored = [];
        Dictionary<int, Detection?> other = controls is null ? [] : Controlled(named).Zip(controls.Outcomes).ToDictionary(n => n.First.Unit.Unit, n => n.Second?.Value);
        List<UnnamedUnit> unnamed = [.. evidence.Where(e => e.Problem is not null).Select(e => new UnnamedUnit(e.Unit, e.Problem!, false))];
        unnamed.AddRange(Asked.Zip(names.Outcomes).Where(n => n.Second?.Problem is not null).Select(n => new UnnamedUnit(n.First.Unit, n.Second!.Problem!, true)));
        for (int i = 0; i < named.Length; i++)
        {
            (UnitEvidence unit, UnitNaming naming) = named[i];
            if (tests.Outcomes[i]?.Value is { } detection)
                scored.Add(new NamedUnit(
                    unit.Unit, naming.Name, naming.Explanation, NameScore.Of(detection, unit.Tested), other.GetValueOrDefault(unit.Unit) is { } control ? NameScore.Of(control, unit.Tested) : null,
                    namer.Service.Name, scorer.Service.Name));
            else if (tests.Outcomes[i]?.Problem is { } problem) unnamed.Add(new UnnamedUnit(unit.Unit, $"its name has no score, because {problem}", true));
        }
        NameScore[] mismatched = [.. scored.Select(s => s.Control).OfType<NameScore>()];
        bool isWhole = scored.Count + unnamed.Count == evidence.Count && (controls is null || !controls.Outcomes.Contains(null));
        return new NamingResult(
            scored, [.. unnamed.OrderBy(u => u.Unit)], Mean([.. scored.Select(s => s.Score)]), mismatched.Length == 0 ? null : Mean(mismatched),
            [.. Askers.Select(asker => new ServiceWork(asker.Service.Name, asker.Usage, asker.Usage.Cost(asker.Service), asker.Failure))], isStopped && !isWhole ? true : null);
    }

    private static double Mean(NameScore[] scores) => scores.Select(s => s.BalancedAccuracy).DefaultIfEmpty(double.NaN).Average();

    private sealed record Named(UnitEvidence Unit, UnitNaming Naming);
}
