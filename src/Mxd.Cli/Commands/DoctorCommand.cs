using System.CommandLine;
using Mxd.Cli.CommandLine;
using Mxd.Runtime;

namespace Mxd.Cli.Commands;

/// <summary><c>mxd doctor</c>: what was found on this machine, and whether libtorch works on it.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var command = new DocumentedCommand("doctor", "Say what this machine has and whether mxd works on it.", "mxd doctor", "mxd doctor --json");
        var json = new Option<bool>("--json") { Description = "Print the findings as one JSON document.", Arity = ArgumentArity.Zero };
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            var findings = new Findings(Machine.Describe(), LibTorch.Report);
            if (parsed.GetValue(json)) Output.Json(findings);
            else Show(findings);
            return findings.Libtorch.Error is null ? 0 : 1;
        });
        return command;
    }

    private static void Show(Findings findings)
    {
        (Machine machine, LibTorchReport torch) = (findings.Machine, findings.Libtorch);
        Output.Facts(
        [
            ("system", $"{machine.OperatingSystem}, {machine.Architecture}, {machine.DotNetVersion}"),
            ("processor", $"{machine.Processor.Model}, {machine.Processor.LogicalCores} cores: {string.Join(", ", machine.Processor.Features)}"),
            ("memory", $"{ByteSize.Format(machine.Memory.Total)}, {ByteSize.Format(machine.Memory.Available)} free"),
            ("libstdc++", Standard(torch)),
            ("libtorch", torch.LibTorchVersion is { } version ? $"{version} at {torch.LibTorchPath}" : "not loaded"),
            ("bindings", torch.BindingsPath ?? "not found"),
            ("threads", $"{machine.TorchThreads}"),
            ("devices", string.Join(", ", machine.TorchDevices)),
            ("verdict", torch.Error ?? "all is well"),
        ]);
    }

    private static string Standard(LibTorchReport torch) => torch switch
    {
        { PatchedCopyPath: { } copy } => $"{torch.StandardLibraryPath}, without GLIBCXX_3.4.32: an adapted copy of the bindings is used, {copy}",
        { StandardLibraryPath: { } path } => $"{path}{(torch.HasGlibcxx3432 == true ? ", with GLIBCXX_3.4.32" : "")}",
        _ => "not needed here",
    };

    private sealed record Findings(Machine Machine, LibTorchReport Libtorch);
}
