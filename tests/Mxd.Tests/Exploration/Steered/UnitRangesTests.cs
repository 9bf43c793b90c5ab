using Mxd.Exploration.Steered;
using Mxd.Runtime;

namespace Mxd.Tests.Exploration.Steered;

public class UnitRangesTests
{
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
    [InlineData("1-2-3", "--units names '1-2-3'; give numbers and ranges such as 3,7,20-29, or all.")]
    [InlineData("99999999999", "--units names '99999999999'; give numbers and ranges such as 3,7,20-29, or all.")]
    public void WhatIsNoUnit_IsRefused(string name, string message) =>
        Assert.Equal(message, Assert.Throws<MxdInputException>(() => UnitRanges.Parse([name], 10)).Message);

    [Fact]
    public void AllProblems_AreNamedAtOnce() =>
        Assert.Equal(2, Assert.Throws<MxdInputException>(() => UnitRanges.Parse(["x", "3", "10"], 10)).Message.Split('\n').Length);
}
