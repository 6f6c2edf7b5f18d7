//! The log of one attempt: lines of `log`, stdout and stderr, in the order they were written.
//!
//! It never grows over its limit: a line too long is cut, and after the last line that fits one
//! mark says that more was written. Writing costs fuel, so that nobody writes without end.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use attune_core::Timestamp;

/// The longest line, in bytes; what is over it is cut and marked.
pub const MAX_LINE_BYTES: usize = 8 << 10;

/// What a line costs beside its text, so that many empty lines end too.
const LINE_OVERHEAD_BYTES: usize = 32;

/// Stands at the end of a line that was cut.
const CUT_MARK: &str = " … [cut]";

/// Denials that are kept to explain a failure.
const MAX_DENIALS: usize = 8;

/// The most fields kept of one line.
const MAX_FIELDS: usize = 32;

/// What a byte that is written costs, in fuel: about what it costs the host.
const FUEL_PER_BYTE: u64 = 1;

/// What a byte costs that is not kept any more. Whoever goes on writing into a full log is soon
/// stopped; a program that only talks much is not.
const FUEL_PER_CUT_BYTE: u64 = 100;

/// Level of a line, rising.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Finest.
    Trace,
    /// For developers.
    Debug,
    /// Normal; stdout.
    Info,
    /// Worth a look; stderr.
    Warn,
    /// Something failed.
    Error,
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// When.
    pub at: Timestamp,
    /// How important.
    pub level: Level,
    /// `log`, `stdout`, `stderr` or `progress`.
    pub stream: &'static str,
    /// The text.
    pub message: Arc<str>,
    /// Fields, by name; values are JSON text.
    pub fields: Vec<(Arc<str>, Arc<str>)>,
}

/// The lines of one attempt, up to a limit.
#[derive(Debug)]
pub struct Logbook {
    lines: Vec<Line>,
    denials: Vec<Arc<str>>,
    room_bytes: usize,
    cut: bool,
    /// Fuel that writing has cost and nobody has paid yet.
    fuel: u64,
}

impl Logbook {
    /// Makes an empty log that keeps at most `limit_bytes`.
    pub fn new(limit_bytes: usize) -> Self {
        Self {
            lines: Vec::new(),
            denials: Vec::new(),
            room_bytes: limit_bytes,
            cut: false,
            fuel: 0,
        }
    }

    /// Counts what it costs to write what is not kept.
    pub fn charge_dropped(&mut self, bytes: usize) {
        self.charge(bytes, FUEL_PER_CUT_BYTE);
    }

    fn charge(&mut self, bytes: usize, each: u64) {
        self.fuel = self.fuel.saturating_add(each.saturating_mul(bytes as u64));
    }

    /// Takes the fuel that writing has cost since this was called last.
    pub fn take_fuel(&mut self) -> u64 {
        std::mem::take(&mut self.fuel)
    }

    /// Adds a line, cut to what fits. Returns whether there was room.
    pub fn write(&mut self, level: Level, stream: &'static str, message: &str) -> bool {
        self.write_fields(level, stream, message, Vec::new())
    }

    /// Adds a line with fields; the fields count toward the line's size.
    pub fn write_fields(
        &mut self,
        level: Level,
        stream: &'static str,
        message: &str,
        fields: Vec<(String, String)>,
    ) -> bool {
        let fields_bytes = fields.iter().map(|(name, value)| name.len() + value.len());
        let bytes = message.len() + fields_bytes.sum::<usize>() + LINE_OVERHEAD_BYTES;
        if self.cut {
            self.charge_dropped(bytes);
            return false;
        }
        self.charge(bytes, FUEL_PER_BYTE);
        let message = shorten(message, MAX_LINE_BYTES);
        let mut left = MAX_LINE_BYTES.saturating_sub(message.len());
        let mut kept = Vec::with_capacity(fields.len().min(MAX_FIELDS));
        for (name, value) in fields.into_iter().take(MAX_FIELDS) {
            let size = name.len() + value.len();
            if size > left {
                break;
            }
            left -= size;
            kept.push((Arc::from(name), Arc::from(value)));
        }
        let size = MAX_LINE_BYTES - left + LINE_OVERHEAD_BYTES;
        if size > self.room_bytes {
            self.cut = true;
            self.push(
                Level::Warn,
                stream,
                "[the log is full, what follows is cut]".into(),
            );
            return false;
        }
        self.room_bytes -= size;
        self.push(level, stream, message.into());
        if let Some(line) = self.lines.last_mut() {
            line.fields = kept;
        }
        true
    }

    /// Notes what was denied, and what would allow it: in the log, and for the failure that may
    /// follow from it.
    pub fn deny(&mut self, text: &str) {
        self.write(Level::Warn, "log", text);
        if self.denials.len() < MAX_DENIALS && !self.denials.iter().any(|known| **known == *text) {
            self.denials.push(text.into());
        }
    }

    /// Takes out what was denied.
    pub fn take_denials(&mut self) -> Vec<Arc<str>> {
        std::mem::take(&mut self.denials)
    }

    /// Tells whether lines were left out.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// Takes all lines out.
    pub fn take(&mut self) -> Vec<Line> {
        std::mem::take(&mut self.lines)
    }

    fn push(&mut self, level: Level, stream: &'static str, message: Arc<str>) {
        self.lines.push(Line {
            at: now(),
            level,
            stream,
            message,
            fields: Vec::new(),
        });
    }
}

/// Returns `text` cut to at most `limit` bytes at a character, marked if it was cut.
fn shorten(text: &str, limit: usize) -> std::borrow::Cow<'_, str> {
    if text.len() <= limit {
        return text.into();
    }
    let end = text.floor_char_boundary(limit - CUT_MARK.len());
    format!("{}{CUT_MARK}", &text[..end]).into()
}

/// The instant a line is written. Lines are for people: they carry the real time even where the
/// guest's clock is virtual.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Timestamp(since.map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_cut_and_marked() {
        let mut book = Logbook::new(1 << 20);
        assert!(book.write(Level::Info, "log", &"é".repeat(MAX_LINE_BYTES)));
        let line = &book.take()[0];
        assert!(line.message.len() <= MAX_LINE_BYTES);
        assert!(line.message.ends_with("[cut]"));
    }

    #[test]
    fn log_ends_with_one_mark_when_full() {
        let mut book = Logbook::new(1000);
        for _ in 0..1000 {
            book.write(Level::Info, "log", "0123456789");
        }
        assert!(book.is_cut());
        let lines = book.take();
        assert_eq!(lines.len(), 1000 / 42 + 1);
        assert!(lines[lines.len() - 1].message.contains("cut"));
    }

    #[test]
    fn writing_costs_fuel_and_more_when_the_log_is_full() {
        let mut book = Logbook::new(100);
        book.write(Level::Info, "log", "0123456789");
        assert_eq!(book.take_fuel(), 42);
        assert_eq!(book.take_fuel(), 0);
        book.write(Level::Info, "log", &"x".repeat(100));
        book.take_fuel();
        book.write(Level::Info, "log", "0123456789");
        assert_eq!(book.take_fuel(), 4200);
    }

    #[test]
    fn empty_lines_end_too() {
        let mut book = Logbook::new(1000);
        while book.write(Level::Info, "stdout", "") {}
        assert!(book.take().len() < 40);
    }
}
