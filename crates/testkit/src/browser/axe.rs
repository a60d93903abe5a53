//! axe-core, the judge of accessibility: <https://github.com/dequelabs/axe-core>.
//!
//! `cargo xtask install` puts it into `target/judges/axe`, in the version that stands in xtask.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::Browser;

/// WCAG 2.0 to 2.2, A and AA, and what axe-core itself thinks good.
const TAGS: &[&str] = &["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

impl Browser {
    /// # Panics
    /// Where axe-core finds anything on the page, with rule, place and remedy of each.
    #[track_caller]
    pub fn axe(&self) {
        // A page that was judged before has it.
        if self.evaluate("typeof window.axe?.run") != "function" {
            let source = std::fs::read_to_string(script()).unwrap_or_else(|error| {
                panic!("axe-core is not installed in {} ({error}): run `cargo xtask install`", script().display())
            });
            // By the debugger's way in: the page's Content-Security-Policy lets no foreign script in.
            self.evaluate(&format!("{source};null"));
        }
        let options = json!({"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]});
        let found = self.evaluate(&format!("axe.run(document, {options}).then(found => found.violations)"));
        let Some(violations) = found.as_array() else { self.fail(&format!("got no answer from axe-core: {found}")) };
        if !violations.is_empty() {
            self.fail(&format!("shows a page in which axe-core finds:\n{}", listed(violations)));
        }
    }

    /// The value of an expression; a promise is waited for. It counts as nobody's click, so that windows which it opens
    /// are blocked.
    #[track_caller]
    pub fn evaluate(&self, expression: &str) -> Value {
        let asked =
            json!({"expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": false});
        let answer = self.cdp("Runtime.evaluate", &asked);
        if let Some(details) = answer.get("exceptionDetails") {
            self.fail(&format!("failed in a script: {}", details["exception"]["description"]));
        }
        answer["result"]["value"].clone()
    }
}

fn listed(violations: &[Value]) -> String {
    let mut list = String::new();
    for violation in violations {
        let word = |key: &str| violation[key].as_str().unwrap_or_default();
        writeln!(list, "{} ({}): {}", word("id"), word("impact"), word("help")).expect("a String takes all");
        for node in violation["nodes"].as_array().into_iter().flatten() {
            let summary = node["failureSummary"].as_str().unwrap_or_default().replace('\n', "\n      ");
            writeln!(list, "  {}\n      {summary}", node["html"].as_str().unwrap_or_default())
                .expect("a String takes all");
        }
    }
    list
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/judges/axe/axe_playwright_python/axe.min.js")
}
