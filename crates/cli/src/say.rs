//! Writes to standard output and standard error. Unlike `println!` and `eprintln!`, it does not fail if the
//! reader stops reading, as in `layerwise list | head`.

use std::io::{ErrorKind, Write};

/// Writes a line to standard output, like `println!`.
macro_rules! say {
    ($($argument:tt)*) => {
        $crate::say::write(&format!("{}\n", format_args!($($argument)*)))
    };
}

/// Writes a line to standard error, like `eprintln!`.
macro_rules! tell {
    ($($argument:tt)*) => {{
        use std::io::Write as _;
        // Nobody is left to be told of a failure.
        let _ = writeln!(std::io::stderr(), $($argument)*);
    }};
}

/// Writes to standard output, like `print!`.
macro_rules! say_on {
    ($($argument:tt)*) => {
        $crate::say::write(&format!($($argument)*))
    };
}

/// Writes `text` to standard output. If the reader has closed the pipe, the program still runs to
/// its end and its exit code.
pub(crate) fn write(text: &str) {
    let mut stdout = std::io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        Err(error) => {
            tell!("error: standard output cannot be written: {error}");
            std::process::exit(1);
        }
    }
}
