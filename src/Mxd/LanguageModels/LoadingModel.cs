namespace Mxd.LanguageModels;

/// <summary>
/// A language model whose weights are being read on a thread of their own, while a run reads its text: the first is one thread's work and the
/// second waits for no weights.
/// </summary>
public sealed class LoadingModel : IDisposable
{
    private readonly CancellationTokenSource unwanted = new();
    private readonly Task<LanguageModel> loading;
    private bool taken;

    /// <param name="load">Loads the model; the progress it is given ends it, by an exception, when nobody wants the model any more.</param>
    public LoadingModel(Func<IProgress<double>, LanguageModel> load) => loading = Task.Factory.StartNew(
        () => load(new Ended(unwanted.Token)), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Waits for the model, which is the caller's from then on. What went wrong is thrown here.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled; <see cref="Dispose"/> ends the loading.</exception>
    public LanguageModel Take(CancellationToken cancellation = default)
    {
        ObjectDisposedException.ThrowIf(taken, this);
        Task.WaitAny([loading], cancellation);
        taken = true;
        return loading.GetAwaiter().GetResult();
    }

    /// <summary>Ends the loading, after the layer that is being read; a model that nobody took is gone then.</summary>
    public void Dispose()
    {
        if (!taken)
        {
            taken = true;
            unwanted.Cancel();
            // Whatever else went wrong concerns nobody any more.
            ((IAsyncResult)loading).AsyncWaitHandle.WaitOne();
            if (loading.IsCompletedSuccessfully) loading.Result.Dispose();
            else _ = loading.Exception;
        }
        unwanted.Dispose();
    }

    private sealed class Ended(CancellationToken unwanted) : IProgress<double>
    {
        public void Report(double value) => unwanted.ThrowIfCancellationRequested();
    }
}
