using Mxd.Formats.Pickle;
using Mxd.Runtime;

namespace Mxd.Tests.Formats.Pickle;

public class PickleNodeTests
{
    private static PickleNode Root => new("a.pt", "", new PickleDict
    {
        ["cfg"] = new PickleRecord(new PickleGlobal("m", "Config")) { Fields = new PickleDict { ["d_in"] = 32, ["lr"] = 0.5, ["tied"] = false, ["ghosts"] = new PickleTuple(true, "x") } },
        ["name"] = "gpt2",
        ["nothing"] = PickleNone.Value,
    });

    [Fact]
    public void Node_FindsEntriesFieldsAndItems()
    {
        Assert.Equal(["cfg", "name", "nothing"], Root.Names);
        Assert.Equal(["d_in", "lr", "tied", "ghosts"], Root["cfg"].Names);
        Assert.Empty(Root["name"].Names);
        Assert.Equal(32, Root["cfg"]["d_in"].ToInt64());
        Assert.Equal((0.5, 32.0), (Root["cfg"]["lr"].ToDouble(), Root["cfg"]["d_in"].ToDouble()));
        Assert.False(Root["cfg"]["tied"].ToBoolean());
        Assert.True(Root["cfg"]["ghosts"][0].ToBoolean());
        Assert.Equal("gpt2", Root["name"].ToText());
        Assert.True(Root["nothing"].IsNone);
        Assert.False(Root.TryGet("other", out _));
        Assert.False(Root["name"].TryGet("other", out _));
        Assert.Equal("cfg.ghosts.1", Root["cfg"]["ghosts"][1].Path);
    }

    [Fact]
    public void Node_NamesTheWay_WhenSomethingIsMissing()
    {
        AssertRefused("a.pt: 'cfg' has no 'd_im'; the nearest are 'd_in', 'lr' and 'tied'.", () => Root["cfg"]["d_im"]);
        AssertRefused("a.pt: the saved value has no 'config'; the nearest are 'cfg', 'nothing' and 'name'.", () => Root["config"]);
        AssertRefused("a.pt: 'cfg.ghosts' is a tuple of 2, but its item 2 is needed.", () => Root["cfg"]["ghosts"][2]);
    }

    [Fact]
    public void Node_NamesTheWay_WhenAValueIsOfAnotherKind()
    {
        const string Other = "it is another kind of file, or another version of the program wrote it.";
        AssertRefused($"a.pt: 'name' is the str 'gpt2', but an int is needed there: {Other}", () => Root["name"].ToInt64());
        AssertRefused($"a.pt: 'cfg.d_in' is the int 32, but a str is needed there: {Other}", () => Root["cfg"]["d_in"].ToText());
        AssertRefused($"a.pt: 'cfg.d_in' is the int 32, but a dict or an instance of a class is needed there: {Other}", () => Root["cfg"]["d_in"]["x"]);
        AssertRefused($"a.pt: 'cfg.lr' is the float 0.5, but a tuple or a list is needed there: {Other}", () => Root["cfg"]["lr"][0]);
        AssertRefused($"a.pt: 'nothing' is None, but a tensor is needed there: {Other}", () => Root["nothing"].ToTensor());
        AssertRefused($"a.pt: 'cfg.tied' is the bool False, but a float or an int is needed there: {Other}", () => Root["cfg"]["tied"].ToDouble());
        AssertRefused($"a.pt: 'cfg' is an instance of 'm.Config', but a bool is needed there: {Other}", () => Root["cfg"].ToBoolean());
    }

    private static void AssertRefused(string message, Func<object> use) => Assert.Equal(message, Assert.Throws<MxdInputException>(use).Message);
}
