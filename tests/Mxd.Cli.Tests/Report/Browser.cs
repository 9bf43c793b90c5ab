using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Mxd.Cli.Tests.Report;

/// <summary>Opens a page in Chromium without a window; tests that need it skip where it is not installed.</summary>
internal static partial class Browser
{
    private static readonly string[] names = ["chromium", "chromium-browser", "google-chrome", "chrome"];

    /// <summary>What a page did in a frame of some width.</summary>
    /// <param name="Width">Of the frame.</param>
    /// <param name="ScrollWidth">Of what is in it; more than the frame's where the page scrolls sideways.</param>
    /// <param name="WideTables">Tables that scroll within their box.</param>
    /// <param name="Sections">Sections that it laid out.</param>
    /// <param name="Console">What the browser wrote to its console.</param>
    public sealed record View(int Width, int ScrollWidth, int WideTables, int Sections, string[] Console);

    public static string FindOrSkip()
    {
        string? found = Environment.GetEnvironmentVariable("MXD_CHROMIUM") is { Length: > 0 } named ? named
            : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).SelectMany(folder => names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
        Assert.SkipUnless(found is not null, "Chromium is not installed; name it by MXD_CHROMIUM.");
        return found!;
    }

    /// <summary>
    /// Shows the page as it is in a frame, whose console is read, and once more with a few lines of script that report its size: its own policy
    /// forbids any. A frame, because a window has a least width of 500.
    /// </summary>
    public static View Open(string browser, string folder, string page, int width)
    {
        string html = File.ReadAllText(page);
        string measured = Path.Combine(folder, "measured.html"), frames = Path.Combine(folder, "frames.html");
        string script = "<script>onload=()=>parent.postMessage([document.documentElement.clientWidth,document.documentElement.scrollWidth,[...document.querySelectorAll('.box')].filter(b=>b.scrollWidth>b.clientWidth).length,document.querySelectorAll('section').length],'*')</script>";
        File.WriteAllText(measured, Policy().Replace(html, "", 1).Replace("</body>", script + "</body>", StringComparison.Ordinal));
        File.WriteAllText(frames, $"<!doctype html><title>frames</title><body><script>onmessage=e=>document.body.dataset.size=e.data.join()</script>"
            + $"<iframe src=\"{Path.GetFileName(page)}\" style=\"width:{width}px;height:800px;border:0\"></iframe><iframe src=\"measured.html\" style=\"width:{width}px;height:800px;border:0\"></iframe>");
        string own = Path.Combine(folder, Path.GetFileName(page));
        if (own != page) File.Copy(page, own, overwrite: true);
        (string output, string error) = Run(browser, folder, frames);
        Match size = Size().Match(output);
        Assert.True(size.Success, $"The browser reported no size. {output[..Math.Min(500, output.Length)]} {error}");
        return new View(int.Parse(size.Groups[1].Value), int.Parse(size.Groups[2].Value), int.Parse(size.Groups[3].Value), int.Parse(size.Groups[4].Value), [.. error.Split('\n').Where(line => line.Contains("CONSOLE", StringComparison.Ordinal))]);
    }

    private static (string Output, string Error) Run(string browser, string folder, string page)
    {
        var start = new ProcessStartInfo(
            browser,
            ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions", $"--user-data-dir={Path.Combine(folder, "browser")}", "--enable-logging=stderr", "--virtual-time-budget=5000", "--dump-dom", new Uri(page).AbsoluteUri])
        { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        return (output.Result, error.Result);
    }

    [GeneratedRegex("<meta http-equiv=\"Content-Security-Policy\"[^>]*>")]
    private static partial Regex Policy();

    [GeneratedRegex("data-size=\"(\\d+),(\\d+),(\\d+),(\\d+)\"")]
    private static partial Regex Size();
}
