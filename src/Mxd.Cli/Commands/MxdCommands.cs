using System.CommandLine;
using Mxd.Cli.CommandLine;

namespace Mxd.Cli.Commands;

/// <summary>The program: all commands, in the order that help lists them.</summary>
internal static class MxdCommands
{
    public static RootCommand Create()
    {
        var root = new RootCommand("Take a language model's MLP apart: train sparse, faithful replacements of it and measure what they cost the model.")
        {
            DemoCommand.Create(),
            TrainCommand.Create(),
            HarvestCommand.Create(),
            SweepCommand.Create(),
            EvalCommand.Create(),
            CompareCommand.Create(),
            ReportCommand.Create(),
            InspectCommand.Create(),
            ProbeCommand.Create(),
            SteerCommand.Create(),
            JudgeCommand.Create(),
            NameCommand.Create(),
            ImportCommand.Create(),
            ExportCommand.Create(),
            GenerateCommand.Create(),
            ScoreCommand.Create(),
            TokensCommand.Create(),
            ModelsCommand.Create(),
            HubCommand.Create(),
            BenchCommand.Create(),
            DoctorCommand.Create(),
        };
        HelpWithExamples.Install(
            root,
            "mxd demo",
            "mxd train --model model.gguf --layer 15 --text train.jsonl --out runs/mxd",
            "mxd eval --run runs/mxd",
            "mxd train --help");
        return root;
    }
}
