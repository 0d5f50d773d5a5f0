//! Texts from carers: kept before the provider is answered, found when its post was lost, and "stop" heeded.

use axum::{body::Body, http::Request};
use liaison::{flows::texts::catch_up, store::Store, web};
use sqlx::postgres::PgConnectOptions;
use tower::ServiceExt as _;

use super::{AMINA, HER_NUMBER, WORDS};
use crate::support::{
    inbound::{Letter, TEXT_URL, post_to},
    people::{Roll, carer, one_by_email, one_by_text, pupil},
    proxy::{Cut, Proxy},
    school::{School, sender},
};

const KEPT: &str = "select count(*)::text from received";
const STATUS: &str = "select kind || ' ' || status from address where status <> 'good'";

#[tokio::test]
async fn a_text_is_kept_owned_on_the_clock_and_acknowledged_in_one_part() {
    let school = School::open(&one_by_text()).await;

    let seen = school.text_arrives(HER_NUMBER, "Sam has a cough, is that all right?").await;
    school.deliver().await;

    assert_eq!((seen.carer.as_deref(), seen.pupil.as_deref()), (Some("Amina Begum"), Some("Sam Ash")));
    assert_eq!(seen.answered.as_deref(), Some("acknowledged"));
    assert_eq!(school.clocks().await, ["answer running 2026-11-27 17:00"]);
    let [ack] = school.texts.messages().try_into().unwrap();
    assert_eq!(ack.to, HER_NUMBER);
    assert!(ack.body.contains("Fri 27 Nov") && ack.body.len() <= 160, "{}", ack.body);
    assert!(!ack.body.contains("Sam") && !ack.body.contains("cough"), "{}", ack.body);
    assert_eq!(school.mail.taken(), 0);
    school.close().await;
}

#[tokio::test]
async fn a_forged_post_is_refused_counted_and_leaves_no_trace() {
    let school = School::open(&one_by_text()).await;
    let router = web::router(school.gateway.clone(), web::Site::default());
    let post = school.texts.receive(TEXT_URL, HER_NUMBER, "When is the trip?", 0).tampered();
    let request = || {
        let with = post.headers.iter();
        let request =
            with.fold(Request::post(&post.path_and_query), |r, (name, value)| r.header(name, value));
        request.body(Body::from(post.body.clone())).unwrap()
    };

    for _ in 0..3 {
        assert_eq!(router.clone().oneshot(request()).await.unwrap().status(), 403);
    }
    let metrics = router.oneshot(Request::get("/metrics").body(Body::empty()).unwrap()).await.unwrap();
    let metrics = axum::body::to_bytes(metrics.into_body(), 65_536).await.unwrap();

    let metrics = String::from_utf8(metrics.to_vec()).unwrap();
    assert!(
        metrics.contains("liaison_webhook_refused_total{channel=\"texts\",reason=\"wrong\"} 3"),
        "{metrics}"
    );
    assert_eq!((school.rows(KEPT).await, school.understand().await), (vec!["0".to_owned()], 0));
    school.close().await;
}

#[tokio::test]
async fn a_post_repeated_five_times_at_once_is_one_message() {
    let school = School::open(&one_by_text()).await;
    let post = school.texts.receive(TEXT_URL, HER_NUMBER, "When is the trip?", 0);

    let posts = [(); 5].map(|()| school.post(&post));
    let answers = futures_util::future::join_all(posts).await;
    school.understand().await;
    school.deliver().await;

    assert_eq!(answers, [200; 5]);
    assert_eq!(school.rows(KEPT).await, ["1"]);
    assert_eq!((school.cases().await.len(), school.texts.posted()), (1, 1));
    school.close().await;
}

#[tokio::test]
async fn the_same_words_twice_are_two_texts_and_statuses_of_ours_are_no_texts() {
    let school = School::open(&one_by_text()).await;
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;
    let ours = school.texts.messages()[0].sid.clone();

    for status in ["sent", "delivered", "read"] {
        let report = school.texts.callback_request(&ours, status, None).unwrap();
        assert_eq!(school.post(&report).await, 200, "{status}");
    }
    school.text_arrives(HER_NUMBER, "Ok.").await;
    school.text_arrives(HER_NUMBER, "Ok.").await;

    assert_eq!(
        school.rows("select status from receipt order by status").await,
        ["delivered", "read", "sent"]
    );
    assert_eq!(school.rows(KEPT).await, ["2"]);
    assert!(school.states().await.contains(&"Amina Begum text delivered".to_owned()));
    school.close().await;
}

#[tokio::test]
async fn while_postgres_is_away_the_provider_is_told_so_and_the_text_is_found_later() {
    let school = School::open(&one_by_text()).await;
    school.real_time();
    let texts = sender(&school.gateway, "texts").clone();
    catch_up(&school.gateway, texts.as_ref()).await.unwrap();
    let nowhere = PgConnectOptions::new().socket("/nonexistent").database("none");
    let away = school.another_daemon(Store::open(nowhere, 1));
    let post = school.texts.receive(TEXT_URL, HER_NUMBER, "When is the trip?", 0);

    let answer = post_to(&away, &post).await;
    let found = catch_up(&school.gateway, texts.as_ref()).await.unwrap();
    let again = catch_up(&school.gateway, texts.as_ref()).await.unwrap();
    let late = school.post(&post).await;
    school.understand().await;

    assert_eq!((answer, found, again, late), (503, Some(1), Some(0), 200));
    assert_eq!(school.rows(KEPT).await, ["1"]);
    assert_eq!(school.cases().await.len(), 1);
    school.close().await;
}

#[tokio::test]
async fn a_text_is_there_before_the_provider_is_told_that_we_have_it() {
    for cut in [Cut::BeforeCommit, Cut::AfterCommit] {
        let school = School::open(&one_by_text()).await;
        let line = Proxy::to(&school.db.owner());
        let shaky = school.another_daemon(line.store());
        let post = school.texts.receive(TEXT_URL, HER_NUMBER, "When is the trip?", 0);
        line.cut(cut);

        let first = post_to(&shaky, &post).await;
        let kept = school.rows(KEPT).await;
        let second = post_to(&shaky, &post).await;

        assert!(line.has_cut());
        assert_eq!((first, second), (503, 200), "{cut:?}");
        assert_eq!(kept, [if cut == Cut::AfterCommit { "1" } else { "0" }]);
        assert_eq!(school.rows(KEPT).await, ["1"]);
        school.close().await;
    }
}

#[tokio::test]
async fn a_text_whose_post_was_lost_is_found_in_the_list_and_older_ones_are_left() {
    let school = School::open(&one_by_text()).await;
    school.texts.clock_ahead(jiff::SignedDuration::from_hours(-1));
    school.texts.arrive(HER_NUMBER, "from before", 0);
    school.texts.clock_ahead(jiff::SignedDuration::ZERO);
    school.real_time();
    let texts = sender(&school.gateway, "texts").clone();

    let first = catch_up(&school.gateway, texts.as_ref()).await.unwrap();
    school.texts.arrive(HER_NUMBER, "When is the trip?", 0);
    let known = school.texts.receive(TEXT_URL, HER_NUMBER, "And what to bring?", 0);
    school.post(&known).await;
    let second = catch_up(&school.gateway, texts.as_ref()).await.unwrap();
    school.understand().await;

    assert_eq!((first, second), (Some(0), Some(1)));
    assert_eq!(
        school.rows("select form from received order by form").await,
        ["twilio_listed", "twilio_post"]
    );
    assert_eq!(school.cases().await.len(), 1, "the second belongs to the first");
    school.close().await;
}

#[tokio::test]
async fn stop_is_heeded_told_never_answered_and_the_next_update_goes_by_the_next_route() {
    for word in ["STOP", "Stop.", "stop please"] {
        let school = School::open(&one_by_text()).await;

        let seen = school.text_arrives(HER_NUMBER, word).await;
        school.deliver().await;
        let silent = school.texts.posted();
        school.queue(&[("P1", WORDS)]).await;
        school.deliver().await;

        assert_eq!((seen.kind.as_deref(), silent), (Some("opt_out"), 0), "{word}");
        assert_eq!(school.rows(STATUS).await, ["mobile stopped"]);
        assert_eq!(school.states().await, ["Amina Begum email submitted"]);
        assert_eq!(
            school.to_do().await,
            ["check_address for Amina Begum", "opted_out for Amina Begum"],
            "the office agrees another way, and the teacher is told"
        );
        assert_eq!((school.cases().await.len(), school.told("address_failing").await), (0, 1));
        school.close().await;
    }
}

#[tokio::test]
async fn stop_is_told_once_to_each_teacher_and_in_the_record_of_each_child() {
    let school = School::open(&Roll::new(
        &[
            pupil("P1", "Sam", "Ash"),
            pupil("P2", "Mia", "Ash").with("class", "Rowan"),
            pupil("P3", "Leo", "Ash").with("leaving_date", "2026-07-17"),
        ],
        &["P1", "P2", "P3"]
            .map(|child| carer(child, "C1", "Amina", "Begum").mobile("07700 900101").email(AMINA)),
    ))
    .await;

    school.text_arrives(HER_NUMBER, "STOP").await;
    school.text_arrives(HER_NUMBER, "Stop!").await;

    let told = school
        .rows(
            "select legal_forename || ' ' || t.role from task t join pupil p on p.id = t.pupil_id
             where t.kind = 'opted_out' order by 1",
        )
        .await;
    assert_eq!(told, ["Mia teacher", "Sam teacher"]);
    let written = school
        .rows(
            "select legal_forename from chronology_entry e join pupil p on p.id = e.pupil_id
             where e.sentence like 'asked for no more texts%' group by 1 order by 1",
        )
        .await;
    assert_eq!(written, ["Leo", "Mia", "Sam"]);
    school.close().await;
}

#[tokio::test]
async fn stop_from_a_shared_number_is_told_to_the_teachers_of_all_who_share_it() {
    let shares = |child: &str, reference: &str, name: &str| {
        carer(child, reference, name, "Ash").mobile("07700 900101").email(&format!("{name}@home.example"))
    };
    let school = School::open(&Roll::new(
        &[pupil("P1", "Sam", "Ash"), pupil("P2", "Tia", "Birch").with("class", "Rowan")],
        &[shares("P1", "C1", "Amina"), shares("P2", "C2", "Bilal")],
    ))
    .await;

    school.text_arrives(HER_NUMBER, "STOP").await;

    let told = school.rows("select legal_forename from task t join pupil p on p.id = t.pupil_id where kind = 'opted_out' order by 1").await;
    assert_eq!(told, ["Sam", "Tia"]);
    school.close().await;
}

#[tokio::test]
async fn what_the_provider_took_for_a_stop_is_one_in_whatever_words() {
    let school = School::open(&one_by_text()).await;
    let told = |word: &str| {
        let mut taken = school.texts.arrive(HER_NUMBER, "ARRET", 0);
        taken.sid = format!("SM{}", uuid::Uuid::now_v7().simple());
        taken.fields.insert("OptOutType".to_owned(), word.to_owned());
        let sid = taken.sid.clone();
        school.texts.plant(taken);
        school.texts.text_request(TEXT_URL, &sid).expect("planted")
    };

    for (word, status) in [("HELP", "good"), ("STOP", "stopped"), ("START", "good")] {
        assert_eq!(school.post(&told(word)).await, 200);
        school.understand().await;
        let mobile = "select status from address where kind = 'mobile'";
        assert_eq!(school.rows(mobile).await, [status], "{word}");
    }
    school.close().await;
}

#[tokio::test]
async fn a_sentence_with_stop_in_it_is_for_a_teacher() {
    let school = School::open(&one_by_text()).await;

    let seen = school.text_arrives(HER_NUMBER, "stop sending him in wet clothes").await;

    assert_eq!(seen.kind.as_deref(), Some("human"));
    assert_eq!((school.rows(STATUS).await, school.cases().await.len()), (Vec::new(), 1));
    school.close().await;
}

#[tokio::test]
async fn start_opens_the_number_again_and_says_nothing_to_others() {
    let school = School::open(&one_by_text()).await;

    let alone = school.text_arrives(HER_NUMBER, "Yes").await;
    let untold = school.told("address_failing").await;
    school.text_arrives(HER_NUMBER, "STOP").await;
    let told = school.to_do().await;
    let start = school.text_arrives(HER_NUMBER, "START").await;
    let stranger = school.text_arrives("+447700900999", "START").await;
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;

    assert_eq!(alone.kind.as_deref(), Some("human"), "nothing was stopped: it is an answer");
    assert_eq!(untold, 0, "nor is a wish on record");
    assert_eq!(start.kind.as_deref(), Some("opt_in"));
    assert!(told.contains(&"opted_out for Amina Begum".to_owned()), "{told:?}");
    assert_eq!(
        school.to_do().await,
        ["check_address for Amina Begum"],
        "the teacher is not told what is over"
    );
    assert_eq!(stranger.kind.as_deref(), Some("human"));
    assert_eq!(school.rows(STATUS).await, Vec::<String>::new());
    assert!(school.states().await.contains(&"Amina Begum text submitted".to_owned()));
    assert_eq!(school.question().await.kind, "who_is_this");
    school.close().await;
}

#[tokio::test]
async fn cancel_is_a_message_like_any_other_with_a_warning_for_the_office() {
    let school = School::open(&one_by_text()).await;

    let seen = school.text_arrives(HER_NUMBER, "Cancel").await;

    assert_eq!(seen.kind.as_deref(), Some("human"));
    assert_eq!(school.rows(STATUS).await, Vec::<String>::new());
    assert!(school.task("check_address").await.why.contains("may have taken for STOP"));
    assert_eq!(school.clocks().await.len(), 1);
    school.close().await;
}

#[tokio::test]
async fn a_stop_by_mail_is_no_opt_out_of_texts() {
    let school = School::open(&one_by_email()).await;

    let seen = school.arrives(&Letter::from(AMINA).says("STOP")).await;

    assert_eq!(seen.kind.as_deref(), Some("human"));
    assert_eq!(school.rows(STATUS).await, Vec::<String>::new());
    school.close().await;
}

#[tokio::test]
async fn a_picture_alone_and_a_text_without_words_are_for_a_person() {
    let school = School::open(&one_by_text()).await;

    let picture = school.text_with(HER_NUMBER, "", 1).await;
    let empty = school.text_arrives(HER_NUMBER, "").await;

    for seen in [picture, empty] {
        assert_eq!((seen.kind.as_deref(), seen.carer.as_deref()), (Some("human"), Some("Amina Begum")));
    }
    assert_eq!(school.case().await.subject, "(no words)");
    assert_eq!(school.clocks().await.len(), 2);
    school.close().await;
}

#[tokio::test]
async fn a_text_from_no_number_is_kept_and_asked_about() {
    let school = School::open(&one_by_text()).await;

    for from in ["GOV.UK", "60006", "+33612345678"] {
        let seen = school.text_arrives(from, "Your parcel").await;
        assert_eq!((seen.kind.as_deref(), seen.carer), (Some("human"), None), "{from}");
    }
    school.deliver().await;

    assert_eq!((school.questions().await.len(), school.texts.posted()), (3, 0));
    school.close().await;
}
