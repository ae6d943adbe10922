package dev.gleaner.worker.image;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Resizing a decoded picture to 224 pixels, by vector instructions and without. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class ResizeJmh {
    @Param({"300", "1000"})
    public int side;

    private Picture picture;
    private final RowMath scalar = new ScalarRowMath();
    private final RowMath fastest = RowMath.fastest();

    private record Noise(int side, byte[] pixels) implements Picture {
        @Override
        public int width() {
            return side;
        }

        @Override
        public int height() {
            return side;
        }

        @Override
        public boolean blueFirst() {
            return false;
        }

        @Override
        public void row(int y, byte[] into) {
            System.arraycopy(pixels, y * side * 3, into, 0, side * 3);
        }
    }

    @Setup
    public void draw() {
        byte[] pixels = new byte[side * side * 3];
        new Random(1).nextBytes(pixels);
        picture = new Noise(side, pixels);
    }

    @Benchmark
    public byte[] scalar() {
        return Resizer.shorterSideThenCentre(picture, Preprocessor.SIZE, scalar);
    }

    @Benchmark
    public byte[] fastest() {
        return Resizer.shorterSideThenCentre(picture, Preprocessor.SIZE, fastest);
    }
}
