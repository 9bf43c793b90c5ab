using Mxd.Hub;
using Mxd.Runtime;

namespace Mxd.Tests.Hub;

public sealed class HubIdTests
{
    [Theory]
    [InlineData("gpt2", "gpt2", "main")]
    [InlineData("EleutherAI/pythia-410m", "EleutherAI/pythia-410m", "main")]
    [InlineData("EleutherAI/pythia-410m@step3000", "EleutherAI/pythia-410m", "step3000")]
    [InlineData("meta-llama/Llama-3.2-3B@refs/pr/1", "meta-llama/Llama-3.2-3B", "refs/pr/1")]
    public void Names_and_revisions_are_read(string text, string name, string revision)
    {
        HubId id = HubId.Parse(text);
        Assert.Equal(new HubId(name, revision), id);
        Assert.Equal(text, id.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("./model")]
    [InlineData("../model")]
    [InlineData("/srv/model")]
    [InlineData("a/b/c")]
    [InlineData("owner/name@")]
    [InlineData("owner/name@a/../../b")]
    [InlineData("owner/name@a/")]
    [InlineData("owner/..")]
    [InlineData("owner/name\n")]
    public void Paths_are_no_hub_ids(string text)
    {
        Assert.False(HubId.IsMeant(text));
        Assert.Contains("owner/name", Assert.Throws<MxdInputException>(() => HubId.Parse(text)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_that_were_named_by_extension_or_exist_are_no_hub_ids()
    {
        Assert.False(HubId.IsMeant("models/tiny.gguf", ".gguf"));
        Assert.True(HubId.IsMeant("models/tiny.gguf"));
        Assert.False(HubId.IsMeant(Path.GetRelativePath(Environment.CurrentDirectory, AppContext.BaseDirectory)));
    }
}
