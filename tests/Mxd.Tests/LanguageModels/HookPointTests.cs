using Mxd.LanguageModels;
using Mxd.Runtime;

namespace Mxd.Tests.LanguageModels;

public class HookPointTests
{
    public static TheoryData<int, HookSite> Points =>
        new(from layer in new[] { 0, 7, 123 } from site in Enum.GetValues<HookSite>() select (layer, site));

    [Theory]
    [MemberData(nameof(Points))]
    public void Parse_ReadsWhatToStringWrites(int layer, HookSite site)
    {
        var point = new HookPoint(layer, site);
        Assert.Equal(point, HookPoint.Parse(point.ToString()));
    }

    [Fact]
    public void ToString_GivesTransformerLenssNames()
    {
        Assert.Equal("blocks.8.ln2.hook_normalized", HookPoint.MlpInput(8).ToString());
        Assert.Equal("blocks.8.hook_mlp_out", HookPoint.MlpOutput(8).ToString());
        Assert.Equal("blocks.0.hook_resid_pre", new HookPoint(0, HookSite.ResidualBefore).ToString());
        Assert.Equal("blocks.0.hook_resid_post", new HookPoint(0, HookSite.ResidualAfter).ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("blocks.3")]
    [InlineData("blocks.-1.hook_mlp_out")]
    [InlineData("blocks.+1.hook_mlp_out")]
    [InlineData("blocks. 1.hook_mlp_out")]
    [InlineData("blocks.99999999999.hook_mlp_out")]
    [InlineData("blocks.3.hook_mlp_in")]
    [InlineData("blocks.3.hook_mlp_out.x")]
    [InlineData("Blocks.3.hook_mlp_out")]
    [InlineData("3.hook_mlp_out")]
    public void Parse_RefusesAnythingElse_AndNamesThePoints(string text)
    {
        string message = Assert.Throws<MxdInputException>(() => HookPoint.Parse(text)).Message;
        Assert.StartsWith($"Hook point '{text}' is not known; write blocks.L.NAME", message, StringComparison.Ordinal);
        Assert.Contains("ln2.hook_normalized", message, StringComparison.Ordinal);
    }

    [Fact]
    public void IsBefore_FollowsTheForwardPass()
    {
        HookPoint[] order = [.. from layer in new[] { 0, 1, 2, 10 } from site in Enum.GetValues<HookSite>() select new HookPoint(layer, site)];
        for (int a = 0; a < order.Length; a++)
            for (int b = 0; b < order.Length; b++) Assert.Equal(a < b, order[a].IsBefore(order[b]));
    }
}
