"""Single-precision matrix products with NumPy's BLAS on one thread: prints GFLOP/s, the best of some."""
import os

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
import time

import numpy

N = 2048
a = numpy.random.rand(N, N).astype(numpy.float32)
b = numpy.random.rand(N, N).astype(numpy.float32)
best = float("inf")
for _ in range(8):
    started = time.process_time()
    a @ b
    best = min(best, time.process_time() - started)
print(2 * N**3 / best / 1e9)
