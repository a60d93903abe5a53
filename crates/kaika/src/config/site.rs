//! What pages say of the site, by its configuration.

use anyhow::{Context, Result, bail};
use kaika_domain::authorities::{Authorities, policy::Text};
use kaika_server::{About, Logo, Privacy};
use serde::Deserialize;
use std::{
    fs,
    path::{Path, PathBuf},
};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Site {
    /// None: that it is a portal for certificate cards.
    pub name: Option<Text>,
    /// An SVG or a PNG.
    pub logo: Option<PathBuf>,
    /// Whether pages say that nothing here has legal effect. None: where an authority's certificates say so.
    pub test: Option<bool>,
    /// Plain text, some lines; an address at the end of a line makes a link of it.
    pub footer: Option<Text>,
    /// Files of such text, or addresses.
    pub privacy: Option<Text>,
}

impl Site {
    /// Relative paths from the file's folder.
    pub(super) fn settle(&mut self, folder: &Path) {
        if let Some(logo) = &mut self.logo {
            *logo = folder.join(&*logo);
        }
        if let Some(privacy) = &mut self.privacy {
            for place in [&mut privacy.zh, &mut privacy.en].into_iter().filter(|place| !is_address(place)) {
                *place = folder.join(&*place).display().to_string();
            }
        }
    }

    /// Reads the files that it names.
    ///
    /// # Errors
    /// One cannot be read or shown, or the site would not say that its authorities are tests; the message names the
    /// field.
    pub fn about(&self, authorities: &Authorities) -> Result<About> {
        for (field, text) in [("name", &self.name), ("footer", &self.footer), ("privacy", &self.privacy)] {
            if let Some(Text { zh, en }) = text
                && (zh.trim().is_empty() || en.trim().is_empty())
            {
                bail!("site.{field}: something is needed in both languages");
            }
        }
        if let Some(Err(why)) = self.name.as_ref().map(Text::check_name) {
            bail!("site.name: {why}");
        }
        let has_tests = authorities.has_tests();
        if has_tests && self.test == Some(false) {
            let test = authorities.policies.values().find(|policy| policy.is_test()).map(|policy| policy.id.as_str());
            bail!(
                "site.test: the certificates of {} say that they are for tests; take that out of certificates.policies, \
                 or leave the mark",
                test.unwrap_or_default()
            );
        }
        let logo = self.logo.as_deref().map(read_logo).transpose()?;
        let privacy = self.privacy.as_ref().map(read_privacy).transpose()?;
        Ok(About {
            name: self.name.clone(),
            logo,
            is_test: self.test.unwrap_or(has_tests),
            footer: self.footer.clone(),
            privacy,
        })
    }
}

fn read_logo(path: &Path) -> Result<Logo> {
    let contents = fs::read(path).with_context(|| format!("site.logo: {} cannot be read", path.display()))?;
    Logo::parse(contents).with_context(|| format!("site.logo: {} cannot be shown", path.display()))
}

fn read_privacy(places: &Text) -> Result<Privacy> {
    match (is_address(&places.zh), is_address(&places.en)) {
        (true, true) => Ok(Privacy::Elsewhere(places.clone())),
        (false, false) => {
            let read = |path: &str| {
                let text = fs::read_to_string(path).with_context(|| format!("site.privacy: {path} cannot be read"))?;
                if text.trim().is_empty() {
                    bail!("site.privacy: {path} is empty");
                }
                Ok(text)
            };
            Ok(Privacy::Notice(Text { zh: read(&places.zh)?, en: read(&places.en)? }))
        }
        _ => bail!("site.privacy: a file or an address in both languages"),
    }
}

fn is_address(place: &str) -> bool {
    place.starts_with("https://") || place.starts_with("http://")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{EXAMPLE, tests::read_in};

    fn authorities(change: impl Fn(&str) -> String) -> Authorities {
        let files = [
            ("roots.toml", include_str!("../../authorities/roots.toml").to_owned()),
            ("gca.toml", change(include_str!("../../authorities/gca.toml"))),
        ];
        Authorities::parse(&files.map(|(name, text)| (name.to_owned(), text)), &[]).unwrap()
    }

    /// What pages say with this section, where these files lie beside it.
    fn about(section: &str, files: &[(&str, &str)], authorities: &Authorities) -> Result<About> {
        let folder = tempfile::tempdir()?;
        for (name, text) in files {
            fs::write(folder.path().join(name), text)?;
        }
        let start = EXAMPLE.find("[site]").unwrap();
        let end = start + EXAMPLE[start..].find("\n\n").unwrap();
        let text = format!("{}[site]\n{section}{}", &EXAMPLE[..start], &EXAMPLE[end..]);
        read_in(folder.path(), &text)?.site.about(authorities)
    }

    #[test]
    fn a_site_says_what_its_configuration_says() {
        let section = "name = { zh = \"甲\", en = \"A\" }\nlogo = \"a.svg\"\nfooter = { zh = \"乙\", en = \"B\" }\n\
                       privacy = { zh = \"zh.txt\", en = \"en.txt\" }\n";
        let files = [("a.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), ("zh.txt", "丙\n"), ("en.txt", "C\n")];
        let earnest = authorities(|policy| policy.replace("1.3.6.1.5.5.7.13.3", "2.16.886.101.0.3.3"));
        let said = about(section, &files, &earnest).unwrap();
        assert_eq!((said.name.unwrap().en, said.footer.unwrap().zh), ("A".to_owned(), "乙".to_owned()));
        assert!(said.logo.is_some() && !said.is_test);
        assert!(matches!(said.privacy, Some(Privacy::Notice(Text { zh, .. })) if zh == "丙\n"));
        let elsewhere = "privacy = { zh = \"https://a.example/zh\", en = \"https://a.example/en\" }";
        let said = about(elsewhere, &[], &earnest).unwrap();
        assert!(matches!(said.privacy, Some(Privacy::Elsewhere(Text { en, .. })) if en == "https://a.example/en"));
    }

    #[test]
    fn the_mark_is_where_certificates_are_for_tests() {
        let earnest = authorities(|policy| policy.replace("1.3.6.1.5.5.7.13.3", "2.16.886.101.0.3.3"));
        let tests = authorities(str::to_owned);
        assert!(!about("", &[], &earnest).unwrap().is_test);
        assert!(about("test = true", &[], &earnest).unwrap().is_test, "a rehearsal");
        assert!(about("", &[], &tests).unwrap().is_test);
        let error = about("test = false", &[], &tests).unwrap_err().to_string();
        assert!(error.contains("site.test") && error.contains("gca"), "{error}");
    }

    #[test]
    fn what_cannot_be_shown_is_named() {
        let tests = authorities(str::to_owned);
        let script = "<svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>";
        for (section, told) in [
            ("logo = \"none.svg\"", "site.logo"),
            ("logo = \"script.svg\"", "<script> is no part of a picture"),
            ("name = { zh = \"甲\" }", "en"),
            ("name = { zh = \"甲\", en = \" \" }", "site.name"),
            ("name = { zh = \"甲\u{202e}\", en = \"A\" }", "site.name: U+202E"),
            ("footer = { zh = \"\", en = \"A\" }", "site.footer"),
            ("privacy = { zh = \"none.txt\", en = \"none.txt\" }", "site.privacy"),
            ("privacy = { zh = \"empty.txt\", en = \"empty.txt\" }", "is empty"),
            ("privacy = { zh = \"https://a.example/\", en = \"empty.txt\" }", "in both languages"),
            ("colour = \"red\"", "colour"),
        ] {
            let files = [("script.svg", script), ("empty.txt", "\n")];
            let error = format!("{:#}", about(section, &files, &tests).unwrap_err());
            assert!(error.contains(told), "{section}: {error}");
        }
    }
}
