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
    /// A small computer's window, with the browser's bars around it.
    Laptop,
    /// The same at a zoom of 200 %.
    LaptopZoomed,
    /// Windows' high contrast, where the person's colours replace the page's.
    DesktopForced,
    /// 390 pixels wide, as a phone lays pages out.
    Phone,
    PhoneDark,
    /// 320 pixels wide: the least that pages have to do with.
    PhoneSmall,
    /// As it comes out of the printer, on A4.
    Printed,
    /// As large as the window is: for popups.
    Window,
    WindowDark,
    WindowForced,
    /// A popup on a small computer, at a zoom of 200 %.
    WindowZoomed,
}

struct Screen {
    width: u32,
    height: u32,
    /// Device pixels per pixel.
    scale: u32,
    is_phone: bool,
}

impl Look {
    /// What the wide form takes pages in besides.
    const PAGES: [Look; 5] = [Look::Laptop, Look::LaptopZoomed, Look::DesktopForced, Look::PhoneSmall, Look::Printed];
    /// What the wide form takes popups in besides.
    const WINDOWS: [Look; 3] = [Look::PhoneSmall, Look::WindowForced, Look::WindowZoomed];

    /// What the names of its pictures end in.
    fn name(self) -> &'static str {
        match self {
            Look::Desktop => "desktop",
            Look::DesktopDark => "desktop-dark",
            Look::Laptop => "laptop",
            Look::LaptopZoomed => "laptop-zoomed",
            Look::DesktopForced => "desktop-forced",
            Look::Phone => "phone",
            Look::PhoneDark => "phone-dark",
            Look::PhoneSmall => "phone-small",
            Look::Printed => "printed",
            Look::Window => "window",
            Look::WindowDark => "window-dark",
            Look::WindowForced => "window-forced",
            Look::WindowZoomed => "window-zoomed",
        }
    }

    /// What the page is told of the device.
    fn media(self) -> Value {
        let (dark, forced, medium) = match self {
            Look::DesktopDark | Look::PhoneDark | Look::WindowDark => ("dark", "", ""),
            Look::DesktopForced | Look::WindowForced => ("dark", "active", ""),
            Look::Printed => ("light", "", "print"),
            _ => ("light", "", ""),
        };
        // Without motion, so that no picture shows one half-way. Colours that are said not to be forced leave the page's
        // ground as it was forced last.
        json!({"media": medium, "features": [
            {"name": "prefers-color-scheme", "value": dark},
            {"name": "forced-colors", "value": forced},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]})
    }

    /// None for the window as it is.
    fn screen(self) -> Option<Screen> {
        let (width, height, scale, is_phone) = match self {
            Look::Desktop | Look::DesktopDark | Look::DesktopForced => (1280, 800, 1, false),
            Look::Laptop => (1366, 657, 1, false),
            Look::LaptopZoomed => (683, 328, 2, false),
            Look::Phone | Look::PhoneDark => (390, 844, 1, true),
            Look::PhoneSmall => (320, 568, 1, true),
            // A4 at 96 pixels an inch, without its margins.
            Look::Printed => (718, 1047, 1, false),
            Look::WindowZoomed => (280, 390, 2, false),
            Look::Window | Look::WindowDark | Look::WindowForced => return None,
        };
        Some(Screen { width, height, scale, is_phone })
    }

    fn is_popup(self) -> bool {
        matches!(self, Look::Window | Look::WindowDark | Look::WindowForced | Look::WindowZoomed)
    }

    /// In the wide form, what is taken besides these looks.
    fn besides(looks: &[Look]) -> Vec<Look> {
        let all: &[Look] = match looks.iter().any(|look| look.is_popup()) {
            _ if !is_wide() => &[],
            true => &Look::WINDOWS,
            false => &Look::PAGES,
        };
        all.iter().copied().filter(|look| !looks.contains(look)).collect()
    }
}

impl Browser {
    /// Looks at the page of the current window in this way until told otherwise.
    #[track_caller]
    pub fn look(&self, look: Look) {
        self.cdp("Emulation.setEmulatedMedia", &look.media());
        match look.screen() {
            Some(screen) => self.resize(&screen),
            None => {
                self.cdp("Emulation.clearDeviceMetricsOverride", &json!({}));
            }
        }
    }

    /// Looks at the page as at first.
    #[track_caller]
    pub fn look_normally(&self) {
        self.cdp("Emulation.setEmulatedMedia", &json!({"media": "", "features": []}));
        self.cdp("Emulation.clearDeviceMetricsOverride", &json!({}));
    }

    /// Lays the page out in each of these looks. In the wide form each is taken, too, into
    /// `target/screenshots/NAME-LOOK.png`, and so are all that there are besides.
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
        self.take_besides(name, looks);
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
        self.take_besides(name, looks);
        self.look_normally();
    }

    #[track_caller]
    fn take_besides(&self, name: &str, looks: &[Look]) {
        for look in Look::besides(looks) {
            self.take(name, look);
        }
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
            self.resize(&Screen { width, height: 844, scale: 1, is_phone: true });
            self.assert_fits();
        }
        self.look_normally();
    }

    #[track_caller]
    fn resize(&self, screen: &Screen) {
        let Screen { width, height, scale, is_phone } = screen;
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": scale, "mobile": is_phone});
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
