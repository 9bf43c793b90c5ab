using System.CommandLine;
using System.CommandLine.Invocation;
using Mxd.Kernels;
using Mxd.Runtime;

namespace Mxd.Cli.CommandLine;

/// <summary>Runs a command line and turns whatever happens into the exit codes users script against.</summary>
internal static class Invocation
{
    private const int Failed = 1, Unusable = 2, Stopped = 130;

    public static int Run(RootCommand root, string[] args)
    {
        // No response files: a value may begin with @.
        ParseResult parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        IReadOnlyList<string> problems = parsed.Action is CommandLineAction { ClearsParseErrors: true } ? [] : ParseProblems.Of(parsed);
        foreach (string problem in problems) Console.Error.WriteLine("mxd: " + problem);
        return problems.Count > 0 ? Unusable : Guard(() =>
        {
            ComputeEnvironment.Check();
            return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        });
    }

    /// <summary>Runs the part of a command that has begun to write: what goes wrong from here on is a failure, not bad input.</summary>
    public static T Work<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (MxdInputException e)
        {
            throw new WorkFailedException(e.Message, e);
        }
    }

    private static int Guard(Func<int> command)
    {
        try
        {
            return command();
        }
        catch (MxdInputException e)
        {
            foreach (string line in e.Message.Split('\n')) Console.Error.WriteLine("mxd: " + line);
            return Unusable;
        }
        catch (OperationCanceledException)
        {
            return Stopped;
        }
        catch (Exception e)
        {
            Console.Error.WriteLine("mxd: " + Describe(e));
            return Failed;
        }
    }

    /// <summary>One line for a person; the whole exception where MXD_TRACE=1 asks for it.</summary>
    private static string Describe(Exception e)
    {
        if (Environment.GetEnvironmentVariable("MXD_TRACE") == "1") return e.ToString();
        // A native exception's message goes on with a stack trace.
        string message = e.Message.Split('\n')[0].Trim();
        return e is WorkFailedException or IOException or UnauthorizedAccessException
            ? message
            : $"{message} ({e.GetType().Name}; set MXD_TRACE=1 to see where)";
    }
}

/// <summary>Work that had begun could not be finished; the message is one line.</summary>
internal sealed class WorkFailedException(string message, Exception inner) : Exception(message, inner);
