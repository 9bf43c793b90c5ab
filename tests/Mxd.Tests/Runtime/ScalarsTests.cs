using System.Reflection;
using Mxd.Runtime;
using TorchSharp;

namespace Mxd.Tests.Runtime;

/// <summary>Why numbers must not be converted on the way is said at <see cref="Scalars"/>.</summary>
public sealed class ScalarsTests
{
    private const BindingFlags Declared = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
    private const byte Call = 0x28, CallVirtual = 0x6F;

    private static readonly HashSet<MethodBase> converting = ConvertingOperations();

    [Fact]
    public void TorchSharp_ConvertsNumbersWhereWeThinkItDoes()
    {
        // Without these the next test would pass whatever is written.
        string[] names = [.. converting.Select(m => m.Name).Distinct()];
        Assert.Superset(new HashSet<string> { "add", "add_", "square", "op_Addition", "op_Multiply", "arange" }, names.ToHashSet());
        Assert.DoesNotContain("matmul", names);
    }

    [Fact]
    public void Library_LetsNoNumberBeConvertedOnTheWay()
    {
        string[] found =
        [
            .. from type in typeof(Scalars).Assembly.GetTypes()
               where type != typeof(Scalars)
               from method in type.GetMethods(Declared).Cast<MethodBase>().Concat(type.GetConstructors(Declared))
               from called in Called(method)
               where IsConversion(called) || converting.Contains(called)
               select $"{type.FullName}.{method.Name} calls {called.DeclaringType!.Name}.{called.Name}: pass Scalars.Number(x), a + b as a.add(b, One)",
        ];
        Assert.Empty(found);
    }

    [Fact]
    public void Number_KeepsItsKind()
    {
        Assert.Equal(torch.ScalarType.Float64, Scalars.Number(0.5).Type);
        Assert.Equal(torch.ScalarType.Int64, Scalars.Number(3L).Type);
        Assert.Equal(torch.ScalarType.Int64, Scalars.Number(3).Type);
        Assert.Equal(torch.ScalarType.Bool, Scalars.Number(true).Type);
    }

    [Fact]
    public void Number_IsAliveForAsManyMoreAsAnOperationTakes()
    {
        WeakReference first = Make(0.25);
        for (int i = 0; i < 8; i++) Make(i);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.True(first.IsAlive);

        // And not for ever.
        for (int i = 0; i < 1000; i++) Make(i);
        GC.Collect();
        Assert.False(first.IsAlive);

        static WeakReference Make(double value) => new(Scalars.Number(value));
    }

    private static bool IsConversion(MethodBase method) =>
        (method.DeclaringType == typeof(Scalar) && method.Name == "op_Implicit") || (method.DeclaringType == typeof(ScalarExtensionMethods) && method.Name == "ToScalar");

    /// <summary>Operations of TorchSharp that turn a number, their own or the caller's, into a scalar.</summary>
    private static HashSet<MethodBase> ConvertingOperations()
    {
        MethodInfo[] all = [.. typeof(torch.Tensor).GetMethods(Declared), .. typeof(torch).GetMethods(Declared)];
        HashSet<MethodBase> found = [];
        int before;
        do
        {
            before = found.Count;
            found.UnionWith(all.Where(method => Called(method).Any(called => IsConversion(called) || found.Contains(called))));
        }
        while (found.Count > before);
        return found;
    }

    /// <summary>What a method calls, read from its code; the few bytes that only look like a call name nothing, or something that is not looked for.</summary>
    private static IEnumerable<MethodBase> Called(MethodBase method)
    {
        byte[] code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (int i = 0; i + 4 < code.Length; i++)
            if (code[i] is Call or CallVirtual && Resolve(method, BitConverter.ToInt32(code, i + 1)) is { } called) yield return called;
    }

    private static MethodBase? Resolve(MethodBase within, int token)
    {
        try
        {
            return within.Module.ResolveMethod(token, within.DeclaringType?.GetGenericArguments(), within.IsGenericMethod ? within.GetGenericArguments() : null);
        }
        catch (Exception e) when (e is ArgumentException or BadImageFormatException or TypeLoadException or FileNotFoundException)
        {
            return null;
        }
    }
}
