namespace Mxd.Evaluation.Probing;

/// <summary>
/// Logistic regression on one unit's activation x, which is not standardised, with balanced classes (t = ±1, s from <see cref="ClassWeights"/>):
/// <code>
/// minimise  ½ w² + Σ sᵢ log(1 + exp(-tᵢ (w xᵢ + b)))     b is not penalised
/// </code>
/// by Newton's method to convergence, in float64. The problem is convex, so there is one solution.
/// </summary>
/// <param name="Coefficient">w.</param>
/// <param name="Intercept">b.</param>
public readonly record struct UnitProbe(double Coefficient, double Intercept)
{
    private const int MostSteps = 200;

    /// <summary>Above zero: of the class.</summary>
    public double Score(double x) => Coefficient * x + Intercept;

    /// <param name="x">The unit's activation on each text.</param>
    /// <param name="members">Whether each text is of the class; some are, and some are not.</param>
    public static UnitProbe Fit(ReadOnlySpan<double> x, ReadOnlySpan<bool> members)
    {
        ClassWeights weights = ClassWeights.Of(members);
        var probe = new UnitProbe(0, 0);
        double loss = probe.Loss(x, members, weights);
        for (int count = 0; count < MostSteps; count++)
        {
            NewtonStep step = probe.Step(x, members, weights);
            if (NewtonStep.IsNone(step.Decrement, loss)) break;
            // Far from the solution a whole step may lead uphill; at it, rounding does.
            double size = 1, nextLoss, bound = loss + NewtonStep.Rounding * loss;
            UnitProbe next;
            while ((nextLoss = (next = new UnitProbe(probe.Coefficient - size * step.W, probe.Intercept - size * step.B)).Loss(x, members, weights)) > bound && size > NewtonStep.Shortest) size /= 2;
            if (!(nextLoss <= bound)) break;
            (probe, loss) = (next, nextLoss);
            if (NewtonStep.IsLast(step.Decrement, loss)) break;
        }
        return probe;
    }

    /// <summary>H⁻¹g of the loss at this probe.</summary>
    private NewtonStep Step(ReadOnlySpan<double> x, ReadOnlySpan<bool> members, ClassWeights weights)
    {
        double gradientW = Coefficient, gradientB = 0, ww = 1, wb = 0, bb = 0;
        for (int i = 0; i < x.Length; i++)
        {
            double z = Score(x[i]), s = members[i] ? weights.Member : weights.Other;
            double p = 1 / (1 + Math.Exp(-z)), q = 1 / (1 + Math.Exp(z)), error = members[i] ? -s * q : s * p, curvature = s * p * q;
            gradientW += error * x[i];
            gradientB += error;
            ww += curvature * x[i] * x[i];
            wb += curvature * x[i];
            bb += curvature;
        }
        double determinant = ww * bb - wb * wb;
        (double w, double b) = ((bb * gradientW - wb * gradientB) / determinant, (ww * gradientB - wb * gradientW) / determinant);
        return new NewtonStep(w, b, gradientW * w + gradientB * b);
    }

    private double Loss(ReadOnlySpan<double> x, ReadOnlySpan<bool> members, ClassWeights weights)
    {
        double loss = Coefficient * Coefficient / 2;
        for (int i = 0; i < x.Length; i++)
        {
            double margin = members[i] ? Score(x[i]) : -Score(x[i]);
            loss += (members[i] ? weights.Member : weights.Other) * (Math.Max(-margin, 0) + double.LogP1(Math.Exp(-Math.Abs(margin))));
        }
        return loss;
    }
}
