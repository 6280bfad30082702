//! Colours and emphasis of text.

use anstyle::{AnsiColor, Style};

/// Whether a stream takes colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Text as it is.
    Plain,
    /// Text between escape sequences.
    Colored,
}

/// Success.
pub const GREEN: Style = AnsiColor::Green.on_default();
/// Errors.
pub const RED: Style = AnsiColor::Red.on_default().bold();
/// Warnings.
pub const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
/// Help.
pub const CYAN: Style = AnsiColor::Cyan.on_default().bold();
/// Emphasis.
pub const BOLD: Style = Style::new().bold();
/// Secondary text.
pub const DIM: Style = Style::new().dimmed();

impl Paint {
    /// `text` in `style`.
    pub fn paint(self, style: Style, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Colored => format!("{style}{text}{style:#}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plain text stays plain.
    #[test]
    fn text_plain() {
        assert_eq!(Paint::Plain.paint(RED, "x"), "x");
        assert_eq!(Paint::Colored.paint(RED, "x"), "\u{1b}[1m\u{1b}[31mx\u{1b}[0m");
    }
}
