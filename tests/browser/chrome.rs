//! A browser of a test's own, and what a person does with one: follows a link, fills in a field, presses a button.

use std::{
    io::{BufRead as _, BufReader},
    panic::{AssertUnwindSafe, resume_unwind},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures_util::FutureExt as _;
use liaison::domain::staff::Role;
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::{ChromiumLikeCapabilities as _, prelude::*};

use crate::{served::Served, support::staffed::email_of};

const DRIVER: &str = "chromedriver";

/// Chromium's driver; it ends with the test.
struct Driver {
    server: Child,
    url: String,
    // Read no more, and kept open: a driver that cannot speak ends.
    _said: BufReader<ChildStdout>,
}

impl Driver {
    fn start() -> Self {
        // It chooses a port for one kind of address and then asks for the same of the other kind, which another browser
        // may have taken meanwhile: then it ends.
        (0..10).find_map(|_| Self::try_start()).unwrap_or_else(|| panic!("{DRIVER} ended at once, ten times"))
    }

    /// `None` where it ended before it listened.
    fn try_start() -> Option<Self> {
        let mut server = Command::new(DRIVER)
            // So that dates are written as here.
            .envs([("LANGUAGE", "en_GB"), ("TZ", "Europe/London")])
            .args(["--port=0", "--log-level=SEVERE"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{DRIVER} cannot be started ({error}): run tests/run browser"));
        let mut said = BufReader::new(server.stdout.take().expect("its words"));
        let mut line = String::new();
        while said.read_line(&mut line).expect("a line") > 0 {
            if let Some((_, port)) = line.trim_end().trim_end_matches('.').split_once("successfully on port ")
            {
                return Some(Self { server, url: format!("http://127.0.0.1:{port}"), _said: said });
            }
            line.clear();
        }
        let ended = server.wait().expect("its end");
        eprintln!("{DRIVER} ended before it listened: {ended}");
        None
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Whether pages may run scripts. Ours have none, and must do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scripts {
    On,
    Off,
}

/// A browser with one window.
pub(crate) struct Chrome {
    web: WebDriver,
    driver: Driver,
    site: String,
    raw: reqwest::Client,
    _profile: TempDir,
}

/// Does this with a browser at the school's pages, and closes it whatever happens.
pub(crate) async fn with_chrome(school: &Served, scripts: Scripts, work: impl AsyncFnOnce(&Chrome)) {
    let chrome = Chrome::open(school, scripts).await;
    let done = AssertUnwindSafe(work(&chrome)).catch_unwind().await;
    if done.is_err() {
        let kept = screenshots().join("failed.png");
        let _ = chrome.web.screenshot(&kept).await;
        eprintln!("the page at which it failed: {} at {:?}", kept.display(), chrome.web.current_url().await);
    }
    chrome.web.clone().quit().await.expect("quit");
    if let Err(panic) = done {
        resume_unwind(panic);
    }
}

/// Where pictures are kept.
pub(crate) fn screenshots() -> PathBuf {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let folder = target.parent().expect("the target folder").join("screenshots");
    std::fs::create_dir_all(&folder).expect("a folder for screenshots");
    folder
}

fn capabilities(profile: &TempDir, scripts: Scripts) -> Capabilities {
    let mut capabilities = DesiredCapabilities::chrome();
    for argument in [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-default-apps",
        "--disable-extensions",
        "--no-first-run",
        "--no-default-browser-check",
        "--no-proxy-server",
        "--lang=en-GB",
        // No name but this machine's is found.
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ] {
        capabilities.add_arg(argument).expect("an argument");
    }
    capabilities.add_arg(&format!("--user-data-dir={}", profile.path().display())).expect("a profile");
    if scripts == Scripts::Off {
        let off = json!({
            "profile.default_content_setting_values.javascript": 2,
            "profile.managed_default_content_settings.javascript": 2,
        });
        capabilities.add_experimental_option("prefs", off).expect("preferences");
    }
    capabilities.into()
}

impl Chrome {
    async fn open(school: &Served, scripts: Scripts) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let driver = Driver::start();
        let profile = TempDir::new().expect("a profile");
        let web = WebDriver::new(&driver.url, capabilities(&profile, scripts)).await.expect("start Chromium");
        let raw = reqwest::Client::builder().no_proxy().build().expect("a client");
        let chrome = Self { web, driver, site: school.url.clone(), raw, _profile: profile };
        chrome
            .web
            .goto("data:text/html,<title>off</title><script>document.title='on'</script>")
            .await
            .unwrap();
        let said = chrome.web.title().await.unwrap();
        assert_eq!(said == "on", scripts == Scripts::On, "scripts are not {scripts:?}");
        chrome
    }

    /// Opens a page of the school.
    pub(crate) async fn go(&self, path: &str) {
        self.web.goto(format!("{}{path}", self.site)).await.expect("open a page");
    }

    /// Signs this colleague in without the form.
    pub(crate) async fn enter(&self, school: &Served, role: Role) {
        let session = school.staffed.session_of(email_of(role)).await;
        self.go("/sign-in").await;
        self.web.delete_all_cookies().await.expect("forget");
        let mut cookie = Cookie::new("liaison", session);
        cookie.set_path("/");
        self.web.add_cookie(cookie).await.expect("a session");
        self.go("/").await;
    }

    /// All that the page shows.
    pub(crate) async fn text(&self) -> String {
        self.web.find(By::Css("body")).await.expect("a page").text().await.expect("its text")
    }

    /// Where the browser is, within the site.
    pub(crate) async fn path(&self) -> String {
        let url = self.web.current_url().await.expect("an address");
        url.as_str().replace(&self.site, "")
    }

    /// Does what leads to another page, and waits until that page is there.
    pub(crate) async fn turn(&self, deed: impl Future<Output = ()>) {
        self.ask("window.isOld = true").await;
        deed.await;
        let there = "return !window.isOld && document.readyState === 'complete'";
        let until = Instant::now() + Duration::from_secs(30);
        // Between two pages there is none that could be asked.
        while !self.web.execute(there, Vec::new()).await.is_ok_and(|said| *said.json() == true) {
            assert!(Instant::now() < until, "the page {} was not left", self.path().await);
        }
    }

    async fn one(&self, what: &str, xpath: String) -> WebElement {
        if let Ok(found) = self.web.find(By::XPath(xpath)).await {
            return found;
        }
        panic!("no {what} on the page {}: {}", self.path().await, self.text().await)
    }

    /// Follows the first visible link with these words; where the menu is folded, it is opened first.
    pub(crate) async fn follow(&self, words: &str) {
        let links = format!("//a[contains(normalize-space(.), {})]", quoted(words));
        for folded in [true, false] {
            for link in self.web.find_all(By::XPath(links.as_str())).await.expect("links") {
                if link.is_displayed().await.expect("seen or not") {
                    return self.turn(async { link.click().await.expect("follow it") }).await;
                }
            }
            if folded {
                self.unfold("Menu").await;
            }
        }
        panic!("no link '{words}' on the page {}: {}", self.path().await, self.text().await);
    }

    /// Presses the button with these words.
    pub(crate) async fn press(&self, words: &str) {
        let button = self.one(words, format!("//button[normalize-space(.)={}]", quoted(words))).await;
        self.turn(async { button.click().await.expect("press it") }).await;
    }

    /// Opens or closes what is folded behind these words.
    pub(crate) async fn unfold(&self, words: &str) {
        let summary = self.one(words, format!("//summary[normalize-space(.)={}]", quoted(words))).await;
        summary.click().await.expect("unfold it");
    }

    /// The visible field with this label.
    async fn field(&self, label: &str) -> WebElement {
        let labels = format!("//label[contains(normalize-space(.), {})]", quoted(label));
        for found in self.web.find_all(By::XPath(labels)).await.expect("labels") {
            if found.is_displayed().await.expect("seen or not") {
                let id = found.attr("for").await.expect("an attribute").expect("of a field");
                return self.web.find(By::Id(id)).await.expect("the field");
            }
        }
        panic!("no field '{label}' on the page {}: {}", self.path().await, self.text().await)
    }

    /// Writes this into the field with this label, in place of what stood there.
    pub(crate) async fn fill(&self, label: &str, words: &str) {
        let field = self.field(label).await;
        field.clear().await.expect("clear it");
        field.send_keys(words).await.expect("write");
    }

    /// Ticks the box, or chooses the answer, with this label.
    pub(crate) async fn tick(&self, label: &str) {
        self.field(label).await.click().await.expect("tick it");
    }

    /// What the field with this label holds.
    pub(crate) async fn holds(&self, label: &str) -> String {
        self.field(label).await.prop("value").await.expect("a value").unwrap_or_default()
    }

    /// What a script of the test says; it runs whatever pages may.
    pub(crate) async fn ask(&self, script: &str) -> Value {
        self.web.execute(script, Vec::new()).await.expect("a script").json().clone()
    }

    /// What a script says when it calls its last argument.
    pub(crate) async fn wait_for(&self, script: &str) -> Value {
        self.web.execute_async(script, Vec::new()).await.expect("a script").json().clone()
    }

    /// A command of Chromium's own.
    async fn command(&self, command: &str, parameters: Value) -> Value {
        let session = self.web.session_id();
        let url = format!("{}/session/{session}/goog/cdp/execute", self.driver.url);
        let asked = self.raw.post(url).json(&json!({ "cmd": command, "params": parameters }));
        let answer: Value = asked.send().await.expect("an answer").json().await.expect("JSON");
        assert!(answer["value"].get("error").is_none(), "{command}: {answer}");
        answer["value"].clone()
    }

    /// Makes the window this wide, in CSS pixels, of so many pixels of the screen each.
    pub(crate) async fn resize(&self, width: u32, scale: u32) {
        let size = json!({ "width": width, "height": 800, "deviceScaleFactor": scale, "mobile": false });
        self.command("Emulation.setDeviceMetricsOverride", size).await;
        // As on a phone, where they take no room.
        self.command("Emulation.setScrollbarsHidden", json!({ "hidden": true })).await;
    }

    /// Keeps a picture of the whole page under this name.
    pub(crate) async fn picture(&self, name: &str) {
        let size =
            self.ask("const d = document.documentElement; return [d.clientWidth, d.scrollHeight]").await;
        let clip = json!({ "x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1 });
        let how = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let taken = self.command("Page.captureScreenshot", how).await;
        let png = BASE64_STANDARD.decode(taken["data"].as_str().expect("a picture")).expect("base64");
        std::fs::write(screenshots().join(format!("{name}.png")), png).expect("keep the picture");
    }

    /// Presses Enter where the focus is on what leads to another page.
    pub(crate) async fn enter_key(&self) {
        self.turn(self.key(Key::Enter)).await;
    }

    /// Presses a key wherever the focus is.
    pub(crate) async fn key(&self, key: Key) {
        self.web.action_chain().send_keys(key + "").perform().await.expect("a key");
    }

    /// Types wherever the focus is.
    pub(crate) async fn type_in(&self, words: &str) {
        self.web.action_chain().send_keys(words).perform().await.expect("keys");
    }
}

/// As `XPath` writes words. They may hold either kind of quotation mark, not both.
fn quoted(words: &str) -> String {
    if words.contains('\'') { format!("\"{words}\"") } else { format!("'{words}'") }
}
