//! Plain tables: a header and aligned columns, no lines.

use super::text::one_line;
use super::ui::{Role, paint};

/// Widest a cell may be, in characters; longer text is cut.
const MAX_CELL: usize = 60;

/// Rows under a header.
#[derive(Debug)]
pub(crate) struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Makes an empty table.
    pub(crate) fn new(header: &[&'static str]) -> Self {
        Self {
            header: header.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; foreign text in it is made harmless and cut.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(
            cells
                .into_iter()
                .map(|cell| one_line(&cell, MAX_CELL))
                .collect(),
        );
    }

    /// Returns the table as text; `empty` if it has no rows.
    pub(crate) fn render(&self, empty: &str) -> String {
        if self.rows.is_empty() {
            return paint(Role::Faint, empty);
        }
        let widths: Vec<usize> = (0..self.header.len())
            .map(|column| {
                let cells = self.rows.iter().map(|row| width(row.get(column)));
                cells
                    .max()
                    .unwrap_or(0)
                    .max(self.header[column].chars().count())
            })
            .collect();
        let header: Vec<String> = self.header.iter().map(|cell| cell.to_uppercase()).collect();
        let mut out = paint(Role::Faint, &line(&header, &widths));
        for row in &self.rows {
            out.push('\n');
            out.push_str(&line(row, &widths));
        }
        out
    }
}

fn width(cell: Option<&String>) -> usize {
    cell.map_or(0, |cell| cell.chars().count())
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let mut out = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        let padding = width - cell.chars().count();
        out.push_str(cell);
        out.extend(std::iter::repeat_n(' ', padding + 2));
    }
    out.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align() {
        let mut table = Table::new(&["id", "status"]);
        table.row(["7".into(), "completed".into()]);
        table.row(["1234".into(), "failed".into()]);
        let plain = anstream::adapter::strip_str(&table.render("none")).to_string();
        assert_eq!(plain, "ID    STATUS\n7     completed\n1234  failed");
    }
}
