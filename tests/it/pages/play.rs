//! The demo's game: a newcomer plays a carer. Anywhere else it does not exist.

use std::{fs, sync::Arc};

use liaison::{
    domain::staff::Role,
    flows::{mailbox::Mailbox, play::Play},
    web::{self, Site},
};
use liaison_channels::{ChannelConfig, message::ChannelId};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::{AMINA, Answer, Browser, Staffed};

/// A demo with folders as its channels fill them, and a browser in which nobody is signed in.
struct Demo {
    school: Staffed,
    folder: TempDir,
    player: Browser,
}

async fn demo() -> Demo {
    let school = Staffed::open().await;
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in ["inbox", "mail", "texts"] {
        fs::create_dir(at(name)).unwrap();
    }
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let phones = school.school.phones(&format!("http://{}", listener.local_addr().unwrap()));
    let play = Play { inbox: at("inbox"), mail: at("mail"), texts: at("texts"), phones };
    let site = Site {
        public_url: Some("http://127.0.0.1".to_owned()),
        demo: true,
        play: Some(play),
        ..Site::default()
    };
    let router = web::router(Arc::clone(&school.school.gateway), site);
    tokio::spawn(axum::serve(listener, router.clone()).into_future());
    let player = Browser { router, cookie: None };
    Demo { school, folder, player }
}

impl Demo {
    async fn page_of(&self, carer: &str) -> String {
        let sql = format!("select id::text from carer where contact_ref = '{carer}'");
        format!("/play/{}", self.school.school.rows(&sql).await[0])
    }

    async fn write(&mut self, page: &Answer, path: &str, by: &str, fields: &[(&str, &str)]) -> Answer {
        let form =
            page.body.split("<form ").find(|form| form.contains(&format!("name=\"by\" value=\"{by}\"")));
        let (_, once) = form.expect("the form").split_once("name=\"once\" value=\"").expect("its key");
        let once = once.split('"').next().unwrap();
        let mut all = vec![("once", once), ("by", by)];
        all.extend_from_slice(fields);
        self.player.post(path, &all).await
    }

    /// The daemon reads its mailbox and understands what came.
    async fn read(&self) {
        let config = serde_json::json!({
            "path": self.folder.path().join("inbox"), "addresses": ["parents@northfield.example"],
        });
        let config = ChannelConfig::read("inbox_folder", config).unwrap();
        let inbox = liaison_channels::open_inbox(ChannelId::parse("played").unwrap(), &config).unwrap();
        Mailbox::new(Arc::clone(&self.school.school.gateway), inbox).read().await.unwrap();
        self.school.school.understand().await;
    }
}

#[tokio::test]
async fn outside_the_demo_nobody_can_play_a_carer() {
    let school = Staffed::open().await;
    let (mut nobody, mut dsl) = (school.browser(), school.as_role(Role::Dsl).await);
    let amina = school.school.rows("select id::text from carer where contact_ref = 'C1'").await.remove(0);
    let once = [("once", "0192f0c1-0000-7000-8000-000000000001"), ("by", "text"), ("words", "Hello")];

    for path in ["/play".to_owned(), "/play/stranger".to_owned(), format!("/play/{amina}")] {
        assert_eq!(nobody.get(&path).await.status, 404, "{path}");
        assert_eq!(dsl.get(&path).await.status, 404, "{path}");
    }
    for path in ["/play/stranger".to_owned(), format!("/play/{amina}")] {
        assert_eq!(nobody.post(&path, &once).await.status, 404, "{path}");
        assert_eq!(dsl.post(&path, &once).await.status, 404, "{path}");
    }
    let kept = school.school.rows("select count(*)::text from received").await;
    assert_eq!(kept, ["4"], "no more than the school began with");
    assert!(!nobody.get("/sign-in").await.body.contains("/play"));
    school.close().await;
}

#[tokio::test]
async fn a_text_as_a_carer_becomes_a_case_once() {
    let mut demo = demo().await;
    let path = demo.page_of("C4").await;
    let page = demo.player.get(&path).await;

    let empty = demo.write(&page, &path, "text", &[("words", "  ")]).await;
    let first = demo.write(&page, &path, "text", &[("words", "Is Sam's coat there?")]).await;
    let again = demo.write(&page, &path, "text", &[("words", "Is Sam's coat there?")]).await;
    demo.school.school.understand().await;

    assert!(page.body.contains("Practice school") && page.body.contains("A game"), "{}", page.body);
    assert_eq!(empty.status, 422);
    assert_eq!((first.status, again.status), (303, 303));
    assert_eq!(first.to(), format!("{path}?done=played"));
    let dora: Vec<_> = demo.school.school.cases().await;
    assert_eq!(dora.iter().filter(|case| case.carer == "Dora Ash").count(), 1, "{dora:?}");
    assert_eq!(demo.school.school.rows("select count(*)::text from received").await, ["5"]);
    let nowhere = demo.player.get("/nowhere").await;
    assert!(
        nowhere.body.contains("Practice school") && nowhere.body.contains("Northfield School"),
        "{}",
        nowhere.body
    );
    demo.school.close().await;
}

#[tokio::test]
async fn a_carer_reads_only_what_left_for_them_and_answers_it() {
    let mut demo = demo().await;
    let mail = |to: &str, id: &str, words: &str| {
        format!(
            "From: parents@northfield.example\r\nTo: <{to}>\r\nSubject: Weekly update\r\nMessage-ID: <{id}>\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n"
        )
    };
    let folder = demo.folder.path().to_owned();
    fs::write(folder.join("mail/1.eml"), mail(AMINA, "1@northfield.example", "Sam sang <b>.")).unwrap();
    fs::write(folder.join("mail/2.eml"), mail("boris@family.example", "2@northfield.example", "Other words"))
        .unwrap();
    fs::write(
        folder.join("texts/3.txt"),
        "To: +447700900101\nFrom: +447700900900\nDate: now\n\nSam's news.\n",
    )
    .unwrap();
    let path = demo.page_of("C1").await;

    let page = demo.player.get(&path).await;
    let theirs = [("answers", "2@northfield.example"), ("words", "Not mine")];
    let theirs = demo.write(&page, &path, "email", &theirs).await;
    let answer = [("answers", "1@northfield.example"), ("words", "Thank you. Zo\u{eb}\nsends her love.")];
    let answered = demo.write(&page, &path, "email", &answer).await;
    demo.read().await;

    assert!(
        page.body.contains("Sam sang &#60;b&#62;.") && page.body.contains("Sam&#39;s news."),
        "{}",
        page.body
    );
    assert!(!page.body.contains("Other words"), "{}", page.body);
    assert_eq!((theirs.status, answered.status), (422, 303));
    let came = demo.school.school.received().await.pop().expect("what came last");
    assert_eq!((came.sender.as_deref(), came.kind.as_deref()), (Some(AMINA), Some("human")));
    let code = came.case.expect("a case");
    let case = demo.school.school.cases().await.into_iter().find(|case| case.code == code).expect("the case");
    assert_eq!(case.carer, "Amina Ash");
    let file = fs::read_dir(folder.join("inbox")).unwrap().next().unwrap().unwrap().path();
    assert!(fs::read_to_string(file).unwrap().contains("In-Reply-To: <1@northfield.example>\r\n"));
    let mut office = demo.school.as_role(Role::Office).await;
    let shown = office.get(&format!("/cases/{code}")).await.body;
    assert!(shown.contains("Zo\u{eb}\nsends her love."), "{shown}");
    demo.school.close().await;
}

#[tokio::test]
async fn a_stranger_is_asked_about_and_a_shared_phone_says_that_it_is() {
    let mut demo = demo().await;
    let before = demo.school.school.questions().await.len();
    let shared = super::two_classes().changed("C4", |carer| carer.mobile("07700 900103"));
    demo.school.school.import(&shared).await;

    let page = demo.player.get("/play/stranger").await;
    let wrote =
        demo.write(&page, "/play/stranger", "email", &[("answers", ""), ("words", "Is Sam in?")]).await;
    demo.read().await;
    let list = demo.player.get("/play").await.body;
    let dora = demo.page_of("C4").await;
    let phone = demo.player.get(&dora).await.body;

    assert_eq!(wrote.to(), "/play/stranger?done=played");
    assert_eq!(demo.school.school.questions().await.len(), before + 1);
    assert!(list.contains("Shares a phone"), "{list}");
    assert!(phone.contains("This phone is shared with"), "{phone}");
    demo.school.close().await;
}
