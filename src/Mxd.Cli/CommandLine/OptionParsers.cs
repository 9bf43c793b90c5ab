using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Mxd.Runtime;

namespace Mxd.Cli.CommandLine;

/// <summary>Options of the types that records use. Values are read as text, so that the error for a wrong one says value, rule and option.</summary>
internal static class OptionParsers
{
    public static Option Create(OptionAttribute attribute, Type type, object? standard)
    {
        Type plain = Nullable.GetUnderlyingType(type) ?? type;
        if (attribute.IsList) return CreateList(attribute, type.GetGenericArguments()[0], standard);
        Option option = type == typeof(bool) ? new Option<bool>(attribute.Name) { Arity = ArgumentArity.Zero }
            : type == typeof(IReadOnlyList<string>) ? new Option<string[]>(attribute.Name) { AllowMultipleArgumentsPerToken = true }
            : new Option<string>(attribute.Name);
        option.HelpName = attribute.ValueName ?? (attribute.IsPath ? "path" : plain == typeof(string) || type == typeof(IReadOnlyList<string>) ? "name" : type == typeof(bool) ? null : "number");
        option.Description = attribute.Description + Shown(standard);
        option.Validators.Add(result => Validate(result, attribute, plain));
        return option;
    }

    public static object? Value(OptionResult result, Type type, bool isList = false)
    {
        if (type == typeof(bool)) return result.GetValueOrDefault<bool>();
        string[] texts = [.. result.Tokens.Select(t => t.Value)];
        if (type == typeof(IReadOnlyList<string>)) return isList ? Values(texts) : texts;
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>)) return List(texts, type.GetGenericArguments()[0]);
        return Read(texts[^1], Nullable.GetUnderlyingType(type) ?? type);
    }

    /// <summary>Several values, with commas between, or one after another.</summary>
    private static Option<string[]> CreateList(OptionAttribute attribute, Type element, object? standard)
    {
        var option = new Option<string[]>(attribute.Name) { AllowMultipleArgumentsPerToken = true, HelpName = attribute.ValueName };
        string[] shown = [.. ((System.Collections.IEnumerable)standard!).Cast<object>().Select(value => Convert.ToString(value, CultureInfo.InvariantCulture)!)];
        option.Description = attribute.Description + (shown.Length == 0 ? "" : $" [default: {string.Join(',', shown)}]");
        option.Validators.Add(result =>
        {
            foreach (string value in Values([.. result.Tokens.Select(t => t.Value)]))
                if (value.Length == 0 || Read(value, element) is null)
                    result.AddError($"{attribute.Name} is '{string.Join(' ', result.Tokens.Select(t => t.Value))}', in which '{value}' is no {(element == typeof(string) ? "name" : "number")}: give {Each(element)} with commas between.");
        });
        return option;
    }

    private static string Each(Type element) => element == typeof(string) ? "names" : element == typeof(double) ? "numbers" : "whole numbers";

    private static string[] Values(string[] texts) => [.. texts.SelectMany(text => text.Split(',', StringSplitOptions.TrimEntries))];

    private static Array List(string[] texts, Type element)
    {
        string[] values = Values(texts);
        var list = Array.CreateInstance(element, values.Length);
        for (int i = 0; i < values.Length; i++) list.SetValue(Read(values[i], element), i);
        return list;
    }

    private static void Validate(OptionResult result, OptionAttribute attribute, Type type)
    {
        foreach (string value in result.Tokens.Select(t => t.Value))
        {
            if (attribute.IsPath && string.IsNullOrWhiteSpace(value)) result.AddError($"{attribute.Name} is '{value}'; a path is expected.");
            if (type.IsPrimitive && type != typeof(bool) && Read(value, type) is null) result.AddError($"{attribute.Name} is '{value}'; {Expected(type)} is expected.");
        }
    }

    private static string Expected(Type type) =>
        type == typeof(double) ? "a number" : type == typeof(int) ? $"a whole number of at most {int.MaxValue}" : "a whole number";

    private static string Shown(object? standard) => standard switch
    {
        null or false or -1 or -1L or "" or IReadOnlyList<string> => "",
        IFormattable number => $" [default: {number.ToString(null, CultureInfo.InvariantCulture)}]",
        _ => $" [default: {standard}]",
    };

    private static object? Read(string text, Type type)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        if (type == typeof(string)) return text;
        if (type == typeof(int)) return int.TryParse(text, NumberStyles.AllowLeadingSign, culture, out int i) ? i : null;
        if (type == typeof(long)) return long.TryParse(text, NumberStyles.AllowLeadingSign, culture, out long l) ? l : null;
        if (type == typeof(double)) return double.TryParse(text, NumberStyles.Float, culture, out double d) ? d : null;
        throw new NotSupportedException($"Options of type {type.Name} are not supported.");
    }
}
