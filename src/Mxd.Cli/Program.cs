Console.WriteLine("mxd");
