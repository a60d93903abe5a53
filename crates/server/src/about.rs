//! What pages say of the site: what it is called, whether it is a test, what stands at its foot, and what becomes of what it
//! learns of people.

use axum::{http::HeaderMap, response::Response};
use kaika_domain::authorities::policy::Text;
use std::io::Cursor;

/// Where a logo is, whichever kind it is of.
pub(crate) const LOGO: &str = "/assets/logo";
/// A page shall be small at first.
const LARGEST_LOGO: usize = 48 * 1024;
/// Pixels, in either direction.
const LARGEST_SIDE: u32 = 2048;

#[derive(Clone, Debug, Default)]
pub struct About {
    /// None: that it is a portal for certificate cards.
    pub name: Option<Text>,
    /// None: a card, drawn.
    pub logo: Option<Logo>,
    /// Whether pages say that nothing here has legal effect.
    pub is_test: bool,
    /// Plain text, see [`lines`].
    pub footer: Option<Text>,
    pub privacy: Option<Privacy>,
}

#[derive(Clone, Debug)]
pub enum Privacy {
    /// Plain text for a page of ours, see [`lines`].
    Notice(Text),
    /// Where it is, elsewhere: `https://…`.
    Elsewhere(Text),
}

/// A picture that was looked at: of a kind that pages show, not too large, and nothing but a picture.
#[derive(Clone)]
pub struct Logo {
    kind: &'static str,
    contents: Vec<u8>,
}

#[derive(Debug, thiserror::Error)]
pub enum LogoError {
    #[error("it has {0} bytes; at most {LARGEST_LOGO} are taken")]
    TooLarge(usize),
    #[error("it is neither an SVG nor a PNG")]
    Kind,
    #[error("it is a damaged PNG: {0}")]
    Png(#[from] png::DecodingError),
    #[error("it is {0} by {1} pixels; at most {LARGEST_SIDE} each way are taken")]
    Side(u32, u32),
    #[error("it is a damaged SVG: {0}")]
    Svg(#[from] roxmltree::Error),
    #[error("in the SVG, <{0}> is no part of a picture; take it out")]
    Element(String),
    #[error("in the SVG, the attribute {0} runs a script or leads elsewhere; take it out")]
    Attribute(String),
}

impl Logo {
    /// # Errors
    /// It is none of an SVG and a PNG, too large, or an SVG that could do more than be looked at.
    pub fn parse(contents: Vec<u8>) -> Result<Self, LogoError> {
        if contents.len() > LARGEST_LOGO {
            return Err(LogoError::TooLarge(contents.len()));
        }
        let kind = match std::str::from_utf8(&contents) {
            _ if contents.starts_with(b"\x89PNG\r\n\x1a\n") => {
                check_png(&contents)?;
                "image/png"
            }
            Ok(text) if text.trim_start_matches('\u{feff}').trim_start().starts_with('<') => {
                check_svg(text)?;
                "image/svg+xml"
            }
            _ => return Err(LogoError::Kind),
        };
        Ok(Self { kind, contents })
    }

    pub(crate) fn answer(&self, request: &HeaderMap) -> Response {
        kaika_web::file(self.kind, self.contents.clone(), request)
    }
}

impl std::fmt::Debug for Logo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Logo").field("kind", &self.kind).finish_non_exhaustive()
    }
}

fn check_png(contents: &[u8]) -> Result<(), LogoError> {
    let mut reader = png::Decoder::new(Cursor::new(contents)).read_info()?;
    let (width, height) = reader.info().size();
    if width > LARGEST_SIDE || height > LARGEST_SIDE {
        return Err(LogoError::Side(width, height));
    }
    let mut pixels = vec![0; reader.output_buffer_size()];
    reader.next_frame(&mut pixels)?;
    Ok(())
}

/// What pages show in `<img>` runs no script and loads nothing; the file by itself, opened from its address, does not
/// either. That its document type is refused keeps entities from growing.
fn check_svg(text: &str) -> Result<(), LogoError> {
    const SVG: &str = "http://www.w3.org/2000/svg";
    let document = roxmltree::Document::parse(text)?;
    let root = document.root_element();
    if !root.has_tag_name((SVG, "svg")) {
        return Err(LogoError::Kind);
    }
    for node in root.descendants().filter(|node| node.is_element()) {
        let name = node.tag_name().name();
        // Drawing programs leave notes in elements of their own namespaces, which nobody draws.
        let is_html = node.tag_name().namespace().is_some_and(|space| space.ends_with("/xhtml"));
        if is_html || ["script", "foreignObject", "iframe", "object", "embed", "a"].contains(&name) {
            return Err(LogoError::Element(name.to_owned()));
        }
        for attribute in node.attributes() {
            let (name, value) = (attribute.name(), attribute.value().trim());
            let inside = value.starts_with('#') || value.starts_with("data:image/png;base64,");
            let runs = name.to_lowercase().starts_with("on");
            let leads = ["href", "src"].contains(&name) && !inside;
            let loads = value
                .to_lowercase()
                .split("url(")
                .skip(1)
                .any(|address| !address.trim_start_matches(['"', '\'', ' ']).starts_with('#'));
            if runs || leads || loads {
                return Err(LogoError::Attribute(name.to_owned()));
            }
        }
    }
    Ok(())
}

/// A line of plain text, and where it leads: an address at its end makes the words before it a link.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line<'t> {
    pub(crate) words: &'t str,
    pub(crate) address: Option<&'t str>,
}

/// Lines that are not empty.
pub(crate) fn lines(text: &str) -> Vec<Line<'_>> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(line).collect()
}

fn line(line: &str) -> Line<'_> {
    let (words, last) = line.rsplit_once(char::is_whitespace).unwrap_or((line, line));
    match last.starts_with("https://") || last.starts_with("http://") {
        true => Line { words: words.trim_end(), address: Some(last) },
        false => Line { words: line, address: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(contents: &[u8], told: &str) {
        let error = Logo::parse(contents.to_vec()).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }

    fn svg(inside: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" \
             xmlns:xlink=\"http://www.w3.org/1999/xlink\" viewBox=\"0 0 8 8\">{inside}</svg>"
        )
    }

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        let row = usize::try_from(width.div_ceil(8) * height).unwrap();
        encoder.write_header().unwrap().write_image_data(&vec![0; row]).unwrap();
        file
    }

    #[test]
    fn pictures_are_taken_and_say_what_they_are() {
        let drawn = svg("<defs><path id=\"p\" d=\"M0 0h8v8\"/></defs><use xlink:href=\"#p\" fill=\"url(#g)\"/>");
        for (contents, kind) in [(drawn.into_bytes(), "image/svg+xml"), (png(64, 32), "image/png")] {
            let answer = Logo::parse(contents).unwrap().answer(&HeaderMap::new());
            assert_eq!(answer.headers()["content-type"], kind);
        }
    }

    #[test]
    fn what_is_no_picture_or_more_than_one_is_refused() {
        refused(b"GIF89a", "neither an SVG nor a PNG");
        refused(b"<html><body/></html>", "neither an SVG nor a PNG");
        refused(&vec![b' '; LARGEST_LOGO + 1], "at most");
        refused(&png(64, 32)[..60], "damaged PNG");
        refused(&png(LARGEST_SIDE + 1, 1), "2049 by 1 pixels");
        refused(b"<svg", "damaged SVG");
        refused(b"<!DOCTYPE svg [<!ENTITY a \"b\">]><svg xmlns=\"http://www.w3.org/2000/svg\"/>", "damaged SVG");
        for element in ["<script>alert(1)</script>", "<foreignObject/>", "<a href=\"#x\"/>"] {
            refused(svg(element).as_bytes(), "is no part of a picture");
        }
        refused(svg("<b xmlns=\"http://www.w3.org/1999/xhtml\"/>").as_bytes(), "<b>");
        for attribute in [
            "onload=\"alert(1)\"",
            "xlink:href=\"https://elsewhere.example/p\"",
            "href=\"javascript:alert(1)\"",
            "href=\"data:image/svg+xml,x\"",
            "fill=\"url(https://elsewhere.example/p)\"",
            "style=\"fill: URL( 'https://elsewhere.example/p')\"",
        ] {
            refused(svg(&format!("<path {attribute}/>")).as_bytes(), "leads elsewhere");
        }
    }

    #[test]
    fn an_address_at_the_end_of_a_line_is_where_it_leads() {
        let line = |words, address| Line { words, address };
        let text = "機關 Agency\n\n  網站 https://agency.example/a?b \nhttps://agency.example/\nnot http here: ftp://a.example\n";
        let expected = [
            line("機關 Agency", None),
            line("網站", Some("https://agency.example/a?b")),
            line("https://agency.example/", Some("https://agency.example/")),
            line("not http here: ftp://a.example", None),
        ];
        assert_eq!(lines(text), expected);
    }
}
