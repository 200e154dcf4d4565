//! Tells a person at a terminal that a compilation is under way.

use std::io::{IsTerminal, Write, stderr};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A compilation shorter than this is not worth a word.
const PATIENCE: Duration = Duration::from_millis(300);
const TICK: Duration = Duration::from_millis(100);

/// Shows the progress until it is dropped.
pub struct Progress(Option<(Sender<()>, JoinHandle<()>)>);

/// Begins to show that `file` is being compiled, unless standard error is not a terminal.
pub fn show(file: &str, size: usize) -> Progress {
    if !stderr().is_terminal() {
        return Progress(None);
    }
    let name = file
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or(file)
        .escape_debug()
        .to_string();
    let text = format!("compiling {name} ({:.1} MB)", size as f64 / 1e6);
    let (stop, stopped) = mpsc::channel::<()>();
    let shown = thread::Builder::new().name("wasmport-progress".into()).spawn(move || {
        let begin = Instant::now();
        let mut wait = PATIENCE;
        let mut shown = false;
        while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
            // While lines do not wrap, one that is wider than the terminal is cut and stays one row.
            // The terminal may be gone; the compilation does not care.
            let time = begin.elapsed().as_secs_f64();
            let _ = write!(stderr(), "\r\x1b[K\x1b[?7lwasmport: {time:.1} s {text}\x1b[?7h");
            (wait, shown) = (TICK, true);
        }
        if shown {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    });
    Progress(shown.ok().map(|thread| (stop, thread)))
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.0.take() {
            drop(stop);
            let _ = thread.join();
        }
    }
}
