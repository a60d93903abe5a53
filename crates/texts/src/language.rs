//! Which language to speak, told by a browser or a terminal.

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Language {
    #[default]
    ZhTw,
    En,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::ZhTw, Self::En];

    /// As in HTML's `lang` and in `?lang=` (BCP 47).
    pub fn tag(self) -> &'static str {
        match self {
            Self::ZhTw => "zh-TW",
            Self::En => "en",
        }
    }

    /// The language's own name, for the switch.
    pub fn name(self) -> &'static str {
        match self {
            Self::ZhTw => "繁體中文",
            Self::En => "English",
        }
    }

    /// From a language tag; any Chinese is ours, any English too.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("zh") {
            Some(Self::ZhTw)
        } else if primary.eq_ignore_ascii_case("en") {
            Some(Self::En)
        } else {
            None
        }
    }

    /// From the header `Accept-Language` (RFC 9110 §12.5.4): the known language of the highest weight, the first of
    /// equals; Chinese when none is known.
    pub fn from_accept_language(header: &str) -> Self {
        let mut best: Option<(f32, Self)> = None;
        for range in header.split(',') {
            let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
            let weight = parameters
                .trim()
                .strip_prefix("q=")
                .map_or(Some(1.0), |q| q.trim().parse::<f32>().ok())
                .filter(|q| (0.0..=1.0).contains(q))
                .unwrap_or(0.0);
            if let Some(language) = Self::from_tag(tag.trim())
                && weight > 0.0
                && best.is_none_or(|(other, _)| weight > other)
            {
                best = Some((weight, language));
            }
        }
        best.map(|(_, language)| language).unwrap_or_default()
    }

    /// As the environment of a command has it; `variable` gives the value of one of its variables.
    pub fn of_terminal(variable: impl Fn(&str) -> Option<String>) -> Self {
        let [lc_all, lc_messages, lang] = ["LC_ALL", "LC_MESSAGES", "LANG"].map(variable);
        Self::from_locale(lc_all.as_deref(), lc_messages.as_deref(), lang.as_deref())
    }

    /// From the values of `LC_ALL`, `LC_MESSAGES` and `LANG`, the first that is set (POSIX.1-2017 §8.2). `C` or `POSIX`
    /// in any encoding (`C.UTF-8`) says nothing of a language, as commands' own English does: English.
    pub fn from_locale(lc_all: Option<&str>, lc_messages: Option<&str>, lang: Option<&str>) -> Self {
        let set = [lc_all, lc_messages, lang].into_iter().flatten().find(|value| !value.is_empty());
        match set {
            Some(locale) => match locale.split(['.', '@']).next().unwrap_or_default() {
                "C" | "POSIX" => Self::En,
                tag => Self::from_tag(tag).unwrap_or_default(),
            },
            None => Self::default(),
        }
    }
}
