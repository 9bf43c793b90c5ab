using Mxd.Exploration;
using Mxd.Runtime;

namespace Mxd.Tests.Exploration;

public class UnitRangesTests
{
    private static readonly LayerUnits[] two = [new(8, 10), new(15, 4)];

    [Theory]
    [InlineData("3", "3")]
    [InlineData("7,3,7", "7,3")]
    [InlineData("2-4,3,9", "2,3,4,9")]
    [InlineData("5-5", "5")]
    [InlineData("8,all", "8,0,1,2,3,4,5,6,7,9")]
    public void Units_AreInTheOrderNamed_EachOnce(string names, string units) =>
        Assert.Equal(units.Split(',').Select(int.Parse), UnitRanges.Parse(names.Split(','), 10));

    [Theory]
    [InlineData("10", "--units names unit 10, but the layer has 10: choose from 0 to 9.")]
    [InlineData("4-12", "--units names unit 12, but the layer has 10: choose from 0 to 9.")]
    [InlineData("4-2", "--units names '4-2'; give numbers and ranges such as 3,7,20-29, or all.")]
    [InlineData("-1", "--units names '-1'; give numbers and ranges such as 3,7,20-29, or all.")]
    [InlineData("x", "--units names 'x'; give numbers and ranges such as 3,7,20-29, or all.")]
    [InlineData("8:3", "--units names '8:3'; give numbers and ranges such as 3,7,20-29, or all.")]
    [InlineData("1-2-3", "--units names '1-2-3'; give numbers and ranges such as 3,7,20-29, or all.")]
    [InlineData("99999999999", "--units names '99999999999'; give numbers and ranges such as 3,7,20-29, or all.")]
    public void WhatIsNoUnit_IsRefused(string name, string message) =>
        Assert.Equal(message, Assert.Throws<MxdInputException>(() => UnitRanges.Parse([name], 10)).Message);

    [Theory]
    [InlineData("15:3,2", "1:3 1:2")]
    [InlineData("8:1-2,15:all,8:0,8:1", "0:1 0:2 1:0 1:1 1:2 1:3 0:0")]
    [InlineData("15:0,15:1,8:4", "1:0 1:1 0:4")]
    public void OfSeveralLayers_ALayerHoldsForWhatFollows(string names, string units) =>
        Assert.Equal(units, string.Join(' ', UnitRanges.Parse(names.Split(','), two).Select(unit => $"{unit.Place}:{unit.Unit}")));

    [Theory]
    [InlineData("3", "--units names '3', but layers 8, 15 are in place: say of which it is, as in 8:3.")]
    [InlineData("all", "--units names 'all', but layers 8, 15 are in place: say of which it is, as in 8:all.")]
    [InlineData("9:3,4", "--units names '9:3', but layer 9 is not in place, only 8, 15: choose units of one of these, or name a run of layer 9 by --run.")]
    [InlineData("x:3", "--units names 'x:3'; before the colon stands the number of a layer, as in 8:3,20-29.")]
    [InlineData("15:4", "--units names unit 4, but layer 15 has 4: choose from 0 to 3.")]
    [InlineData("15:", "--units names '15:'; give numbers and ranges such as 15:3,7,20-29, or 15:all.")]
    [InlineData("15:3:1", "--units names '15:3:1'; give numbers and ranges such as 15:3,7,20-29, or 15:all.")]
    public void OfSeveralLayers_WhatIsNotClear_IsRefused(string names, string message) =>
        Assert.Equal(message, Assert.Throws<MxdInputException>(() => UnitRanges.Parse(names.Split(','), two)).Message);

    [Fact]
    public void OfOneLayer_ItMayBeNamed()
    {
        LayerUnits[] one = [new(15, 10)];
        Assert.Equal([3, 4], UnitRanges.Parse(["15:3", "4"], one).Select(unit => unit.Unit));
        Assert.Equal(
            "--units names '8:3', but layer 8 is not in place, only 15: choose units of that, or name a run of layer 8 by --run.",
            Assert.Throws<MxdInputException>(() => UnitRanges.Parse(["8:3"], one)).Message);
    }

    [Fact]
    public void AllProblems_AreNamedAtOnce() =>
        Assert.Equal(2, Assert.Throws<MxdInputException>(() => UnitRanges.Parse(["x", "3", "10"], 10)).Message.Split('\n').Length);
}
