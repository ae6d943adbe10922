package dev.gleaner.worker.shard;

import dev.gleaner.protocol.shard.Column;
import java.util.List;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;

/** The Parquet form of columns. */
final class ShardSchema {
    private ShardSchema() {}

    static MessageType of(List<? extends Column> columns) {
        Types.MessageTypeBuilder message = Types.buildMessage();
        columns.forEach(column -> message.addField(field(column)));
        return message.named("pair");
    }

    private static Type field(Column column) {
        Type.Repetition repetition = column.required() ? Type.Repetition.REQUIRED : Type.Repetition.OPTIONAL;
        return switch (column.kind()) {
            case INT32 -> Types.primitive(PrimitiveTypeName.INT32, repetition).named(column.column());
            case INT64 -> Types.primitive(PrimitiveTypeName.INT64, repetition).named(column.column());
            case FLOAT -> Types.primitive(PrimitiveTypeName.FLOAT, repetition).named(column.column());
            case TEXT ->
                Types.primitive(PrimitiveTypeName.BINARY, repetition)
                        .as(LogicalTypeAnnotation.stringType())
                        .named(column.column());
            case TIMESTAMP_MILLIS ->
                Types.primitive(PrimitiveTypeName.INT64, repetition)
                        .as(LogicalTypeAnnotation.timestampType(true, LogicalTypeAnnotation.TimeUnit.MILLIS))
                        .named(column.column());
            case BYTES -> Types.primitive(PrimitiveTypeName.BINARY, repetition).named(column.column());
            case HALF_LIST -> list(column, repetition);
        };
    }

    private static GroupType list(Column column, Type.Repetition repetition) {
        return Types.list(repetition)
                .element(Types.primitive(PrimitiveTypeName.FIXED_LEN_BYTE_ARRAY, Type.Repetition.REQUIRED)
                        .length(2)
                        .as(LogicalTypeAnnotation.float16Type())
                        .named("element"))
                .named(column.column());
    }
}
