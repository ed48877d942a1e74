//! The long table as a Parquet file.

use std::sync::Arc;

use parquet::{
    basic::Compression,
    data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type},
    errors::Result,
    file::{properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};
use record::Observation;

/// Times that were never reached are infinite; `flow_time` is null if it is not defined.
const SCHEMA: &str = "message observations {
    REQUIRED BYTE_ARRAY run (UTF8);
    REQUIRED INT64 seed;
    REQUIRED BYTE_ARRAY variant (UTF8);
    REQUIRED BYTE_ARRAY model (UTF8);
    REQUIRED BYTE_ARRAY metric (UTF8);
    REQUIRED INT64 index;
    REQUIRED INT64 step;
    OPTIONAL DOUBLE flow_time;
    REQUIRED DOUBLE value;
}";

/// Rows per group. Readers load whole groups into memory.
const GROUP: usize = 1 << 20;

/// A column of one group.
enum Column {
    Text(Vec<ByteArray>),
    Whole(Vec<i64>),
    Number(Vec<f64>),
    /// Values, and for each row whether it has one.
    Optional(Vec<f64>, Vec<i16>),
}

fn columns(run: &str, rows: &[Observation]) -> Vec<Column> {
    let text = |of: fn(&Observation) -> &str| {
        Column::Text(rows.iter().map(|o| ByteArray::from(of(o))).collect())
    };
    // Seeds above 2^63 keep their bits.
    let whole = |of: fn(&Observation) -> u64| {
        Column::Whole(rows.iter().map(|o| of(o).cast_signed()).collect())
    };
    vec![
        Column::Text(rows.iter().map(|_| ByteArray::from(run)).collect()),
        whole(|o| o.seed),
        text(|o| &o.variant),
        text(|o| &o.model),
        text(|o| &o.metric),
        whole(|o| o.index),
        whole(|o| o.step),
        Column::Optional(
            rows.iter().filter_map(|o| o.flow_time).collect(),
            rows.iter()
                .map(|o| i16::from(o.flow_time.is_some()))
                .collect(),
        ),
        Column::Number(rows.iter().map(|o| o.value).collect()),
    ]
}

/// The bytes of a file.
pub(super) fn to_bytes(run: &str, rows: &[Observation]) -> Result<Vec<u8>> {
    let schema = Arc::new(parse_message_type(SCHEMA)?);
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY);
    let mut bytes = Vec::new();
    let mut file = SerializedFileWriter::new(&mut bytes, schema, Arc::new(properties.build()))?;
    for rows in rows.chunks(GROUP) {
        let mut group = file.next_row_group()?;
        for column in columns(run, rows) {
            let Some(mut writer) = group.next_column()? else {
                break;
            };
            match column {
                Column::Text(values) => {
                    writer
                        .typed::<ByteArrayType>()
                        .write_batch(&values, None, None)?;
                }
                Column::Whole(values) => {
                    writer
                        .typed::<Int64Type>()
                        .write_batch(&values, None, None)?;
                }
                Column::Number(values) => {
                    writer
                        .typed::<DoubleType>()
                        .write_batch(&values, None, None)?;
                }
                Column::Optional(values, defined) => {
                    let typed = writer.typed::<DoubleType>();
                    typed.write_batch(&values, Some(&defined), None)?;
                }
            }
            writer.close()?;
        }
        group.close()?;
    }
    file.close()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use parquet::{
        file::reader::{FileReader, SerializedFileReader},
        record::RowAccessor,
    };

    use super::*;

    #[test]
    fn written_values_are_read_back() {
        let row = |step: u64, flow_time, value| Observation {
            variant: "base,training.lr=0.1".into(),
            seed: 3,
            model: "net".into(),
            metric: "half_time".into(),
            index: 2,
            step,
            flow_time,
            value,
        };
        let rows = [
            row(0, Some(0.5), 0.1),
            row(7, None, f64::INFINITY),
            row(9, Some(2.0), -1e-300),
        ];
        let bytes = to_bytes("tiny", &rows).unwrap();
        let mut written = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut written, &bytes).unwrap();
        let file = SerializedFileReader::new(written).unwrap();
        let found: Vec<_> = file
            .get_row_iter(None)
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(found.len(), rows.len());
        for (found, row) in found.iter().zip(&rows) {
            assert_eq!(found.get_string(0).unwrap(), "tiny");
            assert_eq!(found.get_long(1).unwrap(), 3);
            assert_eq!(found.get_string(2).unwrap(), &*row.variant);
            assert_eq!(found.get_long(6).unwrap(), row.step.cast_signed());
            assert_eq!(found.get_double(7).ok(), row.flow_time);
            assert_eq!(found.get_double(8).unwrap(), row.value);
        }
    }
}
