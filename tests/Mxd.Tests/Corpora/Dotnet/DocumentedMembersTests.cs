using System.Xml;
using Mxd.Corpora.Dotnet;

namespace Mxd.Tests.Corpora.Dotnet;

public sealed class DocumentedMembersTests : IDisposable
{
    private readonly CorpusFolder folder = new();

    [Fact]
    public void Read_NamesMembersAsReadersKnowThem_AndGivesALineToEachThingSaid()
    {
        DocumentedMember[] members = Read("""
            <member name="T:System.Collections.Generic.List`1">
              <summary>Represents a strongly typed list of <see cref="T:System.Object" />s.
                It grows.</summary>
              <typeparam name="T">The type of elements.</typeparam>
            </member>
            <member name="M:System.Collections.Generic.List`1.#ctor(System.Int32)">
              <summary>Makes one of <paramref name="capacity" />.</summary>
              <param name="capacity">How many.</param>
              <exception cref="T:System.ArgumentException"><paramref name="capacity" /> is <see langword="null" />.</exception>
            </member>
            <member name="M:System.Collections.Generic.List`1.Insert(System.Int32,`0)">
              <summary><para>First.</para><para>See <see cref="M:System.Collections.Generic.List`1.Add(`0)" />.</para></summary>
              <param name="index">Where.</param>
              <param name="item">What.</param>
              <returns>Nothing.</returns>
            </member>
            <member name="P:System.Collections.Generic.List`1.Count"><summary>The <c>number</c> of elements.</summary></member>
            """);
        const string list = "System.Collections.Generic.List";
        Assert.All(members, member => Assert.Equal(list, member.Type));
        Assert.Equal([list, "List.new(capacity)", "List.Insert(index, item)", "List.Count"], members.Select(member => member.Title));
        Assert.Equal(["Represents a strongly typed list of Objects. It grows.", "T: The type of elements."], members[0].Passages);
        Assert.Equal(["Makes one of capacity.", "capacity: How many.", "Throws ArgumentException: capacity is null."], members[1].Passages);
        Assert.Equal(["First.", "See List.Add.", "index: Where.", "item: What.", "Returns: Nothing."], members[2].Passages);
        Assert.Equal(["The number of elements."], members[3].Passages);
    }

    [Fact]
    public void Read_RefusesDocumentTypes_WhichCouldNameOtherFiles() =>
        Assert.Throws<XmlException>(() => DocumentedMembers.Read(folder.Write("a.xml", "<!DOCTYPE doc SYSTEM \"/etc/passwd\"><doc/>")).Count());

    public void Dispose() => folder.Dispose();

    private DocumentedMember[] Read(string members) =>
        [.. DocumentedMembers.Read(folder.Write("a.xml", $"<?xml version=\"1.0\"?><doc><assembly><name>a</name></assembly><members>{members}</members></doc>"))];
}
