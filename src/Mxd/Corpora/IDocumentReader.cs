namespace Mxd.Corpora;

/// <summary>Reads the documents of one kind of file.</summary>
internal interface IDocumentReader
{
    /// <summary>The documents of a file that exists and is not empty, in its order, read as they are asked for.</summary>
    /// <param name="path">The file, compressed or not.</param>
    /// <param name="fields">Where text and label are, in files with fields.</param>
    /// <param name="bad">Is told of rows that are wrong, which are passed over; null where the first ends the reading.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <exception cref="Mxd.Runtime.MxdInputException">The file's content is not what its extension says.</exception>
    IEnumerable<Document> Read(string path, DocumentFields fields, BadRows? bad, CancellationToken cancellation);

    /// <summary>Finds early, by reading little of it, what would make <see cref="Read"/> fail.</summary>
    void Check(string path, DocumentFields fields, BadRows? bad, CancellationToken cancellation);
}
