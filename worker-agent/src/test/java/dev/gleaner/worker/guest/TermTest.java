package dev.gleaner.worker.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TermTest {
    private final AtomicLong now = new AtomicLong(-5_000);

    private void pass(Duration time) {
        now.addAndGet(time.toNanos());
    }

    @Test
    void noJobIsBegunThatWouldNotBeDoneByTheEnd() {
        Term term = new Term(Duration.ofHours(12), now::get);
        assertFalse(term.isTooShortForAJob(), "nothing is known of jobs yet");
        term.took(Duration.ofMinutes(40).toNanos());
        term.took(Duration.ofMinutes(10).toNanos());
        pass(Duration.ofMinutes(12 * 60 - 51));
        assertFalse(term.isTooShortForAJob(), "51 minutes left, and the longest took 40 and a quarter more");
        pass(Duration.ofMinutes(1));
        assertTrue(term.isTooShortForAJob());
        assertFalse(term.isOver(), "what is begun may go on");
        pass(Duration.ofMinutes(50));
        assertTrue(term.isOver());
    }

    @Test
    void whoWorksForEverHasTimeForEveryJob() {
        Term term = new Term(null, now::get);
        term.took(Long.MAX_VALUE / 4);
        pass(Duration.ofDays(10_000));
        assertFalse(term.isTooShortForAJob());
        assertFalse(term.isOver());
    }

    @Test
    void aTermThatIsOverBeforeItBeginsHasNoTime() {
        Term term = new Term(Duration.ofSeconds(-3), now::get);
        assertTrue(term.isTooShortForAJob());
        assertTrue(term.isOver());
    }

    @ParameterizedTest
    @CsvSource({"11h30m,41400", "45m,2700", "90s,90", "1h1s,3601", " 2h ,7200"})
    void lengthsAreRead(String text, long seconds) {
        assertEquals(seconds, Term.length(text).toSeconds());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "12", "h", "0m", "1d", "-1h", "1m1h", "99999h", "soon"})
    void whatIsNoLengthIsSaid(String text) {
        assertThrows(IllegalArgumentException.class, () -> Term.length(text));
    }
}
