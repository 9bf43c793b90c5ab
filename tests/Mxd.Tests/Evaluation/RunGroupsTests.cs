using System.Globalization;
using Mxd.Evaluation;
using Mxd.Training;

namespace Mxd.Tests.Evaluation;

public class RunGroupsTests
{
    [Theory]
    [InlineData("3,3,3", 100, "3 3 3")]
    [InlineData("3,3,3", 6, "3 3|3")]
    [InlineData("3,3,3", 5, "3|3|3")]
    [InlineData("9,1,2,4,1", 5, "9|1 2|4 1")]
    [InlineData("9,9", 0, "9|9")]
    public void AsManyAsFit_StayTogether_AndEachHasAPlace(string costs, long bytes, string groups)
    {
        EvalRun[] runs = [.. costs.Split(',').Select(cost => new EvalRun(new RunFolder(cost), null!, null))];
        IReadOnlyList<EvalRun[]> divided = RunGroups.Divide(runs, run => long.Parse(run.Path, CultureInfo.InvariantCulture), bytes);
        Assert.Equal(groups, string.Join('|', divided.Select(group => string.Join(' ', group.Select(run => run.Path)))));
    }
}
