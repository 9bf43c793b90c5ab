using System.Globalization;
using System.Reflection;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Tests.Training;

public class ResumeRulesTests
{
    private static readonly TrainOptions saved = new() { Model = "model.gguf", Layer = 3, Text = ["text.jsonl"] };

    public static TheoryData<string> Fixed =>
        [
            .. Options().Select(p => p.Name).Except(
            [
                nameof(TrainOptions.Tokens), nameof(TrainOptions.CheckpointEvery), nameof(TrainOptions.Model), nameof(TrainOptions.Text), nameof(TrainOptions.Validation),
            ]),
        ];

    [Theory]
    [MemberData(nameof(Fixed))]
    public void Check_RefusesAChangedOption_ByItsName(string property)
    {
        PropertyInfo changed = typeof(TrainOptions).GetProperty(property)!;
        string message = Assert.Throws<MxdInputException>(() => ResumeRules.Check(saved, With(changed))).Message;
        Assert.StartsWith(changed.GetCustomAttribute<OptionAttribute>()!.Name + " is ", message, StringComparison.Ordinal);
        Assert.DoesNotContain(message, char.IsControl);
    }

    [Fact]
    public void Check_TakesTheSameOptions_MoreTokens_AndOtherCheckpoints()
    {
        ResumeRules.Check(saved, saved with { Text = ["text.jsonl"], Validation = [] });
        ResumeRules.Check(saved, saved with { Tokens = saved.Tokens + 1, CheckpointEvery = 7 });
    }

    [Fact]
    public void Check_RefusesFewerTokens() => Assert.Equal(
        $"--tokens is 1000, less than the {saved.Tokens} the run began with: give at least as many.",
        Assert.Throws<MxdInputException>(() => ResumeRules.Check(saved, saved with { Tokens = 1000 })).Message);

    [Fact]
    public void Check_NamesEveryChangeAtOnce()
    {
        TrainOptions asked = saved with { K = 3, Seed = 9, Tokens = 1 };
        string[] lines = Assert.Throws<MxdInputException>(() => ResumeRules.Check(saved, asked)).Message.Split('\n');
        Assert.Equal(["--k", "--seed", "--tokens"], lines.Select(line => line.Split(' ')[0]));
    }

    [Fact]
    public void EveryPropertyThatCanBeSet_IsAnOption() =>
        Assert.Equal(typeof(TrainOptions).GetProperties().Where(p => p.CanWrite).Select(p => p.Name), Options().Select(p => p.Name));

    private static IEnumerable<PropertyInfo> Options() =>
        typeof(TrainOptions).GetProperties().Where(p => p.GetCustomAttribute<OptionAttribute>() is not null);

    private static TrainOptions With(PropertyInfo property)
    {
        TrainOptions copy = saved with { };
        property.SetValue(copy, property.GetValue(saved) switch
        {
            int number => number + 1,
            long number => number + 1,
            double number => number + 0.01,
            bool flag => !flag,
            string text => text + "x",
            IReadOnlyList<string> texts => (string[])[.. texts, "more.jsonl"],
            null when property.PropertyType == typeof(string) => "x",
            null => Convert.ChangeType(5, Nullable.GetUnderlyingType(property.PropertyType)!, CultureInfo.InvariantCulture),
            object other => throw new NotSupportedException(other.GetType().Name),
        });
        return copy;
    }
}
