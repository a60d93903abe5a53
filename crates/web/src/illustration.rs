//! Pictures of card and reader: SVG to stand within a page, so that it takes the page's colours. Shapes have classes
//! (`card-body`, `card-chip`, `reader-body` …) that `base.css` colours; none has a text or an id.

/// A card, seen from above.
pub const CARD: &str = include_str!("../assets/card.svg");
/// A reader without a card.
pub const READER: &str = include_str!("../assets/reader.svg");
/// A reader with a card in it.
pub const READER_WITH_CARD: &str = include_str!("../assets/reader-with-card.svg");
