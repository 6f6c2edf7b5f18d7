//! What the machine itself costs: one append and sync of a small record.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use anyhow::Result;

use crate::figure::quantile;

/// Syncs measured.
const ROUNDS: usize = 300;
/// Bytes of a record.
const RECORD: usize = 200;

/// Returns the median time of an append and fdatasync of 200 bytes, in microseconds.
pub(crate) fn sync_us(dir: &Path) -> Result<f64> {
    let path = dir.join("floor");
    let mut file = File::create(&path)?;
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let began = Instant::now();
        file.write_all(&[7; RECORD])?;
        file.sync_data()?;
        times.push(began.elapsed().as_secs_f64() * 1e6);
    }
    std::fs::remove_file(path)?;
    Ok(quantile(&mut times, 0.5))
}
