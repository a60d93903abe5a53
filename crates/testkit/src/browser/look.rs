//! How pages look: at which width, in light or dark; with pictures for people to look at.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Browser, text};
use crate::is_wide;

/// How a page is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// 1280 pixels wide.
    Desktop,
    DesktopDark,
    /// 390 pixels wide, as a phone lays pages out.
    Phone,
    PhoneDark,
    /// As large as the window is: for popups.
    Window,
    WindowDark,
}

impl Look {
    /// What the names of its pictures end in.
    fn name(self) -> &'static str {
        match self {
            Look::Desktop => "desktop",
            Look::DesktopDark => "desktop-dark",
            Look::Phone => "phone",
            Look::PhoneDark => "phone-dark",
            Look::Window => "window",
            Look::WindowDark => "window-dark",
        }
    }

    fn scheme(self) -> &'static str {
        match self {
            Look::Desktop | Look::Phone | Look::Window => "light",
            Look::DesktopDark | Look::PhoneDark | Look::WindowDark => "dark",
        }
    }

    /// Width, height, and whether it is a phone; none for the window as it is.
    fn screen(self) -> Option<(u32, u32, bool)> {
        match self {
            Look::Desktop | Look::DesktopDark => Some((1280, 800, false)),
            Look::Phone | Look::PhoneDark => Some((390, 844, true)),
            Look::Window | Look::WindowDark => None,
        }
    }
}

impl Browser {
    /// Looks at the page of the current window in this way until told otherwise.
    #[track_caller]
    pub fn look(&self, look: Look) {
        // Without motion, so that no picture shows one half-way.
        let features = json!([
            {"name": "prefers-color-scheme", "value": look.scheme()},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]);
        self.cdp("Emulation.setEmulatedMedia", &json!({"features": features}));
        match look.screen() {
            Some((width, height, phone)) => {
                self.resize(width, height, phone);
            }
            None => {
                self.cdp("Emulation.clearDeviceMetricsOverride", &json!({}));
            }
        }
    }

    /// Looks at the page as at first.
    #[track_caller]
    pub fn look_normally(&self) {
        self.cdp("Emulation.setEmulatedMedia", &json!({"features": []}));
        self.cdp("Emulation.clearDeviceMetricsOverride", &json!({}));
    }

    /// Lays the page out in each of these looks. In the wide form each is taken, too, into
    /// `target/screenshots/NAME-LOOK.png`.
    ///
    /// # Panics
    /// Where a page is wider than its screen.
    #[track_caller]
    pub fn screenshot(&self, name: &str, looks: &[Look]) {
        for &look in looks {
            match is_wide() {
                true => self.take(name, look),
                false => self.lay_out(look),
            }
        }
        self.look_normally();
    }

    /// The same, and axe-core judges it: in the wide form in each look, in the narrow one by turns ([`is_in_turn`]), with a
    /// picture of those that are judged.
    #[track_caller]
    pub fn judge(&self, name: &str, looks: &[Look]) {
        for (at, &look) in looks.iter().enumerate() {
            if is_wide() || is_in_turn(name, at, looks.len()) {
                self.take(name, look);
                self.axe();
            } else {
                self.lay_out(look);
            }
        }
        self.look_normally();
    }

    #[track_caller]
    fn lay_out(&self, look: Look) {
        self.look(look);
        self.assert_fits();
    }

    /// One picture, and the page is still looked at in this way.
    #[track_caller]
    fn take(&self, name: &str, look: Look) {
        self.look(look);
        self.picture(&format!("{name}-{}", look.name()));
        self.assert_fits();
    }

    /// Lays the page out at these widths, of phones or of windows with large type (WCAG 2.2, 1.4.10: from 320 pixels).
    ///
    /// # Panics
    /// Where one has to scroll sideways.
    #[track_caller]
    pub fn assert_reflows(&self, widths: &[u32]) {
        for &width in widths {
            self.resize(width, 844, true);
            self.assert_fits();
        }
        self.look_normally();
    }

    #[track_caller]
    fn resize(&self, width: u32, height: u32, phone: bool) {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone});
        self.cdp("Emulation.setDeviceMetricsOverride", &metrics);
    }

    /// The whole page as it is looked at now, into `target/screenshots/NAME.png`.
    #[track_caller]
    pub fn picture(&self, name: &str) {
        // Fonts arrive later than their text, and two frames later everything has its place.
        self.run(
            "return document.fonts.ready.then(() => new Promise(done => \
             requestAnimationFrame(() => requestAnimationFrame(() => done(null)))))",
            &[],
        );
        let size = self.run(
            "const page = document.documentElement; \
             return [Math.max(innerWidth, page.scrollWidth), Math.max(innerHeight, page.scrollHeight)]",
            &[],
        );
        let clip = json!({"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1});
        // Hundreds are taken: the time to make the files smaller is not worth it.
        let how = json!({"captureBeyondViewport": true, "clip": clip, "optimizeForSpeed": true});
        let taken = self.cdp("Page.captureScreenshot", &how);
        let picture = STANDARD.decode(text(&taken["data"])).unwrap_or_else(|error| panic!("no picture: {error}"));
        let file = pictures().join(format!("{name}.png"));
        fs::create_dir_all(pictures())
            .and_then(|()| fs::write(&file, picture))
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }

    #[track_caller]
    fn assert_fits(&self) {
        let sticking_out = self.run(
            "const width = document.documentElement.clientWidth; \
             if (document.documentElement.scrollWidth <= width && innerWidth <= Math.max(width, screen.width)) return []; \
             return [width, ...Array.from(document.querySelectorAll('body *')) \
                 .filter(one => one.getBoundingClientRect().right > width + 1) \
                 .slice(0, 5).map(one => one.outerHTML.slice(0, 160))]",
            &[],
        );
        if sticking_out != Value::Array(Vec::new()) {
            self.fail(&format!("shows a page wider than its screen: {sticking_out:#}"));
        }
    }
}

/// The narrow form: of several looks the first, third … are judged in Chinese and the others in English, by which a name
/// ends. A page that is seen in both languages is judged in every look.
fn is_in_turn(name: &str, at: usize, looks: usize) -> bool {
    looks == 1 || (at % 2 == 1) == name.ends_with("-en")
}

#[test]
fn both_languages_together_are_judged_in_every_look() {
    for looks in 1..4 {
        let of = |name: &str| (0..looks).filter(|at| is_in_turn(name, *at, looks)).collect::<Vec<_>>();
        let both: std::collections::BTreeSet<_> = of("home-zh").into_iter().chain(of("home-en")).collect();
        assert!(both.len() == looks && !of("home-zh").is_empty() && !of("home-en").is_empty());
    }
}

fn pictures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/screenshots")
}
