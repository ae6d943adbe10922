package dev.gleaner.worker.language;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TextLanguageTest {
    @ParameterizedTest
    @CsvSource({
        "en, A red circle on a white background",
        "en, Woman holding a cup of coffee by the window",
        "de, Die schönsten Wanderwege in den Alpen",
        "fr, Une femme tenant une tasse de café",
        "es, Nuestra nueva oficina en el centro",
        "it, Le spiagge più belle della Sardegna",
        "pt, Mulher segurando uma xícara de café",
        "nl, Vrouw met een kopje koffie bij het raam",
        "pl, Kobieta trzymająca filiżankę kawy",
        "ru, Лучшие пляжи побережья",
        "uk, Жінка з чашкою кави біля вікна",
        "ja, 窓辺でコーヒーを飲む女性",
        "zh, 窗边拿着一杯咖啡的女人",
        "ko, 창가에서 커피를 마시는 여자",
        "ar, امرأة تحمل فنجان قهوة بجانب النافذة",
        "he, אישה מחזיקה כוס קפה ליד החלון",
        "el, Γυναίκα με ένα φλιτζάνι καφέ",
        "vi, Những bãi biển đẹp nhất Việt Nam",
    })
    void captionsOfAFewWordsAreTold(String language, String text) {
        assertEquals(language, TextLanguage.of(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "1280x720", "DSC00123", "IMG_2034.jpg", "88-1402", "🖼🖼", "\ud800"})
    void whatSaysNothingHasNoLanguage(String text) {
        assertEquals("und", TextLanguage.of(text));
    }

    @Test
    void longTextsAndManyThreadsChangeNothing() {
        String text = "The old market square in winter, seen from the tower of the church. ".repeat(3_000);
        List<String> found = Stream.generate(() -> text)
                .limit(200)
                .parallel()
                .map(TextLanguage::of)
                .distinct()
                .toList();
        assertEquals(List.of("en"), found);
    }
}
