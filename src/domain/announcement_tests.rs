use super::*;

fn announcement(stage: Stage) -> Announcement {
    Announcement {
        id: AnnouncementId::new(),
        written: Written::read(Purpose::Notice, "Snow", "We are closed.", Audience::School)
            .expect("good words"),
        version: 3,
        author: "a".to_owned(),
        writers: vec!["a".to_owned(), "b".to_owned()],
        saved_at: Timestamp::UNIX_EPOCH,
        asked_by: Some("c".to_owned()),
        decision: None,
        queued_by: None,
        cancelled_by: None,
        stage,
    }
}

#[test]
fn whoever_wrote_or_asked_never_decides() {
    let asked = announcement(Stage::Asked);

    let who = ["a", "b", "c", "d"].map(|by| asked.may_be_decided(by));

    let own = Err(NotNow::OwnWords);
    assert_eq!(who, [own, own, own, Ok(())]);
    assert_eq!(announcement(Stage::Draft).may_be_decided("d"), Err(NotNow::NotAsked));
    assert_eq!(announcement(Stage::Approved).may_be_decided("d"), Err(NotNow::NotAsked));
}

#[test]
fn what_needs_approval_is_queued_only_when_it_is_approved() {
    let at = Timestamp::UNIX_EPOCH;
    let stages = [
        (Stage::Draft, Err(NotNow::NeedsApproval), Ok(())),
        (Stage::Asked, Err(NotNow::NeedsApproval), Ok(())),
        (Stage::Approved, Ok(()), Ok(())),
        (Stage::Declined, Err(NotNow::Declined), Err(NotNow::Declined)),
        (Stage::Queued { send_at: at }, Err(NotNow::Queued), Err(NotNow::Queued)),
        (Stage::Sent { at }, Err(NotNow::Sent), Err(NotNow::Sent)),
        (Stage::Cancelled { at }, Err(NotNow::Sent), Err(NotNow::Sent)),
    ];

    for (stage, with, without) in stages {
        let one = announcement(stage);
        assert_eq!((one.may_be_queued(true), one.may_be_queued(false)), (with, without), "{one:?}");
    }
}

#[test]
fn a_title_is_one_line_that_fits_and_words_are_not_blank() {
    let read = |title: &str, text: &str| Written::read(Purpose::Notice, title, text, Audience::School);

    let good = read(" Winter \n fair ", "On Friday.\r\nCome!").expect("good words");
    let wrong = [
        read("", "x"),
        read(&"a".repeat(81), "x"),
        read("Fair\u{7}", "x"),
        read("Fair", " \n "),
        read("Fair", "x\u{7}"),
        read("Fair", &"a".repeat(10_001)),
        Written::read(Purpose::Reply, "Fair", "x", Audience::School),
    ];

    assert_eq!(good.title.expose(), "Winter fair");
    assert_eq!(good.words.expose(), "On Friday.\nCome!");
    assert!(wrong.iter().all(Result::is_err), "{wrong:?}");
}

#[test]
fn an_audience_is_read_as_it_is_written() {
    let all = [Audience::Class(ClassId::new()), Audience::Year("Year 3/4".to_owned()), Audience::School];

    for audience in all {
        assert_eq!(audience.to_string().parse(), Ok(audience));
    }
    for wrong in ["", "class/", "class/oak", "year/", "school/", "everybody"] {
        assert!(wrong.parse::<Audience>().is_err(), "{wrong}");
    }
}

#[test]
fn what_is_urgent_says_why_and_nothing_else_does() {
    let urgent = |because: &str| Written::read_urgent(because, "Gas", "Come now.", Audience::School);

    let good = urgent(" a  leak ").expect("good");
    assert_eq!(good.purpose, Purpose::Urgent);
    assert_eq!(good.urgent_because.map(|why| why.expose().clone()).as_deref(), Some("a leak"));
    for because in ["", "  ", &"x".repeat(501)] {
        assert_eq!(urgent(because).map_err(|wrong| wrong.field).err(), Some("because"), "{because:?}");
    }
    let without = Written::read(Purpose::Urgent, "Gas", "Come now.", Audience::School);
    assert_eq!(without.map_err(|wrong| wrong.field).err(), Some("purpose"), "without a reason it is none");
    let notice = Written::read(Purpose::Notice, "Gas", "Come now.", Audience::School).expect("good");
    assert_eq!(notice.urgent_because, None);
}
