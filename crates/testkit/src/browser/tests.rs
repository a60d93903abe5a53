//! The browser on pages made for it.

use std::io::{BufRead, BufReader};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::json;

use super::*;
use crate::ports::PortPair;
use crate::site::{Answer, Site};

const PAGE: &str = "<!doctype html><html lang=en><meta name=viewport content='width=device-width'><title>Test</title>
    <main><h1>A page</h1>
    <p><label>Name <input autocomplete=off></label> <button disabled>Later</button> <button hidden>Never</button></p>
    <p><a href='/next'>Next page</a></p></main>
    <script>setTimeout(() => document.querySelector('button').disabled = false, 300)
    document.querySelector('button').onclick = () => document.querySelector('h1').textContent = 'Done by ' +
        document.querySelector('input').value</script>";

fn site() -> Site {
    Site::start(|request| match request.path.as_str() {
        "/" => Answer::html(PAGE),
        "/next" => Answer::status(302).with("Location", "/there"),
        "/there" => Answer::html("<!doctype html><title>There</title><p style='width: 2000px'><img src='/none.png'>"),
        "/language" => Answer::html(&format!("<p>{}</p>", request.field("Accept-Language").unwrap_or_default())),
        "/popup" => {
            Answer::html("<script>window.opened = !!open('/language', 'w', 'popup,width=400,height=300')</script>")
        }
        _ => Answer::status(404),
    })
}

/// What a failure says.
fn said(failing: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(failing)).expect_err("it did not fail");
    *panic.downcast::<String>().unwrap()
}

#[test]
fn it_reads_types_and_clicks() {
    let (site, browser) = (site(), Browser::start("en", &Options::default()));
    browser.open(&site.origin("localhost"));
    browser.wait_for_text_of(By::Heading("page"), "A page");
    assert!(browser.has(By::Button("Later")) && !browser.has(By::Button("Never")));
    browser.fill(By::Field("Name"), "nobody");
    browser.fill(By::Field("Name"), "測試");
    // It waits until the button lets itself be pressed.
    browser.click(By::Button("Later"));
    browser.wait_for_text("Done by 測試");
    browser.press(key::TAB);
    browser.wait_for_attribute_of(By::Focus, "href", Some("/next"));
    assert_eq!((browser.role_of(By::Focus), browser.label_of(By::Focus)), ("link".into(), "Next page".into()));
    browser.press(key::ENTER);
    browser.wait_for_url("/there");
    assert_eq!(browser.title(), "There");
    browser.back();
    assert_eq!(browser.title(), "Test");
}

/// A page that puts others in the place of all that is on it, every few milliseconds, and keeps count of clicks and words.
/// Asked for `?rests`, it does so in bursts: nobody hits what never stays.
const RESTLESS: &str = "<!doctype html><html lang=en><title>Restless</title><main></main><script>
    let clicks = 0, words = '', turn = 0;
    const draw = () => {
        const box = document.createElement('section');
        const told = ++turn < 300 ? '' : ` aria-describedby='error hint' aria-invalid=true`;
        box.innerHTML = `<h1>Turn <b>${turn % 2 ? 'odd' : 'even'}</b></h1><p class=error>${turn < 300 ? '' : 'It is wrong'}</p>
            <label>Name <input id=name${told}></label><button>Press</button><p id=clicks>${clicks} clicks</p>
            <ul>${['one', 'two', 'three', 'four', 'five', 'six'].map(one => `<li data-turn=${turn}>${one} ${turn}</li>`)
                .join('')}</ul>`;
        const field = box.querySelector('input');
        field.value = words;
        field.oninput = () => { words = field.value; };
        box.querySelector('button').onclick = () => { clicks += 1; };
        const focused = document.activeElement?.id;
        document.querySelector('main').replaceChildren(box);
        if (focused) field.focus();
    };
    draw();
    let tick = 0;
    setInterval(() => { if (location.search !== '?rests' || ++tick % 120 < 20) draw(); }, 4);
    </script>";

#[test]
fn a_page_that_draws_itself_anew_is_read_typed_into_and_clicked_on() {
    let site = Site::start(|_| Answer::html(RESTLESS));
    let browser = Browser::start("en", &Options::default());
    browser.open(&format!("{}/?rests", site.origin("localhost")));
    for clicks in 1..=5 {
        browser.click(By::Css("button"));
        browser.wait_for_text_of(By::Css("#clicks"), &format!("{clicks} clicks"));
        let name = format!("somebody {clicks}");
        browser.fill(By::Css("#name"), &name);
        browser.wait_for_value_of(By::Css("#name"), &name);
        assert_eq!(browser.label_of(By::Css("#name")), "Name");
        assert_eq!(browser.role_of(By::Css("button")), "button");
    }
    browser.wait_for_words_in(By::Heading("Turn"), "Turn");
    browser.open(&site.origin("localhost"));
    for _ in 0..30 {
        browser.find(By::Css("li:last-child"));
        assert!(browser.has(By::Css("#name")));
        assert!(browser.text_of(By::Css("h1")).starts_with("Turn "));
        assert!(browser.attribute_of(By::Css("li"), "data-turn").is_some());
        // All of them of one turn.
        let (texts, turns) = (browser.texts_of(By::Css("li")), browser.attributes_of(By::Css("li"), "data-turn"));
        let turn = texts[0].strip_prefix("one ").unwrap().to_owned();
        let expected: Vec<_> = ["one", "two", "three", "four", "five", "six"].map(|one| format!("{one} {turn}")).into();
        assert_eq!(texts, expected);
        assert!(turns.len() == 6 && turns.iter().all(|turn| *turn == turns[0]), "{turns:?}");
    }
    browser.wait_for_attribute_of(By::Css("#name"), "aria-invalid", Some("true"));
    browser.wait_for_attribute_of(By::Css("#name"), "aria-describedby", Some("error hint"));
    browser.wait_for_texts_of(By::Css(".error"), &["It is wrong"]);
    browser.wait_for_count_of(By::Css("li"), 6);
}

/// A page that goes on being drawn moves what is clicked on away at the worst moment: when the mouse is over it.
#[test]
fn what_moves_away_under_the_mouse_is_clicked_on() {
    let browser = Browser::start("en", &Options::default());
    browser.open(
        "data:text/html,<title>One</title><button id=one onmouseover=\"this.style.marginTop = '200px'\" \
        onclick=\"document.title += ' two'\">One</button><button id=three \
        onclick=\"document.title += ' three'; this.remove()\">Three</button>",
    );
    browser.click(By::Css("#one"));
    assert_eq!(browser.title(), "One two");
    browser.click(By::Css("#three"));
    assert_eq!(browser.title(), "One two three");
}

#[test]
fn what_does_not_become_as_wanted_is_told() {
    let browser = Browser::start("en", &Options::default());
    browser
        .open("data:text/html,<p><em id=one class=a>Words</em></p><p hidden>Hidden</p><select><option>Choice</option></select>");
    browser.patience.set(Duration::from_millis(200));
    let told = said(|| browser.wait_for_attribute_of(By::Css("em"), "class", Some("b")));
    assert!(told.contains(r#"Css("em") to have class = Some("b"); there is ["a"]"#), "{told}");
    let told = said(|| browser.wait_until_gone(By::Css("p")));
    assert!(told.contains(r#"Css("p") to go; there is ["Words"]"#), "{told}");
    browser.patience.set(PATIENCE);
    browser.wait_for_texts_of(By::Css("p, option"), &["Words", "Choice"]);
    browser.wait_for_attribute_of(By::Css("em"), "id", Some("one"));
    browser.wait_for_attribute_of(By::Css("em"), "title", None);
    browser.wait_until_gone(By::Css("[hidden]"));
}

#[test]
fn it_tells_what_was_asked_for() {
    let (site, browser) = (site(), Browser::start("zh-TW", &Options::default()));
    let origin = site.origin("localhost");
    browser.open(&format!("{origin}/language"));
    assert!(browser.text().starts_with("zh-TW"), "{}", browser.text());
    browser.forget_traffic();

    browser.open(&format!("{origin}/next"));
    let requests = browser.requests();
    let found = |path: &str| requests.iter().find(|request| request.url == format!("{origin}{path}")).unwrap();
    assert_eq!(
        (found("/next").status, found("/there").status, found("/none.png").status),
        (Some(302), Some(200), Some(404))
    );
    assert!(found("/there").bytes > 100 && found("/there").kind == "Document", "{requests:?}");
    assert!(browser.console_errors().iter().any(|line| line.contains("404")));
    browser.forget_traffic();
    assert!(browser.requests().is_empty() && browser.console_errors().is_empty());
}

#[test]
fn windows_open_on_a_click_only() {
    let (site, browser) = (site(), Browser::start("en", &Options::default()));
    let origin = site.origin("localhost");
    browser.open(&format!("{origin}/popup"));
    assert_eq!(browser.evaluate("window.opened"), json!(false));
    assert_eq!(browser.windows().len(), 1);

    let script = "document.body.innerHTML = '<button>Open</button>'; const url = arguments[0];
        document.querySelector('button').onclick = () => open(url, 'w', 'popup,width=400,height=300')";
    browser.run(script, &[json!(format!("{origin}/language"))]);
    let first = browser.window();
    browser.click(By::Button("Open"));
    let popup = browser.switch_to_popup();
    browser.wait_for_url("/language");
    // Without a screen, the height includes a title bar.
    assert_eq!(browser.size().0, 400);
    assert_eq!(browser.windows(), [first.clone(), popup.clone()]);
    browser.close_window();
    assert_eq!(browser.window(), first);
    assert!(!browser.is_open(&popup));
}

#[test]
fn it_judges_pages() {
    let (site, browser) = (site(), Browser::start("en", &Options::default()));
    let origin = site.origin("localhost");
    browser.open(&origin);
    browser.assert_reflows(&[320]);
    for (look, name, width) in [
        (Look::Desktop, "desktop", 1280),
        (Look::DesktopDark, "desktop-dark", 1280),
        (Look::Phone, "phone", 390),
        (Look::PhoneDark, "phone-dark", 390),
    ] {
        browser.judge("testkit", &[look]);
        let file = format!("{}/../../target/screenshots/testkit-{name}.png", env!("CARGO_MANIFEST_DIR"));
        let picture = std::fs::read(&file).unwrap();
        // The width stands in the header (PNG §11.2.1).
        assert_eq!(u32::from_be_bytes(picture[16..20].try_into().unwrap()), width, "{file}");
        std::fs::remove_file(&file).unwrap();
    }

    browser.open(&format!("{origin}/there"));
    let found = said(|| browser.axe());
    assert!(found.contains("image-alt (critical)") && found.contains("none.png"), "{found}");
    let wide = said(|| browser.assert_reflows(&[390]));
    assert!(wide.contains("wider than its screen") && wide.contains("2000px"), "{wide}");
}

#[test]
fn a_failure_tells_what_there_is_instead() {
    let (site, browser) = (site(), Browser::start("en", &Options::default()));
    let origin = site.origin("localhost");
    browser.open(&origin);
    browser.run("console.error('no wonder')", &[]);
    let told = said(|| browser.fail("waited in vain"));
    for part in ["waited in vain", &format!("{origin}/"), "title: Test", "windows: 1", "A page", "no wonder"] {
        assert!(told.contains(part), "{part:?}: {told}");
    }
    let closed = PortPair::claim().unwrap();
    let told = said(|| browser.open(&format!("http://127.0.0.1:{}/", closed.first)));
    assert!(told.contains("ERR_CONNECTION_REFUSED"), "{told}");
}

/// The tests with a language of their own see no Chromium of the others.
#[test]
fn nothing_of_a_test_is_seen_by_the_next() {
    let site = Site::start(|request| match request.path.as_str() {
        "/cached" => Answer::html("").with("Cache-Control", "max-age=600").with("Set-Cookie", "of=before; Max-Age=600"),
        _ => Answer::html(&format!("<p>{}</p>", request.field("Cookie").unwrap_or("no cookie"))),
    });
    let origin = site.origin("localhost");
    let kept = "localStorage.setItem('of', 'before'); indexedDB.open('before'); window.name = 'before'; \
                return caches.open('before').then(() => document.cookie)";
    let found = "return Promise.all([caches.keys(), indexedDB.databases(), navigator.permissions.query({name: 'geolocation'})]) \
        .then(([caches, databases, geolocation]) => [document.cookie, localStorage.length, caches, databases, \
            geolocation.state, window.name, window.planted ?? null, matchMedia('print').matches, innerWidth])";
    let first = Browser::start("fr", &Options::default());
    first.open(&format!("{origin}/"));
    let untouched = first.run(found, &[]);
    assert_eq!(untouched, json!(["", 0, [], [], "prompt", "", null, false, 1280]));
    let folder = first.chromium().folder.clone();
    first.run_before_pages("window.planted = 'before'");
    first.open(&format!("{origin}/cached"));
    assert_eq!(first.run(kept, &[]), "of=before");
    let granted = json!({"permissions": ["geolocation"], "origin": origin});
    first.cdp("Browser.grantPermissions", &granted);
    first.look(Look::Phone);
    first.cdp("Emulation.setEmulatedMedia", &json!({"media": "print"}));
    first.run("console.error('before')", &[]);
    first.open_tab();
    first.open(&format!("{origin}/other"));
    first.wait_for_text("of=before");
    assert_eq!(first.windows().len(), 2);
    // In the midst of it, without the window of the beginning.
    let windows = first.windows();
    first.switch_to(&windows[0]);
    first.close_window();
    drop(first);

    let second = Browser::start("fr", &Options::default());
    assert_eq!(second.chromium().folder, folder, "it is the same Chromium");
    assert_eq!(second.windows(), [second.window()]);
    assert_eq!((second.console_errors(), second.url()), (Vec::new(), "about:blank".into()));
    second.open(&format!("{origin}/"));
    second.wait_for_text("no cookie");
    assert_eq!(second.run(found, &[]), untouched);
    second.forget_traffic();
    second.open(&format!("{origin}/cached"));
    let cached = second.requests().into_iter().find(|request| request.url.ends_with("/cached")).unwrap();
    assert!(cached.bytes > 0, "it comes over the wire: {cached:?}");
}

#[test]
fn what_a_failed_test_had_is_thrown_away() {
    let mut folder = PathBuf::new();
    said(|| {
        let browser = Browser::start("de", &Options::default());
        folder = browser.chromium().folder.clone();
        panic!("{}", "it fails");
    });
    assert!(!folder.exists(), "its Chromium is gone");
}

#[test]
fn what_is_not_as_new_fails_the_next_test() {
    let site = site();
    let left = |leave: &dyn Fn(&mut Chromium)| {
        let mut browser = Browser::start("it", &Options::default());
        leave(browser.chromium.get_mut().as_mut().unwrap());
        drop(browser);
        said(|| drop(Browser::start("it", &Options::default())))
    };
    let told = left(&|chromium| drop(chromium.new_profile_beside().unwrap()));
    assert!(told.contains("a profile of an earlier test is still there"), "{told}");
    let told = left(&|chromium| drop(chromium.open_window(None, true).unwrap()));
    assert!(told.contains("a window of an earlier test is still there"), "{told}");
    let told = left(&|chromium| {
        chromium.session.post("/window", json!({"handle": chromium.first().0})).unwrap();
        chromium.session.post("/url", json!({"url": site.origin("localhost")})).unwrap();
    });
    assert!(told.contains("its first window has been used"), "{told}");
}

/// Set in the process that the test below starts.
const LEFT: &str = "KAIKA_TEST_TO_LEAVE_A_BROWSER";

#[test]
fn one_that_waits_ends_with_the_process() {
    if std::env::var_os(LEFT).is_some() {
        let browser = Browser::start("en", &Options::default());
        println!("\nfolder={}", browser.chromium().folder.display());
        return;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "browser::tests::one_that_waits_ends_with_the_process", "--nocapture"])
        .env(LEFT, "yes")
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{printed}");
    assert_ends(printed.lines().find_map(|line| line.strip_prefix("folder=")).unwrap());
}

/// The processes of a Chromium, which name their folder.
fn processes(folder: &str) -> usize {
    let processes = Command::new("ps").args(["-eo", "args"]).output().unwrap();
    String::from_utf8_lossy(&processes.stdout).lines().filter(|line| line.contains(folder)).count()
}

#[track_caller]
fn assert_ends(folder: &str) {
    let deadline = Instant::now() + PATIENCE;
    while processes(folder) > 0 || std::path::Path::new(folder).exists() {
        assert!(Instant::now() < deadline, "{folder} is still there, or {} processes of it", processes(folder));
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Set in the process that the test below starts and kills.
const KILLED: &str = "KAIKA_TEST_TO_BE_KILLED";

#[test]
fn it_ends_even_with_a_killed_process() {
    if std::env::var_os(KILLED).is_some() {
        let browser = Browser::start("en", &Options::default());
        println!("\nfolder={}", browser.chromium().folder.display());
        loop {
            std::thread::park();
        }
    }

    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "browser::tests::it_ends_even_with_a_killed_process", "--nocapture"])
        .env(KILLED, "yes")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let folder = lines.map(Result::unwrap).find_map(|line| Some(line.strip_prefix("folder=")?.to_owned())).unwrap();
    assert!(processes(&folder) > 3, "its processes name their folder");
    process.kill().unwrap();
    process.wait().unwrap();
    assert_ends(&folder);
}
