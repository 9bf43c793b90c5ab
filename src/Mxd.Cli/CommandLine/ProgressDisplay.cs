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
        // Nothing can be drawn in place on such a terminal: TERM=dumb.
        if (!console.Profile.Capabilities.Ansi) return work(new ProgressLines(Console.Error));
        var pace = new PaceColumn();
        var table = new LiveTable();
        return console.Progress()
            .AutoClear(true)
            .UseRenderHook((bars, _) => table.IsEmpty ? bars : new Rows(table.Render(), bars))
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn { Width = 24 }, pace)
            .Start(context => work(new ProgressBars(console, context, pace, table)));
    }

    /// <summary>
    /// One bar, of the stretch of work at hand, and above it a row for each layer in training; when the work is done both vanish and the notes stay.
    /// </summary>
    private sealed class ProgressBars(IAnsiConsole console, ProgressContext context, PaceColumn column, LiveTable table) : IRunObserver
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

        public bool ShowsMeasurements => true;

        public void Measured(string run, MetricsLine line) => table.Add(run, line);

        public void Failed(string run, string reason) => table.Remove(run);

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
