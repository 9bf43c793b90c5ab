namespace Mxd.Exploration.Reports;

/// <summary>Every number of the page in plain words.</summary>
internal static class GlossarySection
{
    public const string Id = "terms", Title = "What the numbers mean";

    private static readonly (string Term, string Meaning)[] terms =
    [
        ("Layer in place", "The language model runs on the text as it always does, but at the layer’s hook points what the MLP computes is thrown away and the trained layer’s output is used instead."),
        ("Cross-entropy", "How badly the model predicts the next token, in nats: the mean of -ln of the probability it gave to the token that came. Lower is better; 0.1 nats more means that the right token gets about 10 % less probability."),
        ("MLP set to zero, to its mean", "The same with zeros, or with the MLP’s mean output over the text, in its place: what the model does without this MLP. A useful layer must do far better than that."),
        ("Increase", "Cross-entropy with the layer in place, minus the model’s own, on the same contexts."),
        ("Recovered", "Of what zeroing the MLP costs, the share that the layer avoids: 1 means that the model predicts as well as before, 0 that the layer is worth no more than zeros."),
        ("±", "One standard error over contexts. Differences and ratios are paired: each context is compared with itself, so their errors are smaller than those of the numbers they come from. A difference below two standard errors may be chance."),
        ("KL", "How far the next-token probabilities with the layer in place lie from the model’s own, in nats: 0 means that they are the same, whichever token is right."),
        ("FVU", "Fraction of variance unexplained: the layer’s squared error at the MLP’s output as a share of that output’s variance. 0 is exact, 1 no better than the mean."),
        ("Units, K, L0", "A layer has many units (experts of a mixture, latents of a transcoder or autoencoder), of which few are active on a token: at most K where training fixes that number. L0 is how many are, on average."),
        ("Dead units", "Share of the units that were active on none of the tokens measured. With little text, rare units look dead."),
        ("Parameters", "Trained numbers of the layer. Compare layers of about as many."),
        ("Active, coefficient", "A layer first gives each unit a coefficient on a token, and chooses which to keep; a unit is active where that coefficient is above zero. Coefficients of different layers are not on one scale."),
        ("Effective units", "As many units as would share the activity as evenly if all were used alike: exp of the entropy of the units’ shares. Close to the number of units: all are used; far below: a few do most of the work."),
        ("A few tokens, a topic", $"How the sample of units is chosen, of those active in at least {UnitSelection.LeastContexts} contexts: the units whose three commonest tokens carry the largest share of their summed activation; and, of those where no three tokens carry half, the units that are active in the fewest contexts for the number of tokens they are active on. A unit whose commonest token one before it has is passed over."),
    ];

    public static Html Of() => Html.Of($"""
        <section aria-labelledby="{Id}">
        <h2 id="{Id}">{Title}</h2>
        <dl class="terms">
        {terms.Select(t => Html.Of($"<dt>{t.Term}</dt><dd>{t.Meaning}</dd>\n"))}</dl>
        </section>
        """);
}
