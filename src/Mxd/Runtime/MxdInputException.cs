namespace Mxd.Runtime;

/// <summary>
/// What a person asked for or handed in cannot be used. The message is one line: the value, the rule it breaks, and what to do.
/// The command line prints it and exits with 2 when it is raised before work starts.
/// </summary>
public class MxdInputException : Exception
{
    public MxdInputException(string message) : base(message)
    {
    }

    public MxdInputException(string message, Exception inner) : base(message, inner)
    {
    }
}
