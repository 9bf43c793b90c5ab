using System.Globalization;
using Mxd.Cli.CommandLine;
using Mxd.Exploration;
using Mxd.Exploration.Reports;
using Mxd.Exploration.Steered;
using Mxd.Layers;
using Mxd.Training;

namespace Mxd.Cli.Commands;

/// <summary>What <c>mxd demo</c> says to people.</summary>
internal static class DemoText
{
    private const int ExcerptsShown = 2;

    public static IReadOnlyList<string> Introduction { get; } =
    [
        "A language model's MLP is dense: no part of it means one thing. Sparse layers that stand in for it can be read, but cost the model some of what it knows.",
        "This trains a Mixture of Decoders, what it is usually compared with, and two controls on a small model that comes with mxd, and measures what each costs it.",
        "",
    ];

    public static IEnumerable<string> Plan(PreparedSweep sweep)
    {
        TrainOptions o = sweep.Description.Configurations[0].Options;
        yield return $"Model   {sweep.Model.Identity.Id}: {sweep.Model.Config.Layers} layers of width {sweep.Model.Config.Width}, {sweep.Model.Config.ParameterCount:n0} parameters; replaced is the MLP of layer {o.Layer}";
        yield return $"Text    {string.Join(", ", o.Text)}: {o.Tokens:n0} of {sweep.Data.Text.TokenCount:n0} tokens, through the model once for all layers";
        yield return $"Held    {(o.Validation.Count > 0 ? string.Join(", ", o.Validation) : "some documents of the text")}, to measure on";
        foreach ((SweepConfiguration configuration, LayerOptions layer) in sweep.Description.Configurations.Zip(sweep.Layers))
            yield return $"Layer   {configuration.Name}: {string.Join(", ", LayerFacts.Of(layer))}{(LayerFacts.Of(layer).Any() ? ", " : "")}{LayerTypes.Get(layer.Type).ParameterCount(layer):n0} parameters";
    }

    public static void Show(DemoResult result)
    {
        result.Sweep.Show();
        if (result.Units.Count > 0)
        {
            Output.Line("");
            Output.Line("Some of the MxD's experts, chosen by rule, and the text they are most active on, the strongest token in brackets:");
            foreach (ReportedUnit unit in result.Units) Show(unit.Contexts);
        }
        if (result.Steered is { } steered) Show(result.Prompt, steered);
        Output.Line("");
        Output.Line($"The report, a page that opens in any browser: {result.Report}");
        if (result.Steered is { } shown && result.Sweep.Rows.FirstOrDefault(row => row.Layer.Type == "mxd") is { } mxd)
            Output.Command("Steer an expert yourself:", Steering(mxd.Folder.Path, result.Prompt, shown));
    }

    /// <summary>What a person may do after stopping a demo.</summary>
    public static IEnumerable<string> GoOn(PreparedSweep sweep)
    {
        string folder = ShellWord.Quote(sweep.Folder.Path);
        yield return "Stopped. Go on with:";
        yield return $"  mxd sweep --resume --out {folder}";
        yield return "and then write the report with:";
        yield return $"  mxd report {folder}/*/";
    }

    /// <summary>The command for the continuation that was shown, in the shape in which people change it.</summary>
    private static string Steering(string run, string prompt, SteeredText shown) =>
        string.Create(CultureInfo.InvariantCulture, $"mxd generate --run {ShellWord.Quote(run)} --prompt \"{prompt}\" --steer {shown.Unit}={shown.Coefficient} --greedy");

    private static void Show(UnitContexts unit)
    {
        string tokens = string.Join(", ", unit.CommonTokens.Select(t => $"'{TokenSigns.Alone(t.Text)}'"));
        Output.Line(string.Create(CultureInfo.InvariantCulture, $"  expert {unit.Unit}, active on {unit.Frequency:p2} of tokens, most on {tokens}"));
        foreach (UnitExcerpt excerpt in unit.Strongest.Take(ExcerptsShown)) Output.Line($"    … {ExcerptLine.Of(excerpt)} …");
    }

    private static void Show(string prompt, SteeredText steered)
    {
        Output.Line("");
        Output.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"Steering: of these, expert {steered.Unit} moves the next word of '{prompt}' most when {steered.Coefficient} is added to it (KL {steered.Divergence:f2} nats)"));
        // A text is one line, however wide the terminal.
        Console.Out.WriteLine($"  before  {prompt}{TokenSigns.Of(steered.Before)}");
        Console.Out.WriteLine($"  after   {prompt}{TokenSigns.Of(steered.After)}");
    }
}
