//! How people say the name of a certificate's holder: 測試醫事人員一（測試醫院）, 行政院資訊處.

/// What kind of name a holder has, by the attributes of the subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HolderKind {
    /// A natural person for himself.
    Person,
    /// A natural person within an organisation.
    Member,
    Organisation,
    /// An organisation that a number tells from others of its name.
    NumberedOrganisation,
    /// A part of an organisation.
    Unit,
}

impl HolderKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Member => "member",
            Self::Organisation => "organisation",
            Self::NumberedOrganisation => "numbered_organisation",
            Self::Unit => "unit",
        }
    }
}

/// A subject in its parts, as far as they name somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HolderName {
    /// CN, or surname and given name.
    own: Option<String>,
    /// O and all OU, as they stand in the subject.
    organisation: Vec<String>,
    has_units: bool,
}

impl HolderName {
    /// Each attribute by its label, `("O", "行政院")`, in the order of the subject. None where nothing in it names anybody.
    pub fn of<'l, 's>(subject: impl IntoIterator<Item = (&'l str, &'s str)>) -> Option<Self> {
        let (mut own, mut surname, mut given) = (None, None, None);
        let mut organisation = Vec::new();
        let mut has_units = false;
        for (label, value) in subject {
            match label {
                "CN" => own = Some(value.to_owned()),
                "SN" => surname = Some(value),
                "GN" => given = Some(value),
                "O" | "OU" => {
                    has_units |= label == "OU";
                    organisation.push(value.to_owned());
                }
                _ => {}
            }
        }
        let own = own.or_else(|| surname.zip(given).map(|(surname, given)| person(surname, given)));
        let name = Self { own, organisation, has_units };
        (name.own.is_some() || !name.organisation.is_empty()).then_some(name)
    }

    /// Of a subject as text, `C=TW,O=行政院,OU=資訊處`.
    pub fn of_text(subject: &str) -> Option<Self> {
        let attributes = attributes(subject);
        Self::of(attributes.iter().map(|(label, value)| (*label, value.as_str())))
    }

    pub fn kind(&self) -> HolderKind {
        let has_organisation = !self.organisation.is_empty();
        match &self.own {
            Some(own) if !has_organisation && is_said(own) => HolderKind::Person,
            Some(own) if is_said(own) && *own != self.organisation() => HolderKind::Member,
            Some(own) if !is_said(own) => HolderKind::NumberedOrganisation,
            _ if self.has_units => HolderKind::Unit,
            _ => HolderKind::Organisation,
        }
    }

    /// The shortest that names the holder: a person without the organisation, an organisation without its number.
    pub fn alone(&self) -> String {
        match (&self.own, self.kind()) {
            (Some(own), HolderKind::Person | HolderKind::Member) => own.clone(),
            (Some(own), _) if self.organisation.is_empty() => own.clone(),
            _ => self.organisation(),
        }
    }

    /// As it is shown.
    pub fn whole(&self) -> String {
        match (&self.own, self.kind()) {
            (Some(own), HolderKind::Member) => within(own, &self.organisation()),
            (Some(own), HolderKind::NumberedOrganisation) if !self.organisation.is_empty() => {
                within(&self.organisation(), own)
            }
            _ => self.alone(),
        }
    }

    fn organisation(&self) -> String {
        run_together(&self.organisation)
    }
}

/// As people say who is meant by a subject that is written `C=TW,O=…`; as it is written where nothing in it names anybody.
pub fn said_name(subject: &str) -> String {
    HolderName::of_text(subject).map_or_else(|| subject.to_owned(), |name| name.whole())
}

/// Attributes as text, C first; what would end or begin one in a value is escaped (RFC 4514 §2.4).
pub fn spelled_name<'s>(subject: impl IntoIterator<Item = (&'s str, &'s str)>) -> String {
    let spelled = subject.into_iter().map(|(label, value)| {
        let signs = value.chars().map(|c| match c {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=' => format!("\\{c}"),
            c => c.to_string(),
        });
        format!("{label}={}", signs.collect::<String>())
    });
    spelled.collect::<Vec<_>>().join(",")
}

/// Organisation and units one behind the other: with a space where letters would run into each other, without one between
/// signs that each stand for a word.
pub fn run_together<S: AsRef<str>>(names: &[S]) -> String {
    names.iter().map(AsRef::as_ref).fold(String::new(), |mut all: String, name| {
        let touching = [all.chars().next_back(), name.chars().next()];
        if !all.is_empty() && touching.into_iter().flatten().any(is_spelled) {
            all.push(' ');
        }
        all + name
    })
}

/// By its place outside of the scripts of East Asia and the signs that go with them.
fn is_spelled(c: char) -> bool {
    c < '\u{2000}'
}

/// A name that is spoken, not a number.
fn is_said(name: &str) -> bool {
    name.chars().any(char::is_alphabetic)
}

fn person(surname: &str, given: &str) -> String {
    let names = if given.chars().all(is_spelled) { [given, surname] } else { [surname, given] };
    run_together(&names)
}

fn within(name: &str, other: &str) -> String {
    if name.chars().chain(other.chars()).all(is_spelled) {
        format!("{name} ({other})")
    } else {
        format!("{name}（{other}）")
    }
}

/// Labels and values, with what was escaped as it was meant. What is no attribute belongs to the value before it: older
/// programs escape nothing.
fn attributes(subject: &str) -> Vec<(&str, String)> {
    let mut found: Vec<(&str, String)> = Vec::new();
    for part in split(subject) {
        match (part.split_once('=').filter(|(label, _)| is_label(label)), found.last_mut()) {
            (Some((label, value)), _) => found.push((label.trim(), meant(value))),
            (None, Some((_, before))) => *before += &format!(",{}", meant(part)),
            (None, None) => {}
        }
    }
    found
}

fn is_label(text: &str) -> bool {
    let label = text.trim();
    !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')
}

/// At the commas that nothing escapes.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut escaped) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        if c == ',' && !escaped {
            parts.push(&text[start..at]);
            start = at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    parts.push(&text[start..]);
    parts
}

fn meant(value: &str) -> String {
    let (mut out, mut escaped) = (String::new(), false);
    for c in value.chars() {
        escaped = c == '\\' && !escaped;
        if !escaped {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holders_are_named_as_people_say_it() {
        use HolderKind::{Member, NumberedOrganisation, Organisation, Person, Unit};
        for (subject, whole, alone, kind) in [
            // As in the demo.
            (
                "C=TW,O=行政院,OU=測試機關 TEST,OU=測試資訊處",
                "行政院測試機關 TEST 測試資訊處",
                "行政院測試機關 TEST 測試資訊處",
                Unit,
            ),
            ("C=TW,L=臺北市,O=測試協會 TEST", "測試協會 TEST", "測試協會 TEST", Organisation),
            (
                "C=TW,O=測試醫院 TEST,CN=測試醫事人員一,serialNumber=0000000000000001",
                "測試醫事人員一（測試醫院 TEST）",
                "測試醫事人員一",
                Member,
            ),
            ("C=TW,CN=測試自然人 TEST,serialNumber=0000000000000003", "測試自然人 TEST", "測試自然人 TEST", Person),
            (
                "C=TW,O=測試銀行客戶 TEST,CN=00000000-1",
                "測試銀行客戶 TEST（00000000-1）",
                "測試銀行客戶 TEST",
                NumberedOrganisation,
            ),
            (
                "C=TW,L=臺中市,O=測試第一公會 TEST,OU=會務組",
                "測試第一公會 TEST 會務組",
                "測試第一公會 TEST 會務組",
                Unit,
            ),
            // Others.
            ("C=TW,O=行政院,OU=○○處", "行政院○○處", "行政院○○處", Unit),
            ("C=TW,O=行政院,OU=資訊處,CN=王小明", "王小明（行政院資訊處）", "王小明", Member),
            ("C=TW,O=Test Hospital,CN=Kolas Yotaka", "Kolas Yotaka (Test Hospital)", "Kolas Yotaka", Member),
            ("C=TW,O=Test Agency,OU=Desk", "Test Agency Desk", "Test Agency Desk", Unit),
            ("C=TW,SN=王,GN=小明", "王小明", "王小明", Person),
            ("C=TW,SN=Smith,GN=Ann,O=測試醫院", "Ann Smith（測試醫院）", "Ann Smith", Member),
            ("C=TW,O=測試公司,CN=測試公司", "測試公司", "測試公司", Organisation),
            ("C=TW,CN=00000000", "00000000", "00000000", NumberedOrganisation),
            // As it is escaped, and as older programs have it.
            ("C=TW,O=A\\, B \\+ C\\\\,OU=D\\=E", "A, B + C\\ D=E", "A, B + C\\ D=E", Unit),
            ("C=TW,O=A, B,OU=D", "A, B D", "A, B D", Unit),
        ] {
            let name = HolderName::of_text(subject).expect(subject);
            assert_eq!((name.whole().as_str(), name.alone().as_str(), name.kind()), (whole, alone, kind), "{subject}");
            assert_eq!(said_name(subject), whole);
        }
        for nobody in ["C=TW", "C=TW,L=臺北市", "C=TW,SN=王", "serialNumber=0000000000000001", "TW", ""] {
            assert_eq!(HolderName::of_text(nobody), None, "{nobody}");
            assert_eq!(said_name(nobody), nobody);
        }
    }

    #[test]
    fn a_name_that_is_spelled_is_read_as_it_was() {
        let subject = [("C", "TW"), ("O", "A, B + \"C\" \\ <D>; E=F"), ("OU", "測試,OU=處"), ("CN", "\\")];
        let spelled = spelled_name(subject);
        assert_eq!(spelled, "C=TW,O=A\\, B \\+ \\\"C\\\" \\\\ \\<D\\>\\; E\\=F,OU=測試\\,OU\\=處,CN=\\\\");
        assert_eq!(attributes(&spelled), subject.map(|(label, value)| (label, value.to_owned())));
    }
}
