using Mxd.Hub;
using Mxd.Runtime;
using Mxd.Tests.Runtime;

namespace Mxd.Tests.Hub;

/// <summary>The environment means what it means to Python's library.</summary>
public sealed class HubOptionsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static string Home => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    public void Dispose() => folder.Dispose();

    [Fact]
    public void EmptyEnvironment_MeansTheStandardHubAndCache()
    {
        HubOptions options = From(("HF_TOKEN_PATH", folder.File("none")));
        Assert.Equal(new Uri("https://huggingface.co"), options.Endpoint);
        Assert.Equal(Path.Combine(Home, ".cache", "huggingface", "hub"), options.Cache);
        Assert.Null(options.Token);
        Assert.False(options.IsOffline);
    }

    [Theory]
    [InlineData("/h/hub", "HF_HOME=/h")]
    [InlineData("/c", "HF_HOME=/h", "HF_HUB_CACHE=/c")]
    [InlineData("/old", "HF_HOME=/h", "HUGGINGFACE_HUB_CACHE=/old")]
    [InlineData("/c", "HF_HUB_CACHE=/c", "HUGGINGFACE_HUB_CACHE=/old")]
    [InlineData("/x/huggingface/hub", "XDG_CACHE_HOME=/x")]
    [InlineData("/h/hub", "XDG_CACHE_HOME=/x", "HF_HOME=/h")]
    [InlineData("~/mine/hub", "HF_HOME=~/mine")]
    [InlineData("~/cache", "HF_HUB_CACHE=~/cache")]
    [InlineData("~", "HF_HUB_CACHE=~")]
    [InlineData("/data/cache", "HF_HUB_CACHE=$SCRATCH/cache", "SCRATCH=/data")]
    [InlineData("/data/hub", "HF_HOME=${SCRATCH}", "SCRATCH=/data")]
    [InlineData("/$NOBODY/hub", "HF_HOME=/$NOBODY")]
    [InlineData("/h/hub", "HF_HOME=/h", "HF_HUB_CACHE=")]
    public void Cache_IsWhereItIsSaidToBe(string expected, params string[] environment)
    {
        string full = Path.GetFullPath(expected.Replace("~", Home, StringComparison.Ordinal));
        Assert.Equal(full, From([.. environment.Select(e => (e.Split('=')[0], e.Split('=')[1]))]).Cache);
    }

    [Fact]
    public void RelativeCache_IsBelowTheCurrentFolder() => Assert.Equal(Path.GetFullPath("cache"), From(("HF_HUB_CACHE", "cache")).Cache);

    [Theory]
    [InlineData("https://mirror.example", "https://mirror.example/")]
    [InlineData(" https://mirror.example/hf/ ", "https://mirror.example/hf")]
    [InlineData("http://127.0.0.1:8080", "http://127.0.0.1:8080/")]
    public void Endpoint_IsTheAddressGiven(string value, string expected) => Assert.Equal(expected, From(("HF_ENDPOINT", value)).Endpoint.ToString());

    [Theory]
    [InlineData("mirror.example", "HF_ENDPOINT is 'mirror.example'; it must be an address such as https://huggingface.co.")]
    [InlineData("ftp://mirror.example", "HF_ENDPOINT is 'ftp://mirror.example'; it must be an address such as https://huggingface.co.")]
    public void Endpoint_ThatIsNoAddress_IsAnError(string value, string expected) =>
        Assert.Equal(expected, Assert.Throws<MxdInputException>(() => From(("HF_ENDPOINT", value))).Message);

    [Fact]
    public void Endpoint_WithAPassword_IsAnErrorThatDoesNotShowIt()
    {
        string message = Assert.Throws<MxdInputException>(() => From(("HF_ENDPOINT", "https://me:secret@mirror.example"))).Message;
        Assert.Contains("give the address of mirror.example alone", message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Token_IsOfTheEnvironment_OrOfTheFileThatLogInWrote()
    {
        File.WriteAllText(folder.File("token"), "hf_stored\n");
        File.WriteAllText(folder.File("other"), "hf_other");
        Assert.Equal("hf_stored", From(("HF_HOME", folder.Path)).Token);
        Assert.Equal("hf_other", From(("HF_HOME", folder.Path), ("HF_TOKEN_PATH", folder.File("other"))).Token);
        Assert.Equal("hf_old", From(("HF_HOME", folder.Path), ("HUGGING_FACE_HUB_TOKEN", "hf_old")).Token);
        Assert.Equal("hf_new", From(("HF_HOME", folder.Path), ("HUGGING_FACE_HUB_TOKEN", "hf_old"), ("HF_TOKEN", " hf_new\n")).Token);
        Assert.Equal("hf_stored", From(("HF_HOME", folder.Path), ("HF_TOKEN", "")).Token);
        Assert.Null(From(("HF_HOME", folder.Path), ("HF_TOKEN_PATH", folder.Path)).Token);
    }

    [Theory]
    [InlineData("hf_secret\nhf_secret")]
    [InlineData("hf_secret hf_secret")]
    [InlineData("hf_secretä")]
    public void Token_ThatCannotBeOne_IsAnErrorThatDoesNotShowIt(string token)
    {
        string message = Assert.Throws<MxdInputException>(() => From(("HF_TOKEN", token))).Message;
        Assert.Contains("copy it again", message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HF_HUB_OFFLINE", "1", true)]
    [InlineData("HF_HUB_OFFLINE", "yes", true)]
    [InlineData("HF_HUB_OFFLINE", "ON", true)]
    [InlineData("HF_HUB_OFFLINE", "True", true)]
    [InlineData("TRANSFORMERS_OFFLINE", "1", true)]
    [InlineData("HF_HUB_OFFLINE", "0", false)]
    [InlineData("HF_HUB_OFFLINE", "", false)]
    [InlineData("HF_HUB_OFFLINE", "2", false)]
    public void Offline_IsSaidAsPythonUnderstandsIt(string name, string value, bool expected) => Assert.Equal(expected, From((name, value)).IsOffline);

    private static HubOptions From(params (string Name, string Value)[] environment) =>
        HubOptions.From(name => environment.Where(e => e.Name == name).Select(e => e.Value).FirstOrDefault());
}
