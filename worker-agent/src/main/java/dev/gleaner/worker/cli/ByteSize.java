package dev.gleaner.worker.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;

/** Bytes as people write them: {@code 1500M}, {@code 2G}, {@code 2.5GiB}; powers of 1024. */
final class ByteSize implements CommandLine.ITypeConverter<Long> {
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,9}(?:\\.[0-9]{1,3})?)([KMGT]?)(?:I?B)?");

    @Override
    public Long convert(String text) {
        Matcher matcher = SIZE.matcher(text.strip().toUpperCase(Locale.ROOT));
        if (!matcher.matches()) {
            throw new CommandLine.TypeConversionException("'" + text + "' is not a size such as 1500M or 2G");
        }
        int power = "KMGT".indexOf(matcher.group(2)) + 1;
        if (matcher.group(2).isEmpty()) {
            power = 0;
        }
        return (long) (Double.parseDouble(matcher.group(1)) * Math.pow(1024, power));
    }
}
