using Mxd.Training;
using Spectre.Console;

namespace Mxd.Cli.CommandLine;

/// <summary>Shows long work on stderr: a bar with rate and time left on a terminal, short lines now and then elsewhere.</summary>
internal static class ProgressDisplay
{
    public static T Show<T>(Func<IRunObserver, T> work)
    {
        if (Console.IsErrorRedirected) return work(new ProgressLines(Console.Error));
        IAnsiConsole console = Terminal.Create(Console.Error, isRedirected: false);
        var pace = new PaceColumn();
        return console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn { Width = 24 }, pace)
            .Start(context => work(new ProgressBars(console, context, pace)));
    }

    /// <summary>One bar, of the stretch of work at hand; when the work is done it vanishes and the notes stay.</summary>
    private sealed class ProgressBars(IAnsiConsole console, ProgressContext context, PaceColumn column) : IRunObserver
    {
        /// <summary>Where a long note goes on: below what follows its label.</summary>
        private const int Label = 8;

        private ProgressTask? task;

        public void Begin(string phase, long total, string unit)
        {
            if (task is not null) context.RemoveTask(task);
            task = context.AddTask(Markup.Escape(phase), maxValue: Math.Max(1, total));
            task.IsIndeterminate = total <= 0;
            column.Pace = new Pace(total, unit);
        }

        public void Advance(long done)
        {
            if (task is null) return;
            column.Pace.At(done);
            if (!task.IsIndeterminate) task.Value = done;
        }

        public void Note(string line)
        {
            string start = line[..Math.Min(Label, line.Length)];
            foreach (string part in WordWrap.Lines(start, line[start.Length..], console.Profile.Width)) console.WriteLine(part);
        }
    }
}
