using Mxd.Corpora;
using Mxd.Runtime;

namespace Mxd.Tests.Corpora;

public sealed class GlobPatternTests
{
    [Theory]
    [InlineData("*.txt", "a.txt", true)]
    [InlineData("*.txt", "b/a.txt", false)]
    [InlineData("*.txt", "a.txt.gz", false)]
    [InlineData("?.txt", "a.txt", true)]
    [InlineData("?.txt", "ab.txt", false)]
    [InlineData("b?a.txt", "b/a.txt", false)]
    [InlineData("**", "a.txt", true)]
    [InlineData("**", "b/c/a.txt", true)]
    [InlineData("b/**", "b/c/a.txt", true)]
    [InlineData("b/**", "c/b/a.txt", false)]
    [InlineData("b/*/", "b/c/d/a.txt", true)]
    [InlineData("**/a.txt", "a.txt", true)]
    [InlineData("**/a.txt", "b/c/a.txt", true)]
    [InlineData("**/a.txt", "ba.txt", false)]
    [InlineData("b/**/a.txt", "b/a.txt", true)]
    [InlineData("b/**/c/*", "b/d/c/a.txt", true)]
    [InlineData("a**x.txt", "a/x.txt", false)]
    [InlineData("./b//*.txt", "b/a.txt", true)]
    [InlineData("A.txt", "a.txt", false)]
    [InlineData("[ab].{txt}+", "[ab].{txt}+", true)]
    [InlineData("[ab].txt", "a.txt", false)]
    public void Matches(string pattern, string path, bool isMatch) => Assert.Equal(isMatch, new GlobPattern(pattern).IsMatch(path));

    [Fact]
    public void ManyWildcards_TakeNoTime() => Assert.False(new GlobPattern(string.Concat(Enumerable.Repeat("*a", 50)) + "b").IsMatch(new string('a', 10_000)));

    [Fact]
    public void DoubleDots_AreRefused() => Assert.Throws<MxdInputException>(() => new GlobPattern("*/../x"));
}
