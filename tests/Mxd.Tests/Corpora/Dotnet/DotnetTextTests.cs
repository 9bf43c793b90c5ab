using Mxd.Corpora;
using Mxd.Corpora.Dotnet;

namespace Mxd.Tests.Corpora.Dotnet;

public sealed class DotnetTextTests : IDisposable
{
    private readonly CorpusFolder folder = new();

    [Fact]
    public void Read_KeepsAPassageInItsFirstPlace_AndOutOfWhatIsHeldOut()
    {
        string training = Names(isHeldOut: false), heldOut = Names(isHeldOut: true);
        Write("Microsoft.NETCore.App.Ref/9.0.1", training, "Old.");
        Write("Microsoft.NETCore.App.Ref/10.0.2", training, "Said twice.", "Said once.", "Said twice.");
        // A copy that comes with another pack is passed over; what is said before is not held out.
        Write("Microsoft.AspNetCore.App.Ref/10.0.2", training, "A copy.");
        Write("Microsoft.AspNetCore.App.Ref/10.0.2", heldOut, "Said once.", "Held out.");
        (IReadOnlyList<Document> documents, IReadOnlyList<Document> held) = DotnetText.Read(new DotnetSdk(folder.Path));
        Assert.Equal("C.P0\nSaid twice.\n\nC.P1\nSaid once.\n", Assert.Single(documents).Text);
        Assert.Equal("C.P1\nHeld out.\n", Assert.Single(held).Text);
    }

    [Fact]
    public void Read_CutsLongDocuments_BetweenMembers()
    {
        string[] summaries = [.. Enumerable.Range(0, 12).Select(i => $"{new string((char)('a' + i), 700)}.")];
        Write("Microsoft.NETCore.App.Ref/10.0.2", Names(isHeldOut: false), summaries);
        (IReadOnlyList<Document> documents, _) = DotnetText.Read(new DotnetSdk(folder.Path));
        Assert.Equal(6, documents.Count);
        Assert.Equal(summaries, documents.SelectMany(document => document.Text.Split('\n')).Where(line => line.Length > 100));
        Assert.Equal([1, 2, 3, 4, 5, 6], documents.Select(document => document.Number));
    }

    [Fact]
    public void Read_PassesOverFilesThatAreDamaged_OrNoAssembliesOfStrings()
    {
        Write("Microsoft.NETCore.App.Ref/10.0.2", Names(isHeldOut: false), "Said.");
        folder.Write(Path.Combine("packs", "Microsoft.NETCore.App.Ref", "10.0.2", "ref", "net", "Cut.xml"), "<doc><members><member name=\"T:N.C\"><summary>Cut off");
        Directory.CreateDirectory(folder.File(Path.Combine("sdk", "10.0.1", "de")));
        folder.Write(Path.Combine("sdk", "10.0.1", "de", "Text.resources.dll"), "no assembly");
        File.WriteAllBytes(folder.File(Path.Combine("sdk", "10.0.1", "de", "Half.resources.dll")), File.ReadAllBytes(DotnetSdk.Find().Translations().First().File)[..1500]);
        (IReadOnlyList<Document> documents, IReadOnlyList<Document> held) = DotnetText.Read(new DotnetSdk(folder.Path));
        Assert.Equal("C.P0\nSaid.\n", Assert.Single(documents).Text);
        Assert.Empty(held);
    }

    [Fact]
    public void AnSdkWhosePacksCannotBeSearched_CountsAsNone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess, "This process may read every folder.");
        if (OperatingSystem.IsWindows()) return;
        Write("Microsoft.NETCore.App.Ref/10.0.2", Names(isHeldOut: false), "Said.");
        Assert.True(new DotnetSdk(folder.Path).HasDocumentation());
        string packs = folder.File("packs/Microsoft.NETCore.App.Ref/10.0.2/ref");
        File.SetUnixFileMode(packs, UnixFileMode.None);
        bool found = new DotnetSdk(folder.Path).HasDocumentation();
        File.SetUnixFileMode(packs, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Assert.False(found);
    }

    [Fact]
    public void IsHeldOut_GoesByTheFileName_SoThatAllLanguagesOfAFileAreOnOneSide()
    {
        string[] names = [.. Enumerable.Range(0, 2000).Select(i => $"A{i}.resources.dll")];
        Assert.All(names, name => Assert.Equal(DotnetText.IsHeldOut(name), DotnetText.IsHeldOut(Path.Combine("sdk", "cs", name))));
        Assert.InRange(names.Count(DotnetText.IsHeldOut), 80, 170);
    }

    [Fact]
    public void TheSdkThatRunsThisTest_HasTextInFourteenLanguages()
    {
        DotnetSdk sdk = DotnetSdk.Find();
        Assert.Equal(13, sdk.Translations().Select(found => found.Language).Distinct().Count());
        (string file, _) = sdk.Translations().First(found => found.Language == "de" && Path.GetFileName(found.File).StartsWith("Microsoft.Build.Tasks", StringComparison.Ordinal));
        Assert.Contains(TranslatedStrings.Read(file), message => message.Contains("Datei", StringComparison.Ordinal));
    }

    [Fact]
    public void TextFiles_ReadsTheSdkByName_AndThePartsShareNoPassage()
    {
        HashSet<string> training = [.. Lines(DotnetText.Name)];
        string[] heldOut = [.. Lines(DotnetText.HeldOutName).Distinct()];
        Assert.True(TextFiles.IsThere(DotnetText.Name));
        Assert.True(training.Count > 50_000);
        Assert.True(heldOut.Length > 5_000);
        // Passages of several lines may share one; the titles of members are no passages.
        Assert.InRange(heldOut.Count(line => line.Length > 60 && training.Contains(line)) / (double)heldOut.Length, 0, 0.001);
    }

    [Fact]
    public void Find_WithoutReferencePacks_FindsNothing() => Assert.Empty(new DotnetSdk(folder.Path).Documentation());

    public void Dispose() => folder.Dispose();

    private static IEnumerable<string> Lines(string name) => TextFiles.Read([name]).SelectMany(document => document.Text.Split('\n'));

    private static string Names(bool isHeldOut) => Enumerable.Range(0, 1000).Select(i => $"A{i}.xml").First(name => DotnetText.IsHeldOut(name) == isHeldOut);

    private void Write(string pack, string name, params string[] summaries)
    {
        string place = Path.Combine("packs", pack, "ref", "net");
        Directory.CreateDirectory(folder.File(place));
        string members = string.Concat(summaries.Select((text, i) => $"<member name=\"P:N.C.P{i}\"><summary>{text}</summary></member>"));
        folder.Write(Path.Combine(place, name), $"<doc><members>{members}</members></doc>");
    }
}
