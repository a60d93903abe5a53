//! What the portal's pages and the agent's share: one look, one way to tell a person's language, one way to answer.
//!
//! **Invariant:** no page loads anything from elsewhere, and none has a style or a script in its markup.

mod answer;
mod illustration;
mod language;

pub use answer::{Asset, file, html, html_with_status, is_known};
pub use illustration::{CARD, READER, READER_WITH_CARD};
pub use language::{LanguageQuery, language};

/// The look of all pages: type, colours in light and dark, buttons, forms, panels, steps, notices.
pub const BASE_CSS: Asset = Asset::css(include_str!("../assets/base.css"));
/// The picture in a browser's tab.
pub const ICON: Asset = Asset::svg(include_str!("../assets/icon.svg"));
