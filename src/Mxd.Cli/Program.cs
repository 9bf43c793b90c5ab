using System.CommandLine;
using Mxd.Cli.CommandLine;
using Mxd.Cli.Commands;

var root = new RootCommand("Take a language model's MLP apart: train sparse, faithful replacements of it and measure what they cost the model.")
{
    TrainCommand.Create(),
    EvalCommand.Create(),
    CompareCommand.Create(),
    ReportCommand.Create(),
    InspectCommand.Create(),
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
    "mxd doctor",
    "mxd train --model model.gguf --layer 15 --text train.jsonl --out runs/mxd",
    "mxd eval --run runs/mxd",
    "mxd train --help");
return Invocation.Run(root, args);
