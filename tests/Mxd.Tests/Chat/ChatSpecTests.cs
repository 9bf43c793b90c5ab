using Mxd.Chat;
using Mxd.Runtime;

namespace Mxd.Tests.Chat;

public class ChatSpecTests
{
    [Theory]
    [InlineData("openai:gpt-4o-mini", "gpt-4o-mini", "https://api.openai.com/v1", "OPENAI_API_KEY", false, "openai:gpt-4o-mini")]
    [InlineData("openai:gpt-4o-mini#MY_KEY", "gpt-4o-mini", "https://api.openai.com/v1", "MY_KEY", false, "openai:gpt-4o-mini")]
    [InlineData("openai:org/m:free@https://api.example.com/v1/#K2", "org/m:free", "https://api.example.com/v1", "K2", false, "openai:org/m:free@https://api.example.com/v1")]
    [InlineData("openai:m@https://api.example.com/v1", "m", "https://api.example.com/v1", null, false, "openai:m@https://api.example.com/v1")]
    [InlineData("openai:m@http://localhost:8000/v1", "m", "http://localhost:8000/v1", null, true, "openai:m@http://localhost:8000/v1")]
    [InlineData("ollama:llama3.2:3b", "llama3.2:3b", "http://localhost:11434/", null, true, "ollama:llama3.2:3b")]
    [InlineData("ollama:@cf/x@http://127.0.0.1:9", "@cf/x", "http://127.0.0.1:9/", null, true, "ollama:@cf/x@http://127.0.0.1:9")]
    [InlineData("ollama:m@http://10.0.0.7:11434", "m", "http://10.0.0.7:11434/", null, false, "ollama:m@http://10.0.0.7:11434")]
    [InlineData("openai:m@HTTPS://API.example.com/v1", "m", "https://api.example.com/v1", null, false, "openai:m@https://api.example.com/v1")]
    public void AName_IsRead(string text, string model, string endpoint, string? variable, bool isLocal, string name)
    {
        var spec = ChatSpec.Parse("--judge", text);
        Assert.Equal((text.Split(':')[0], model, endpoint, variable, isLocal, name), (spec.Provider, spec.Model, spec.Endpoint.ToString(), spec.KeyVariable, spec.IsLocal, spec.Name));
    }

    /// <summary>What follows the # may be a key in the place of a variable's name: it is not shown.</summary>
    [Theory]
    [InlineData("gpt-4o-mini", "--judge is 'gpt-4o-mini'; give openai:MODEL")]
    [InlineData("openai:", "--judge is 'openai:'")]
    [InlineData("claude:m", "--judge is 'claude:m'")]
    [InlineData("openai:m#sk-proj-secret", "--judge is 'openai:m'")]
    [InlineData("openai:m#sksecret", "--judge is 'openai:m'")]
    [InlineData("openai:llama@localhost:8000/v1", "--judge names the model 'llama@localhost:8000/v1' that has an @ and no address after it: write http:// or https:// before the address, such as openai:MODEL@http")]
    [InlineData("ollama:m@10.0.0.5:11434", "such as ollama:MODEL@http")]
    [InlineData("openai:m@me:secret@host/v1", "an @ and no address")]
    [InlineData("openai:m@https://me:secret@host/v1", "user or a password in its address")]
    [InlineData("openai:m@https://host/v1?key=1", "which is none")]
    [InlineData("openai:m@http://host/v1#MY_KEY", "over http, where an API key could be read")]
    public void WhatIsNone_IsRefused(string text, string what)
    {
        string message = Assert.Throws<MxdInputException>(() => ChatSpec.Parse("--judge", text)).Message;
        Assert.Contains(what, message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
    }

    [Fact]
    public void AKey_ComesFromTheEnvironmentAlone()
    {
        Assert.Equal("sk-1", Key("openai:m", "OPENAI_API_KEY", " sk-1\n"));
        Assert.Equal("sk-2", Key("openai:m@https://example.com/v1#OTHER", "OTHER", "sk-2"));
        // OpenAI's key goes to nobody else.
        Assert.Null(Key("openai:m@https://example.com/v1", "OPENAI_API_KEY", "sk-1"));
        Assert.Contains("OPENAI_API_KEY is not set", Refused("openai:m", null), StringComparison.Ordinal);
        Assert.Contains("OTHER is not set", Refused("openai:m#OTHER", ""), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", Refused("openai:m", "secret key"), StringComparison.Ordinal);

        static string? Key(string spec, string variable, string? value) => ChatSpec.Parse("--judge", spec).ReadKey(name => name == variable ? value : null);

        static string Refused(string spec, string? value) => Assert.Throws<MxdInputException>(() => ChatSpec.Parse("--judge", spec).ReadKey(_ => value)).Message;
    }

    [Theory]
    [InlineData("0.15,0.60", 0.15, 0.6)]
    [InlineData("3, 0", 3, 0)]
    public void APrice_IsTwoNumbers(string text, double input, double output) => Assert.Equal(new ChatPrice(input, output), ChatPrice.Parse(text));

    [Theory]
    [InlineData("1")]
    [InlineData("1,2,3")]
    [InlineData("-1,2")]
    [InlineData("a,b")]
    [InlineData("1e9,2")]
    [InlineData("NaN,1")]
    [InlineData("1,Infinity")]
    public void OtherPrices_AreRefused(string text) => Assert.Contains($"--price is '{text}'", Assert.Throws<MxdInputException>(() => ChatPrice.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Cost_IsThatOfAMillionTokens() => Assert.Equal(0.15 * 2 + 0.6 * 3, new ChatPrice(0.15, 0.6).Of(2_000_000, 3_000_000), 1e-12);

    /// <summary>What is on this machine may stand before a service that takes something.</summary>
    [Theory]
    [InlineData("ollama:m", null, true)]
    [InlineData("ollama:m", "1,2", false)]
    [InlineData("ollama:m@http://10.0.0.7:11434", null, false)]
    [InlineData("ollama:m@http://10.0.0.7:11434", "0,0", true)]
    public void WhatIsFree_IsHereAndHasNoPrice(string name, string? price, bool isFree) =>
        Assert.Equal(isFree, new NamedService(ChatSpec.Parse("--judge", name), price is null ? null : ChatPrice.Parse(price), 0).IsFree);

    [Fact]
    public void Problems_AreSaidAtOnce() => Assert.Equal(4, new AskingOptions { Parallel = 0, Retries = -1, Timeout = 0, Price = ["x"] }.Problems(1).Count());
}
