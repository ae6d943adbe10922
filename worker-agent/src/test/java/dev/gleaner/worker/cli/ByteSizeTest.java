package dev.gleaner.worker.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class ByteSizeTest {
    @ParameterizedTest
    @CsvSource({
        "0,0",
        "512,512",
        "1500M,1572864000",
        "2G,2147483648",
        "2.5GiB,2684354560",
        " 3gb ,3221225472",
        "1T,1099511627776"
    })
    void sizesAreReadAsPeopleWriteThem(String text, long bytes) {
        assertEquals(bytes, new ByteSize().convert(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "M", "-1G", "1,5G", "many", "1P", "99999999999"})
    void whatIsNoSizeIsSaid(String text) {
        assertThrows(CommandLine.TypeConversionException.class, () -> new ByteSize().convert(text));
    }
}
