using Mxd.LanguageModels;
using Mxd.Training;

namespace Mxd.Exploration.Judging;

/// <summary>
/// Judges steered samples without any service (paper, section on steering, where two language models are asked): whether a unit's samples are about the same, and whether they are
/// ordinary text, both measured by a language model's own states and losses on the scale of <see cref="JudgeScale"/>.
/// </summary>
public sealed class SampleJudge(LanguageModel model, JudgeInput input)
{
    private readonly ContinuationReader reader = new(model);

    /// <summary>Judges all files. Stopped, it returns what there is by then.</summary>
    public JudgeResult Judge(IRunObserver observer, CancellationToken cancellation)
    {
        observer.Begin("Reading held-out text for the scale", Math.Min(input.Options.Contexts, input.Text.Count), "contexts");
        var scale = JudgeScale.Measure(reader, input.Text, input.Options.Contexts, input.Before, input.Piece, new ObservedCount(observer), cancellation);
        observer.Begin("Judging", input.Files.Sum(file => file.Sets.Count), "units");
        List<JudgedUnits> scores = [], unsteered = [];
        foreach (JudgedFile file in input.Files)
        {
            if (cancellation.IsCancellationRequested) break;
            if (file.Unsteered.Count > 0) unsteered.Add(Judge(file, new SampleSet([], file.Unsteered), scale));
            foreach (SampleSet set in file.Sets)
            {
                if (cancellation.IsCancellationRequested) break;
                scores.Add(Judge(file, set, scale));
                observer.Advance(scores.Count);
            }
        }
        return new JudgeResult(
            scores, unsteered, [.. input.Files.Select(file => JudgedSpread.Of(file, [.. scores.Where(s => s.File == file.Path)]))],
            scale.Losses.Text, scale.Losses.Shuffled, scale.Likenesses.Together, scale.Likenesses.Apart, Stopped: scores.Count < input.Files.Sum(file => file.Sets.Count) ? true : null);
    }

    private JudgedUnits Judge(JudgedFile file, SampleSet set, JudgeScale scale)
    {
        int[] prompt = [input.Model.Tokenizer.FirstToken, .. input.Model.Tokenizer.Encode(file.Prompt)];
        int[][] samples = [.. set.Samples.Select(input.Model.Tokenizer.Encode)];
        // Equal samples read alike: at a small top-p, most are equal.
        var known = new Dictionary<string, ReadText>();
        List<ReadText> read = [];
        foreach (int[] sample in samples.Where(sample => sample.Length > 0))
        {
            string key = string.Join(' ', sample);
            if (!known.TryGetValue(key, out ReadText? text)) known[key] = text = reader.Read(prompt, sample);
            read.Add(text);
        }
        double likeness = scale.Likeness([.. read.Select(r => r.Meaning)]), loss = read.Select(r => r.Loss).DefaultIfEmpty(double.NaN).Average();
        double fluency = read.Select(r => scale.Fluency(r.Loss)).DefaultIfEmpty(double.NaN).Average();
        return new JudgedUnits(file.Path, file.Type, set.Units, scale.Concept(likeness), fluency, likeness, loss, SampleLikeness.Of(samples), Layers: set.Layers);
    }
}
