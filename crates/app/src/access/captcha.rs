//! 驗證碼: a question that costs a person some seconds and a script some trouble. It can be answered in two ways: by the
//! digits in a picture, or, by whoever does not see the picture, by a small sum in words.
//!
//! Both follow from the captcha's token by the vault's seal, so that any server can ask and any other judge, and nothing
//! is remembered but which captchas were answered. Right or wrong, each is answered once.

use crate::{App, Failure, kernel::sealed};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kaika_wire::Code;
use time::{Duration, OffsetDateTime};

const TOKEN: &str = "captcha";
const CHALLENGE: &str = "captcha challenge";

/// Long enough to look up card number and user code.
const GOOD_FOR: Duration = Duration::minutes(20);
/// In the picture.
const DIGITS: usize = 5;

/// A question that a page asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captcha {
    /// Comes back with the answer.
    pub token: String,
    pub sum: Sum,
}

/// Two numbers from 1 to 19; what is taken away is the smaller one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sum {
    pub left: u8,
    pub plus: bool,
    pub right: u8,
}

impl Sum {
    pub fn result(self) -> u8 {
        if self.plus { self.left + self.right } else { self.left - self.right }
    }
}

/// # Errors
/// The vault failed.
pub fn draw_captcha(app: &App) -> Result<Captcha, Failure> {
    let id = URL_SAFE_NO_PAD.encode(app.rng.bytes::<16>());
    let expires_at = (app.now() + GOOD_FOR).unix_timestamp();
    let text = format!("{id}.{expires_at}");
    let challenge = Challenge::from_random(app.secrets.seal(CHALLENGE, text.as_bytes())?);
    Ok(Captcha { token: sealed::seal(app, TOKEN, &text)?, sum: challenge.sum })
}

/// The same question once more, for a form that comes back before its answer was judged; none where it is over.
///
/// # Errors
/// The vault failed.
pub fn ask_again(app: &App, token: &str) -> Result<Option<Captcha>, Failure> {
    Ok(CaptchaContents::of(app, token)?.map(|opened| Captcha { token: token.to_owned(), sum: opened.challenge.sum }))
}

/// What the picture of this captcha shows.
///
/// # Errors
/// [`Code::NotFound`] for a token that is none of ours, or over.
pub fn captcha_digits(app: &App, token: &str) -> Result<String, Failure> {
    Ok(CaptchaContents::of(app, token)?.ok_or(Code::NotFound)?.challenge.digits)
}

/// Uses the captcha up, whatever the answer is: nobody tries twice.
///
/// # Errors
/// [`Code::CaptchaWrong`].
pub(crate) async fn check_captcha(app: &App, token: &str, answer: &str) -> Result<(), Failure> {
    let opened = CaptchaContents::of(app, token)?.ok_or(Code::CaptchaWrong)?;
    let mut work = app.store.begin().await?;
    let first = work.use_captcha(&opened.id, opened.expires_at).await?;
    work.commit().await?;
    if first && opened.challenge.is_answered(answer) { Ok(()) } else { Err(Code::CaptchaWrong.into()) }
}

/// Forgets captchas that are over by now; how many they were.
///
/// # Errors
/// The store failed.
#[crate::use_case]
pub async fn forget_captchas(app: &App) -> Result<u64, Failure> {
    let mut work = app.store.begin().await?;
    let forgotten = work.delete_captchas(app.now()).await?;
    work.commit().await?;
    Ok(forgotten)
}

/// A token of ours that is not over.
struct CaptchaContents {
    id: [u8; 16],
    expires_at: OffsetDateTime,
    challenge: Challenge,
}

impl CaptchaContents {
    fn of(app: &App, token: &str) -> Result<Option<Self>, Failure> {
        let Some(text) = sealed::open(app, TOKEN, token)? else { return Ok(None) };
        let parts = text.split_once('.').and_then(|(id, expires_at)| {
            let id: [u8; 16] = URL_SAFE_NO_PAD.decode(id).ok()?.try_into().ok()?;
            Some((id, OffsetDateTime::from_unix_timestamp(expires_at.parse().ok()?).ok()?))
        });
        let Some((id, expires_at)) = parts.filter(|(_, expires_at)| app.now() < *expires_at) else { return Ok(None) };
        let challenge = Challenge::from_random(app.secrets.seal(CHALLENGE, text.as_bytes())?);
        Ok(Some(Self { id, expires_at, challenge }))
    }
}

struct Challenge {
    digits: String,
    sum: Sum,
}

impl Challenge {
    /// From as many random bytes as it takes; that some digits are a little likelier than others helps nobody.
    fn from_random(random: [u8; 32]) -> Self {
        // Without 0 and 1, which are taken for letters.
        let digits = random[..DIGITS].iter().map(|byte| char::from(b'2' + byte % 8)).collect();
        let [one, two, plus] = [random[DIGITS], random[DIGITS + 1], random[DIGITS + 2]];
        let (one, two) = (1 + one % 19, 1 + two % 19);
        let sum = Sum { left: one.max(two), plus: plus % 2 == 0, right: one.min(two) };
        Self { digits, sum }
    }

    /// Spaces and full-width digits are as good.
    fn is_answered(&self, answer: &str) -> bool {
        let narrow = |c: char| match u32::from(c) {
            wide @ 0xff10..=0xff19 => char::from_u32(wide - 0xfee0).unwrap_or(c),
            _ => c,
        };
        let answer: String = answer.chars().filter(|c| !c.is_whitespace()).map(narrow).collect();
        answer == self.digits || answer == self.sum.result().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge(bytes: &[u8]) -> Challenge {
        let mut random = [0; 32];
        random[..bytes.len()].copy_from_slice(bytes);
        Challenge::from_random(random)
    }

    #[test]
    fn picture_and_words_are_both_an_answer() {
        let plus = challenge(&[0, 7, 8, 255, 3, 2, 14, 0]);
        assert_eq!(plus.digits, "29295");
        assert_eq!(plus.sum, Sum { left: 15, plus: true, right: 3 });
        for right in ["29295", " 2 9 2 9 5 ", "２９２９５", "18", "１８", "　18"] {
            assert!(plus.is_answered(right), "{right}");
        }
        for wrong in ["", "2929", "292955", "15", "3", "018", "+18", "十八", "29 295 18"] {
            assert!(!plus.is_answered(wrong), "{wrong}");
        }
        let minus = challenge(&[0, 0, 0, 0, 0, 2, 14, 1]);
        assert_eq!(minus.sum, Sum { left: 15, plus: false, right: 3 });
        assert!(minus.is_answered("12") && minus.is_answered("22222") && !minus.is_answered("-12"));
    }

    #[test]
    fn no_sum_is_below_nothing_and_no_digit_looks_like_a_letter() {
        for byte in 0..=255 {
            let challenge = challenge(&[byte, byte, byte, byte, byte, byte, 255 - byte, byte]);
            let Sum { left, right, .. } = challenge.sum;
            assert!(right >= 1 && right <= left && left <= 19);
            assert!(challenge.digits.bytes().all(|digit| (b'2'..=b'9').contains(&digit)));
        }
    }
}
