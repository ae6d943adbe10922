package dev.gleaner.tracker.service;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.gleaner.protocol.ProblemCode;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** JSON of the wire: strict about what must be there, lenient about what is new, bounded in depth and length. */
public final class Json {
    private static final ObjectMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(32)
                            .maxStringLength(1 << 20)
                            .maxNameLength(1 << 10)
                            .build())
                    .build())
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(com.fasterxml.jackson.databind.MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
            .build();

    private static final ClassValue<Part[]> PARTS = new ClassValue<>() {
        @Override
        protected Part[] computeValue(Class<?> type) {
            return Arrays.stream(type.getRecordComponents()).map(Part::of).toArray(Part[]::new);
        }
    };

    private Json() {}

    /**
     * Reads a request.
     *
     * @throws Refusal {@link ProblemCode#MALFORMED_REQUEST} with the place and the reason
     */
    public static <T> T read(byte[] body, Class<T> type) {
        T value;
        try {
            value = MAPPER.readValue(body, type);
        } catch (ValueInstantiationException e) {
            // The value's own rules say it best.
            throw new Refusal(
                    ProblemCode.MALFORMED_REQUEST,
                    String.valueOf(e.getCause() == null ? e : e.getCause().getMessage()));
        } catch (JsonProcessingException e) {
            String at = e.getLocation() == null
                    ? ""
                    : " at line " + e.getLocation().getLineNr() + ", column "
                            + e.getLocation().getColumnNr();
            throw new Refusal(
                    ProblemCode.MALFORMED_REQUEST,
                    "the body is not the JSON of a " + type.getSimpleName() + at + ": " + e.getOriginalMessage());
        } catch (IOException e) {
            throw new Refusal(ProblemCode.MALFORMED_REQUEST, "the body cannot be read: " + e.getMessage());
        }
        String missing = value == null ? "everything" : missing(value, "");
        if (value == null || !missing.isEmpty()) {
            throw new Refusal(ProblemCode.MALFORMED_REQUEST, "the body lacks " + missing);
        }
        return value;
    }

    public static byte[] bytes(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("records can always be written", e);
        }
    }

    /** Name of the first component that is null and may not be, or an empty text. */
    private static String missing(Object value, String path) {
        if (value instanceof Collection<?> items) {
            for (Object item : items) {
                String inner = item == null ? path + "[]" : missing(item, path + "[]");
                if (!inner.isEmpty()) {
                    return inner;
                }
            }
        } else if (value instanceof Record) {
            for (Part part : PARTS.get(value.getClass())) {
                Object inner = part.get(value);
                if (inner == null) {
                    if (!part.nullable) {
                        return path.isEmpty() ? part.name : path + "." + part.name;
                    }
                } else if (part.mayLack) {
                    String missing = missing(inner, path.isEmpty() ? part.name : path + "." + part.name);
                    if (!missing.isEmpty()) {
                        return missing;
                    }
                }
            }
        }
        return "";
    }

    /**
     * A record's component, looked up once.
     *
     * @param mayLack whether something inside of it may be missing
     */
    private record Part(String name, Method accessor, boolean nullable, boolean mayLack) {
        static Part of(RecordComponent component) {
            Class<?> type = component.getType();
            return new Part(
                    component.getName(),
                    component.getAccessor(),
                    component.getAnnotatedType().isAnnotationPresent(Nullable.class),
                    type.isRecord() || Collection.class.isAssignableFrom(type));
        }

        @Nullable
        Object get(Object value) {
            try {
                return accessor.invoke(value);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("accessors of public records can be called", e);
            }
        }
    }
}
