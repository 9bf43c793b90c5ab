using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Evaluation.Probing;

/// <summary>
/// What <see cref="UnitProbe"/> is for one unit, for several values a text: logistic regression with weights w [d], a penalty ½‖w‖² and balanced classes, by
/// Newton's method in float64.
/// </summary>
internal sealed record LinearProbe(double[] Coefficients, double Intercept)
{
    private const int MostSteps = 100;

    /// <param name="x">[n,d] in float64.</param>
    /// <param name="members">Whether each of the n texts is of the class; some are, and some are not.</param>
    public static LinearProbe Fit(Tensor x, ReadOnlySpan<bool> members)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        ClassWeights weights = ClassWeights.Of(members);
        Tensor sides = tensor(Array.ConvertAll(members.ToArray(), member => member ? 1.0 : -1.0));
        var problem = new Problem(
            cat([x, ones(x.shape[0], 1, ScalarType.Float64)], 1), sides, tensor(Array.ConvertAll(members.ToArray(), member => member ? weights.Member : weights.Other)));
        double[] values = problem.Solve().data<double>().ToArray();
        return new LinearProbe(values[..^1], values[^1]);
    }

    /// <summary>A score for each row of x [n,d]; above zero: of the class.</summary>
    public double[] Scores(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        return x.mv(tensor(Coefficients)).add_(Number(Intercept), One).data<double>().ToArray();
    }

    /// <summary>The last column of X [n,d+1] is 1, and its weight is the intercept.</summary>
    private sealed record Problem(Tensor X, Tensor Sides, Tensor Weights)
    {
        public Tensor Solve()
        {
            Tensor penalised = ones(X.shape[1], ScalarType.Float64);
            penalised.narrow(0, X.shape[1] - 1, 1).zero_();
            Tensor w = zeros(X.shape[1], ScalarType.Float64);
            double loss = Loss(w, penalised);
            for (int count = 0; count < MostSteps; count++)
            {
                using DisposeScope scope = NewDisposeScope();
                (Tensor step, double decrement) = Step(w, penalised);
                if (NewtonStep.IsNone(decrement, loss)) break;
                double size = 1, nextLoss, bound = loss + NewtonStep.Rounding * loss;
                Tensor next;
                while ((nextLoss = Loss(next = w.add(step, Number(-size)), penalised)) > bound && size > NewtonStep.Shortest) size /= 2;
                if (!(nextLoss <= bound)) break;
                (w, loss) = (next.MoveToOuterDisposeScope(), nextLoss);
                if (NewtonStep.IsLast(decrement, loss)) break;
            }
            return w;
        }

        private (Tensor Step, double Decrement) Step(Tensor w, Tensor penalised)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor margins = X.mv(w) * Sides;
            Tensor wrong = (-margins).sigmoid();
            Tensor gradient = penalised * w - X.t().mv(Weights * Sides * wrong);
            Tensor curvature = Weights * wrong * margins.sigmoid();
            Tensor hessian = X.t().mm(X * curvature.unsqueeze(1)).add_(penalised.diag(), One);
            Tensor step = linalg.solve(hessian, gradient.unsqueeze(1)).squeeze(1);
            return (step.MoveToOuterDisposeScope(), gradient.dot(step).ToDouble());
        }

        private double Loss(Tensor w, Tensor penalised)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor margins = X.mv(w) * Sides;
            return (Weights * logaddexp(zeros_like(margins), -margins)).sum().ToDouble() + (penalised * w * w).sum().ToDouble() / 2;
        }
    }
}
