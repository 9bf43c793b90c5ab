using Mxd.Chat;

namespace Mxd.Exploration.Naming;

/// <summary>A unit that has no name.</summary>
/// <param name="Unit">The unit.</param>
/// <param name="Problem">Why, a line.</param>
/// <param name="IsFailure">Was it asked for, and not answered? A unit that is not active often enough is not asked about.</param>
public sealed record UnnamedUnit(int Unit, string Problem, bool IsFailure);

/// <summary>What asking a service took.</summary>
/// <param name="Service">Its name.</param>
/// <param name="Usage">Requests and tokens.</param>
/// <param name="Cost">What that costs, where its price is known.</param>
/// <param name="Failure">Why it was asked no more, before all was done; absent where not.</param>
public sealed record ServiceWork(string Service, ChatUsage Usage, double? Cost, string? Failure);

/// <summary>What came of naming units.</summary>
/// <param name="Names">Units with a name and its score, in the order they were asked about.</param>
/// <param name="Unnamed">Units without one.</param>
/// <param name="MeanScore">Mean balanced accuracy; ½ is that of names that say nothing.</param>
/// <param name="MeanControl">Mean of other units' names; absent where that was not asked.</param>
/// <param name="Services">What asking took.</param>
/// <param name="Stopped">Was it stopped before all was done? Absent where not.</param>
public sealed record NamingResult(
    IReadOnlyList<NamedUnit> Names, IReadOnlyList<UnnamedUnit> Unnamed, double MeanScore, double? MeanControl, IReadOnlyList<ServiceWork> Services, bool? Stopped);

/// <summary>What <c>mxd name</c> found.</summary>
/// <param name="Run">The run's folder.</param>
/// <param name="Type">Kind of layer.</param>
/// <param name="TrainedTokens">How far it was trained; absent for imported ones.</param>
/// <param name="Text">Files of the text.</param>
/// <inheritdoc cref="NamingResult(IReadOnlyList{NamedUnit}, IReadOnlyList{UnnamedUnit}, double, double?, IReadOnlyList{ServiceWork}, bool?)"/>
public sealed record NameReport(
    string Run, string Type, long? TrainedTokens, IReadOnlyList<string> Text,
    IReadOnlyList<NamedUnit> Names, IReadOnlyList<UnnamedUnit> Unnamed, double MeanScore, double? MeanControl, IReadOnlyList<ServiceWork> Services, bool? Stopped);
