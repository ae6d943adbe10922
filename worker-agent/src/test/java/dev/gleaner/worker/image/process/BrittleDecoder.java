package dev.gleaner.worker.image.process;

import dev.gleaner.worker.image.DirectPreprocessor;
import dev.gleaner.worker.image.ImageHeader;
import dev.gleaner.worker.image.ImageRefusedException;
import dev.gleaner.worker.image.Preprocessor;
import java.io.IOException;

/** A decoding process that dies, hangs or babbles over pictures whose last byte says so. */
final class BrittleDecoder {
    static final byte CRASH = 'C';
    static final byte HANG = 'H';
    static final byte BABBLE = 'B';

    private BrittleDecoder() {}

    public static void main(String[] args) throws IOException {
        Preprocessor real = DirectPreprocessor.pureJava();
        DecoderMain.serve(
                System.in,
                System.out,
                new Preprocessor() {
                    @Override
                    public byte[] prepare(byte[] file, ImageHeader header)
                            throws ImageRefusedException, InterruptedException {
                        switch (file[file.length - 1]) {
                            case CRASH -> Runtime.getRuntime().halt(139);
                            case HANG -> Thread.sleep(600_000);
                            case BABBLE -> {
                                System.out.print("libjpeg: a warning where it does not belong, and long enough");
                                System.out.flush();
                            }
                            default -> {}
                        }
                        return real.prepare(file, header);
                    }

                    @Override
                    public String about() {
                        return "brittle";
                    }
                },
                Integer.parseInt(args[0]));
    }
}
