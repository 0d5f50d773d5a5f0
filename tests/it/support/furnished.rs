//! A school in which every page has something to show: in plain words to look at, or in hostile ones to withstand.
//!
//! A new page's rows are put here, once, and then every test that walks the pages meets them.

use jiff::civil::date;
use liaison::{
    domain::{
        announcement::{Audience, Written},
        cadence::Milestone,
        contact::{ContactKind, Direction},
        ids::{PupilId, StaffId},
        people::Purpose,
        staff::Role,
        topic::Topic,
    },
    flows::{
        absences, announcements, attachments, audit, cases,
        cases::Reply,
        colleagues, complaint,
        contacts::{self, Contact},
        divert, life, milestones,
        proposals::{self, Sent},
        questions::{self, Says},
    },
};

use super::{
    inbound::Letter,
    people::{Roll, carer, pupil},
    school::School,
    staffed::{AMINA, BORIS, CLARA, Staffed, email_of},
};

/// Stands in every hostile string and nowhere else.
pub(crate) const MARK: &str = "zyxwv";

/// What people may be called or may write who mean us harm, or whose names our pages must bear.
pub(crate) const HOSTILE: [&str; 12] = [
    "<script>alert('zyxwv')</script>",
    "\"><img src=x onerror=zyxwv()>",
    "' onfocus='zyxwv()' autofocus='",
    "{{98765*98765}}{% zyxwv %}${98765*98765}",
    "\u{202e}zyxwv\u{2066}\u{200f}",
    "zyxwv \u{1f600}\u{1f469}\u{200d}\u{1f467}\u{1f3fd}",
    "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogochzyxwv",
    "&amp;&lt;zyxwv&gt;&#60;b&#62;",
    "</textarea></title></select><b>zyxwv",
    "javascript:zyxwv()",
    "\u{639}\u{627}\u{626}\u{634}\u{6c1} zyxwv \u{62e}\u{627}\u{646}",
    "--><!--zyxwv]]><?zyxwv",
];

/// All of it at once, over several lines.
pub(crate) fn hostile_words() -> String {
    HOSTILE.join("\n")
}

/// Whether the school's people are kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Plain,
    Hostile,
}

impl Mood {
    /// A name: the plain one, or the hostile one with this number.
    fn name(self, plain: &str, nth: usize) -> String {
        if self == Self::Plain { plain.to_owned() } else { HOSTILE[nth % HOSTILE.len()].to_owned() }
    }

    fn words(self, plain: &str) -> String {
        if self == Self::Plain { plain.to_owned() } else { hostile_words() }
    }
}

const EVE: &str = "eve@family.example";
const SHOP: &str = "shop@elsewhere.example";

/// Sam, Zoë and Noor of Oak, Tia of Rowan. Sam's father may not be told anything; Zoë's carers are rung and written to on
/// paper; Noor's mother reads Urdu; Tia's aunt is rung.
fn roll(mood: Mood) -> Roll {
    let n = |plain, nth| mood.name(plain, nth);
    let (oak, rowan) = (n("Oak", 0), n("Rowan", 1));
    Roll::new(
        &[
            pupil("P1", &n("Sam", 1), &n("Ash", 2)).with("class", &oak),
            pupil("P2", &n("Tia", 3), &n("Birch", 4)).with("class", &rowan),
            pupil("P3", &n("Zo\u{eb}", 5), &n("Featherstonehaugh-Cholmondeley", 6)).with("class", &oak),
            pupil("P4", &n("\u{646}\u{648}\u{631}", 10), &n("\u{62e}\u{627}\u{646}", 7)).with("class", &oak),
        ],
        &[
            carer("P1", "C1", &n("Amina", 8), &n("Ash", 9))
                .email(AMINA)
                .mobile("07700 900101")
                .lives_at(&n("1 Elm Row", 0))
                .with("best_times", &n("after four", 1)),
            carer("P1", "C2", &n("Boris", 10), &n("Czerny", 11)).email(BORIS).restricted(
                "no_contact",
                "",
                "",
            ),
            carer("P1", "C4", &n("Dora", 0), &n("Ash", 1)).mobile("07700 900104").wants("phone"),
            carer("P2", "C3", &n("Clara", 2), &n("Birch", 3))
                .email(CLARA)
                .mobile("07700 900103")
                .lives_at("3 Oak Lane"),
            carer("P2", "C8", &n("Gwen", 10), &n("Birch", 11)).mobile("07700 900108").wants("phone"),
            carer("P3", "C5", &n("Eve", 4), &n("Featherstonehaugh", 5))
                .email(EVE)
                .mobile("07700 900105")
                .wants("phone"),
            carer("P3", "C6", &n("Fred", 6), &n("Cholmondeley", 7)).lives_at("6 Mill Bank").wants("letter"),
            carer("P3", "C10", &n("Nadia", 2), &n("Featherstonehaugh", 3))
                .email("nadia@family.example")
                .mobile("07700 900110")
                .with("language", "ur")
                .with("interpreter", "ur"),
            carer("P3", "C9", &n("Hal", 7), &n("Featherstonehaugh", 8))
                .with("parental_responsibility", "no")
                .with("receives_correspondence", "no"),
            carer("P4", "C7", &n("\u{639}\u{627}\u{626}\u{634}\u{6c1}", 8), &n("\u{62e}\u{627}\u{646}", 9))
                .mobile("07700 900107")
                .with("language", "ur")
                .with("interpreter", "ur")
                .wants("sms"),
        ],
    )
}

/// The class whose teacher the school's teacher is.
pub(crate) fn own_class(mood: Mood) -> String {
    mood.name("Oak", 0)
}

impl Staffed {
    /// The furnished school.
    pub(crate) async fn furnished(mood: Mood) -> Self {
        let school = School::with(&roll(mood), |setup| {
            setup.policy.school.name = mood.name("Northfield School", 7);
        })
        .await;
        let names = [
            (Role::Teacher, "Hannah Barlow"),
            (Role::Office, "Olu Adeyemi"),
            (Role::Slt, "Siobhan Kelly"),
            (Role::Dsl, "Devika Rao"),
            (Role::Governor, "Gareth Price"),
            (Role::It, "Ivo Novak"),
        ];
        let name = |role| {
            let nth = names.iter().position(|(known, _)| *known == role).expect("one of each");
            mood.name(names[nth].1, nth)
        };
        let staffed = Self::of(school, &own_class(mood), name).await;
        staffed.letters(mood).await;
        staffed.updates(mood).await;
        staffed.cases(mood).await;
        staffed.contacts(mood).await;
        staffed.announcements(mood).await;
        staffed.administration(mood).await;
        staffed.absences(mood).await;
        staffed.lives(mood).await;
        staffed
    }

    /// Another teacher, of the other class; both teachers will be away.
    async fn absences(&self, mood: Mood) {
        let (gateway, other) = (&self.school.gateway, "rowan@northfield.example");
        let name = mood.name("Rhys Teale", 6);
        colleagues::add(gateway, &name, other, &[Role::Teacher], "test").await.expect("added");
        colleagues::set_classes(gateway, other, &[mood.name("Rowan", 1)], "test").await.expect("a class");
        let own = email_of(Role::Teacher);
        let days = [(date(2027, 1, 6), date(2027, 1, 8)), (date(2027, 1, 11), date(2027, 1, 11))];
        absences::record(gateway, own, days[0], other, "test").await.expect("recorded");
        absences::record(gateway, other, days[1], email_of(Role::Slt), "test").await.expect("recorded");
    }

    /// An arrangement that ends, a carer who has died, and a pupil who turns 18 and agrees that one carer goes on being told.
    async fn lives(&self, mood: Mood) {
        let gateway = &self.school.gateway;
        let slt = self.colleague(Role::Slt).await.to_string();
        let row = |sql: String| async move { self.school.rows(&sql).await.remove(0) };
        let link = |contact| {
            row(format!(
                "select l.id::text from link l join carer c on c.id = l.carer_id where c.contact_ref = '{contact}'"
            ))
        };
        self.sql("update pupil set date_of_birth = '2008-12-01' where pupil_ref = 'P3'").await;
        let (fred, eve) =
            (link("C6").await.parse().expect("an id"), link("C5").await.parse().expect("an id"));
        life::end_link(gateway, fred, date(2026, 12, 18), &slt).await.expect("recorded");
        life::agree(gateway, eve, &mood.words("Zo\u{eb}, in a talk."), &slt, &["slt"])
            .await
            .expect("recorded");
        let hal = row("select id::text from carer where contact_ref = 'C9'".to_owned()).await;
        let hal = life::Person::Carer(hal.parse().expect("an id"));
        life::record_death(gateway, hal, date(2026, 11, 22), &slt).await.expect("recorded");
        life::ask_ahead(gateway).await.expect("asked");
    }

    /// Notices that are written: to the school, to the teacher's own class and to the other one.
    async fn announcements(&self, mood: Mood) {
        let class = |name: String| async move {
            let found = format!("select id::text from class where name = $wanted${name}$wanted$");
            self.school.rows(&found).await[0].parse().expect("an id")
        };
        let own = Audience::Class(class(own_class(mood)).await);
        let other = Audience::Class(class(mood.name("Rowan", 1)).await);
        for (audience, role) in
            [(Audience::School, Role::Office), (own, Role::Teacher), (other, Role::Office)]
        {
            let title = mood.name("Closed on Friday", 2);
            let written = Written::read(Purpose::Notice, &title, &mood.words("It snows."), audience);
            let by = self.colleague(role).await.to_string();
            announcements::write(&self.school.gateway, &written.expect("good words"), &by)
                .await
                .expect("written");
        }
    }

    /// An import that waits for approval, and an audit.
    async fn administration(&self, mood: Mood) {
        let mut roll = roll(mood);
        roll.pupils.push(pupil("P9", &mood.name("Una", 8), &mood.name("New", 9)));
        let files = Sent {
            pupils: roll.pupils_csv().into_bytes().into(),
            contacts: roll.contacts_csv().into_bytes().into(),
        };
        let office = self.colleague(Role::Office).await.to_string();
        proposals::propose(&self.school.gateway, files, &office).await.expect("put up");
        let asked = audit::Asked { from: date(2026, 11, 2), until: date(2026, 11, 23), sample: 5 };
        let governor = self.colleague(Role::Governor).await;
        audit::make(&self.school.gateway, &asked, governor).await.expect("a pack");
        // Of a pupil of each class a review meeting.
        for pupil in ["P1", "P2"] {
            let (held, of) = (date(2026, 11, 2), self.pupil(pupil).await);
            milestones::record(&self.school.gateway, Milestone::AnnualReview, held, &[of], &office)
                .await
                .expect("recorded");
        }
    }

    pub(crate) async fn pupil(&self, reference: &str) -> PupilId {
        self.family_of(reference).await.replace("/families/", "").parse().expect("an id")
    }

    pub(crate) async fn colleague(&self, role: Role) -> StaffId {
        self.staff(email_of(role)).await
    }

    /// What parents and strangers wrote.
    async fn letters(&self, mood: Mood) {
        // A hostile subject unfolds into a header of its own, if anybody lets it.
        let subject = |plain: &str| match mood {
            Mood::Plain => plain.to_owned(),
            Mood::Hostile => format!("=?utf-8?q?{MARK}=0D=0AX-Evil:_{MARK}?= {}", HOSTILE[0]),
        };
        for (address, about, words) in [
            (AMINA, "His coat", "Has Sam got his coat? He left it on the bus this morning, and it is cold."),
            (BORIS, "Home time", "When is Sam let out?"),
            (CLARA, "Reading book", "Is Tia's reading book in?"),
            (EVE, "After school", "Zo\u{eb} says she does not want to come home."),
            ("new@elsewhere.example", "Today", "Is Sam in today?"),
            (SHOP, "An offer", "All our books are half price this week."),
        ] {
            let letter = Letter::from(address).subject(&subject(about)).says(&mood.words(words));
            let name = format!("{}.pdf", mood.words("A note"));
            let letter =
                if [AMINA, CLARA].contains(&address) { letter.with_file(&name, "%PDF-1.7") } else { letter };
            let _ = self.school.arrives(&letter).await;
        }
        while attachments::put_apart(&self.school.gateway).await.expect("put apart") {}
    }

    /// Of Sam a draft that is ready, of Noor one that is queued; Zoë's and Tia's are sent.
    async fn updates(&self, mood: Mood) {
        let words = mood.words("Sam read two whole chapters aloud, and helped a friend with the hard words.");
        let mut teacher = self.as_role(Role::Teacher).await;
        for (reference, queued) in [("P1", false), ("P4", true)] {
            let write = format!("/update/{}", self.pupil(reference).await);
            let page = teacher.get(&write).await;
            let saved = teacher.press_with(&page, &write, &words).await;
            assert_eq!(saved.to(), format!("{write}?done=saved"), "{}", saved.body);
            if queued {
                let preview = teacher.get(&format!("{write}/preview")).await;
                let class = self.school.rows("select class_id::text from pupil where pupil_ref = 'P4'").await;
                let queued = teacher.press_with(&preview, &format!("/week/{}/queue", class[0]), "").await;
                assert_eq!(queued.status, 303, "{}", queued.body);
            }
        }
        self.school.queue(&[("P2", words.as_str()), ("P3", words.as_str())]).await;
        self.school.deliver().await;
    }

    /// Clara's case is answered, noted and closed, and then she asks for her data, and complains; Eve's is with the DSL; a
    /// stranger was set aside.
    async fn cases(&self, mood: Mood) {
        let gateway = &self.school.gateway;
        let by = self.colleague(Role::Office).await.to_string();
        let code = self.case_from(CLARA).await;
        let words = mood.words("It is in her tray.");
        let reply = Reply {
            words: &words,
            promise: None,
            full_answer: true,
            sensitive: false,
            topic: None,
            by_text: None,
            by: &by,
        };
        cases::note(gateway, &code, false, &mood.words("Asked her teacher."), &by).await.expect("noted");
        cases::reply(gateway, &code, false, &reply).await.expect("replied");
        self.school.deliver().await;
        cases::close(gateway, &code, false, &mood.words("Found the book."), &by).await.expect("closed");
        let asks = format!("This is a subject access request. {}", mood.words("I want all of it."));
        let _ = self.school.arrives(&Letter::from(CLARA).subject("Our data").says(&asks)).await;
        self.school.deliver().await;
        let reason = mood.words("Says she is afraid.");
        let more = "select k.code from carer_case k join carer r on r.id = k.carer_id
                    where r.contact_ref = 'C3' and k.state = 'open'";
        let (more, slt) = (self.school.rows(more).await.remove(0), self.colleague(Role::Slt).await);
        let why = mood.words("She has asked twice.");
        complaint::open(gateway, &more, false, slt, &why, &slt.to_string()).await.expect("handed on");
        divert::divert(gateway, &self.case_from(EVE).await, false, &reason, &by).await.expect("diverted");
        let shop = self.school.questions().await;
        let shop = shop.iter().find(|asked| asked.sender.as_deref() == Some(SHOP)).expect("the shop");
        let why = mood.words("An advertisement.");
        questions::answer(gateway, shop.id, false, &Says::Nothing(&why), &by).await.expect("set aside");
    }

    /// The code of the case that a message from this address opened.
    pub(crate) async fn case_from(&self, address: &str) -> String {
        let sql = format!(
            "select k.code from carer_case k join reading r on r.case_id = k.id where r.sender = '{address}'"
        );
        self.school.rows(&sql).await.remove(0)
    }

    /// A call in few words, and a sensitive meeting that is to be confirmed in writing.
    async fn contacts(&self, mood: Mood) {
        let gateway = &self.school.gateway;
        let (teacher, slt) = (self.colleague(Role::Teacher).await, self.colleague(Role::Slt).await);
        let call = Contact {
            kind: ContactKind::Call,
            direction: Direction::Out,
            pupil: self.pupil("P1").await,
            carer: None,
            case: None,
            happened_at: gateway.now(),
            place: mood.words(""),
            colleagues: vec![teacher],
            facts: mood.words("His grandmother collects him this week."),
            agreed: String::new(),
            topic: Some(Topic::Behaviour),
            sensitive: false,
            praise: false,
            follow_up_due: None,
            one_colleague_because: String::new(),
        };
        let amina = self.school.rows("select id::text from carer where contact_ref = 'C1'").await.remove(0);
        let meeting = Contact {
            carer: Some(amina.parse().expect("an id")),
            kind: ContactKind::Meeting,
            agreed: mood.words("We look at it again in two weeks."),
            colleagues: vec![teacher, slt],
            topic: None,
            sensitive: true,
            follow_up_due: Some(date(2026, 11, 27)),
            ..call.clone()
        };
        // One of another class, which its teacher does not find.
        let other = Contact {
            pupil: self.pupil("P2").await,
            facts: mood.words("Tia brought her book back."),
            ..call.clone()
        };
        for contact in [call, meeting, other] {
            contacts::log(gateway, &contact, &teacher.to_string()).await.expect("logged");
        }
    }
}
