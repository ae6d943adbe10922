package dev.gleaner.worker.cli;

import dev.gleaner.protocol.campaign.Slice;
import picocli.CommandLine;

/** Reads {@code i/n} from the command line. */
final class SliceConverter implements CommandLine.ITypeConverter<Slice> {
    @Override
    public Slice convert(String text) {
        try {
            return Slice.parse(text);
        } catch (IllegalArgumentException e) {
            throw new CommandLine.TypeConversionException(e.getMessage());
        }
    }
}
