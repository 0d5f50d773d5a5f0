//! Tables for the terminal: columns as wide as their widest cell, long cells wrapped at words.

/// Lays out rows under a header. A column's width is capped by `widest`, cells beyond it are wrapped.
pub(super) fn table(header: &[&str], rows: &[Vec<String>], widest: usize) -> String {
    let mut widths: Vec<usize> = header.iter().map(|title| title.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            let longest = cell.lines().map(|line| line.chars().count()).max().unwrap_or_default();
            *width = (*width).max(longest.min(widest));
        }
    }
    let mut out = String::new();
    line(&mut out, &header.iter().map(|title| (*title).to_owned()).collect::<Vec<_>>(), &widths);
    line(&mut out, &widths.iter().map(|width| "─".repeat(*width)).collect::<Vec<_>>(), &widths);
    for row in rows {
        line(&mut out, row, &widths);
    }
    out
}

fn line(out: &mut String, cells: &[String], widths: &[usize]) {
    let wrapped: Vec<Vec<String>> =
        cells.iter().zip(widths).map(|(cell, width)| wrap(cell, *width)).collect();
    let height = wrapped.iter().map(Vec::len).max().unwrap_or_default();
    for at in 0..height {
        let mut text = String::new();
        for (column, width) in wrapped.iter().zip(widths) {
            let cell = column.get(at).map_or("", String::as_str);
            let gap = width.saturating_sub(cell.chars().count());
            text.push_str(cell);
            text.push_str(&" ".repeat(gap + 2));
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
}

fn wrap(cell: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in cell.lines() {
        let mut current = String::new();
        for word in paragraph.split(' ') {
            if !current.is_empty() && current.chars().count() + 1 + word.chars().count() > width {
                lines.push(std::mem::take(&mut current));
            }
            if !current.is_empty() {
                current.push(' ');
            }
            current.push_str(word);
        }
        lines.push(current);
    }
    if lines.is_empty() { vec![String::new()] } else { lines }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_cell_is_wrapped_under_its_own_column() {
        let rows = vec![vec!["Ann".to_owned(), "one two three".to_owned()]];

        let text = table(&["who", "what"], &rows, 7);

        assert_eq!(text, "who  what\n───  ───────\nAnn  one two\n     three\n");
    }
}
