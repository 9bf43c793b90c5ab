using Mxd.Cli.CommandLine;
using Mxd.Cli.Commands;

return Invocation.Run(MxdCommands.Create(), args);
