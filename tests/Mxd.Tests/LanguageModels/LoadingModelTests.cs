using Mxd.LanguageModels;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.LanguageModels;

public class LoadingModelTests
{
    [Fact]
    public void Take_GivesTheModel_ReadOnAnotherThread_Once()
    {
        int thread = 0;
        using var loading = new LoadingModel(_ =>
        {
            thread = Environment.CurrentManagedThreadId;
            return TinyLlama.Create();
        });
        using LanguageModel model = loading.Take();
        Assert.NotEqual(Environment.CurrentManagedThreadId, thread);
        Assert.Equal("tiny", model.Identity.Id);
        Assert.Throws<ObjectDisposedException>(() => { loading.Take(); });
        loading.Dispose();
        using DisposeScope scope = NewDisposeScope();
        Assert.Equal(12, model.Embed(TinyLlama.Tokens(1, 2, seed: 1)).shape[^1]);
    }

    [Fact]
    public void Take_ThrowsWhatWentWrong()
    {
        using var loading = new LoadingModel(_ => throw new InvalidDataException("on purpose"));
        Assert.Equal("on purpose", Assert.Throws<InvalidDataException>(() => { loading.Take(); }).Message);
    }

    [Fact]
    public void Dispose_EndsTheLoading_AndForgetsWhatWentWrong()
    {
        using var begun = new ManualResetEventSlim();
        bool ended = false;
        var loading = new LoadingModel(progress =>
        {
            begun.Set();
            try
            {
                while (true)
                {
                    progress.Report(0.5);
                    Thread.Sleep(1);
                }
            }
            finally
            {
                ended = true;
            }
        });
        begun.Wait();
        loading.Dispose();
        Assert.True(ended);
        new LoadingModel(_ => throw new InvalidDataException("on purpose")).Dispose();
    }

    [Fact]
    public void Dispose_LeavesNothingOfAModelThatNobodyTook() => Assert.Equal(0, LiveTensors.LeftBy(() =>
    {
        using var loading = new LoadingModel(_ => TinyLlama.Create());
        return loading;
    }));
}
