/// The line, from 1, of an unclosed quote in a CSV text. A reader would take everything after it as
/// one cell.
///
/// # Examples
///
/// ```
/// assert_eq!(layerwise_tasks::unclosed_quote(b"a,\"b\"\n1,\"two\n3,4\n"), Some(2));
/// assert_eq!(layerwise_tasks::unclosed_quote(b"a,\"\"\"b\"\"\"\n1,5\" wide\n"), None);
/// ```
pub fn unclosed_quote(text: &[u8]) -> Option<u64> {
    unclosed_quote_between(b',', text)
}

/// [`unclosed_quote`] for a text with this separator.
pub(crate) fn unclosed_quote_between(separator: u8, text: &[u8]) -> Option<u64> {
    let mut line = 1;
    let mut opened = None;
    // A quote opens only at the start of a cell; a quote directly after a closing one is part of
    // the cell.
    let mut opens = true;
    for &byte in text {
        match (byte, opened) {
            (b'"', Some(_)) => (opened, opens) = (None, true),
            (b'"', None) if opens => opened = Some(line),
            (_, None) => opens = byte == separator || matches!(byte, b'\n' | b'\r'),
            _ => {}
        }
        line += u64::from(byte == b'\n');
    }
    opened
}
