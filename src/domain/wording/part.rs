//! The parts that messages are made of besides what a colleague writes, and what may be filled into each.

use serde::{Deserialize, Serialize};

use super::{
    super::people::{UnknownWord, words},
    language::Language,
};

words! {
    /// What may be filled into words: its name between `{{` and `}}`.
    Field, "a field is one of:" {
        /// The school's name.
        School = "school",
        /// The office's number.
        Phone = "phone",
        /// The carer as a letter greets them.
        Name = "name",
        /// What the pupil is called.
        Pupil = "pupil",
        /// The Monday of the week.
        Week = "week",
        /// The case's code.
        Reference = "reference",
        /// The day by which a person answers.
        Day = "day",
        /// Whether the school was on holiday when the message came.
        Holiday = "holiday",
        /// Whether the message may ask for information about somebody.
        AsksForInformation = "asks_for_information",
        /// Whether the message may complain about the use of personal information.
        ComplainsAboutData = "complains_about_data",
        /// The day that the law sets for that.
        LawDay = "law_day",
        /// Where to turn if it cannot wait: the school's own words for it, in English.
        UrgentWords = "urgent_words",
        /// What acknowledgements say besides, in English.
        MoreWords = "more_words",
        /// What a colleague wrote.
        Words = "words",
        /// An announcement's title.
        Title = "title",
        /// What an announcement is: notice, newsletter, urgent notice.
        Kind = "kind",
        /// Whether it is an urgent notice.
        Urgent = "urgent",
        /// Whether it is a newsletter.
        Newsletter = "newsletter",
        /// Whether it goes as a letter.
        ByLetter = "by_letter",
    }
}

impl Field {
    /// Whether a message may well be without it. Words then ask first: `{% if day %}…{% endif %}`.
    pub const fn may_be_missing(self) -> bool {
        matches!(
            self,
            Self::Day
                | Self::Holiday
                | Self::AsksForInformation
                | Self::ComplainsAboutData
                | Self::LawDay
                | Self::MoreWords
                | Self::Urgent
                | Self::Newsletter
                | Self::ByLetter
        )
    }

    /// Whether it only answers yes or no.
    pub const fn is_question(self) -> bool {
        matches!(
            self,
            Self::Holiday
                | Self::AsksForInformation
                | Self::ComplainsAboutData
                | Self::Urgent
                | Self::Newsletter
                | Self::ByLetter
        )
    }

    /// What it is, as the page that edits words says it.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::School => "the school's name",
            Self::Phone => "the office's number",
            Self::Name => "the carer, as a letter greets them",
            Self::Pupil => "what the pupil is called",
            Self::Week => "the week's Monday",
            Self::Reference => "the case's reference",
            Self::Day => "the day by which a person answers",
            Self::Holiday => "yes, if the school is on holiday",
            Self::AsksForInformation => "yes, if the message may ask for information about somebody",
            Self::ComplainsAboutData => {
                "yes, if the message may complain about the use of personal information"
            }
            Self::LawDay => "the day that the law sets for that",
            Self::UrgentWords => "where to turn if it cannot wait",
            Self::MoreWords => "what every acknowledgement by email says besides",
            Self::Words => "what the colleague wrote",
            Self::Title => "the announcement's title",
            Self::Kind => "what it is: notice, newsletter or urgent notice",
            Self::Urgent => "yes, if it is an urgent notice",
            Self::Newsletter => "yes, if it is a newsletter",
            Self::ByLetter => "yes, if it goes as a letter",
        }
    }

    /// Why nothing can be said without it. Names what is missing, and nobody.
    pub const fn missing(self) -> &'static str {
        match self {
            Self::Name => "the words greet the carer by name, and part of their name is not on record",
            Self::Pupil => "the words name the pupil, and what they are called is not on record",
            Self::School => "the words name the school, and its name is not in the settings",
            Self::Phone => "the words name the office's number, and it is not in the settings",
            Self::Words => "there are no words to send",
            Self::Title => "the words name a title, and there is none",
            Self::Reference => "the words name a reference, and there is none",
            _ => "the words name something that is not known",
        }
    }
}

words! {
    /// A part of a message that is the school's to word.
    Part, "a part is one of:" {
        /// The greeting of a mail or letter.
        Greeting = "greeting",
        /// The last lines of an update or announcement.
        Closing = "closing",
        /// The subject of a weekly update.
        UpdateSubject = "update_subject",
        /// Its first line.
        UpdateOpening = "update_opening",
        /// All of it as a text.
        UpdateText = "update_text",
        /// A text that only tells of it.
        UpdateNotice = "update_notice",
        /// The subject of an acknowledgement.
        AcknowledgementSubject = "acknowledgement_subject",
        /// What it says first: that the message is here, and by when a person answers.
        Acknowledgement = "acknowledgement",
        /// Where to turn meanwhile, and the reference.
        AcknowledgementClosing = "acknowledgement_closing",
        /// An acknowledgement by text.
        AcknowledgementText = "acknowledgement_text",
        /// The line in English under one in another language.
        AcknowledgementLine = "acknowledgement_line",
        /// The subject of a colleague's answer.
        ReplySubject = "reply_subject",
        /// Its last lines.
        ReplyClosing = "reply_closing",
        /// All of it as a text.
        ReplyText = "reply_text",
        /// A text that only tells of it.
        ReplyNotice = "reply_notice",
        /// The subject of a notice or newsletter.
        AnnouncementSubject = "announcement_subject",
        /// All of a notice as a text.
        AnnouncementText = "announcement_text",
        /// A text that only tells of it.
        AnnouncementNotice = "announcement_notice",
        /// The subject of a notice of Liaison's own.
        StandardSubject = "standard_subject",
        /// It asks whether an address is right.
        ConfirmAddress = "confirm_address",
        /// It tells that a message in English waits.
        Meanwhile = "meanwhile",
    }
}

impl Part {
    /// Whether there are words for it in this language. What goes around a colleague's own words is in the language they are
    /// written in; what says all by itself is in every one.
    pub const fn is_in(self, language: Language) -> bool {
        matches!(language, Language::English)
            || matches!(
                self,
                Self::AcknowledgementSubject
                    | Self::Acknowledgement
                    | Self::AcknowledgementClosing
                    | Self::AcknowledgementText
                    | Self::ConfirmAddress
                    | Self::Meanwhile
            )
    }

    /// What it is, as the page that edits words says it.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Greeting => "Greeting of an email or letter",
            Self::Closing => "End of an update, notice or newsletter",
            Self::UpdateSubject => "Weekly update: subject",
            Self::UpdateOpening => "Weekly update: first line",
            Self::UpdateText => "Weekly update by text",
            Self::UpdateNotice => "Weekly update: text that it is ready",
            Self::AcknowledgementSubject => "Acknowledgement: subject",
            Self::Acknowledgement => "Acknowledgement by email: that the message is here",
            Self::AcknowledgementClosing => "Acknowledgement by email: where to turn, and the reference",
            Self::AcknowledgementText => "Acknowledgement by text",
            Self::AcknowledgementLine => {
                "Acknowledgement by text: the line in English beneath another language"
            }
            Self::ReplySubject => "A colleague's answer: subject",
            Self::ReplyClosing => "A colleague's answer: end",
            Self::ReplyText => "A colleague's answer by text",
            Self::ReplyNotice => "A colleague's answer: text that there is one",
            Self::AnnouncementSubject => "Notice or newsletter: subject",
            Self::AnnouncementText => "Notice by text",
            Self::AnnouncementNotice => "Notice or newsletter: text that there is one",
            Self::StandardSubject => "A new address, or words to translate: subject",
            Self::ConfirmAddress => "A new address: asks whether it is right, by email or text",
            Self::Meanwhile => "Words to translate: tells that something waits, by email or text",
        }
    }

    /// What may be filled in.
    pub const fn fields(self) -> &'static [Field] {
        use Field::{
            AsksForInformation, ByLetter, ComplainsAboutData, Day, Holiday, Kind, LawDay, MoreWords, Name,
            Newsletter, Phone, Pupil, Reference, School, Title, Urgent, UrgentWords, Week, Words,
        };
        match self {
            Self::Greeting => &[Name, School],
            Self::Closing => &[School, Phone, ByLetter],
            Self::UpdateSubject => &[School, Week],
            Self::UpdateOpening => &[School, Pupil, Week],
            Self::UpdateText => &[School, Phone, Pupil, Week, Words],
            Self::UpdateNotice => &[School, Phone, Pupil, Week],
            Self::AcknowledgementSubject | Self::ReplySubject => &[School, Reference],
            Self::Acknowledgement | Self::AcknowledgementText => {
                &[School, Phone, Day, Holiday, AsksForInformation, ComplainsAboutData, LawDay]
            }
            Self::AcknowledgementClosing => &[School, Phone, UrgentWords, MoreWords, Reference],
            Self::AcknowledgementLine => &[School, Phone, Day],
            Self::ReplyClosing => &[School, Phone, Reference, Day, ByLetter],
            Self::ReplyText => &[School, Phone, Words],
            Self::ReplyNotice | Self::ConfirmAddress | Self::Meanwhile => &[School, Phone],
            Self::AnnouncementSubject => &[School, Title, Urgent, Newsletter],
            Self::AnnouncementText => &[School, Phone, Title, Words],
            Self::AnnouncementNotice => &[School, Phone, Title, Kind, Urgent],
            Self::StandardSubject => &[School],
        }
    }

    /// What it must say whenever it is known, for a rule or another part of Liaison needs it there.
    pub const fn must_say(self) -> &'static [Field] {
        use Field::{Day, LawDay, Name, Phone, Pupil, Reference, School, Title, Words};
        match self {
            Self::Greeting => &[Name],
            Self::Closing | Self::ReplyNotice => &[Phone],
            Self::UpdateSubject | Self::StandardSubject => &[School],
            Self::UpdateOpening => &[Pupil],
            Self::UpdateText | Self::ReplyText | Self::AnnouncementText => &[School, Words],
            Self::UpdateNotice | Self::ConfirmAddress | Self::Meanwhile => &[School, Phone],
            // By its reference an answer finds its case.
            Self::AcknowledgementSubject | Self::ReplySubject => &[Reference],
            // The true day, and what the law asks (R36, R45).
            Self::Acknowledgement => &[Day, LawDay],
            Self::AcknowledgementClosing => &[Phone, Reference],
            Self::AcknowledgementText => &[School, Phone, Day, LawDay],
            Self::AcknowledgementLine => &[Day],
            Self::ReplyClosing => &[Phone, Reference, Day],
            Self::AnnouncementSubject => &[School, Title],
            Self::AnnouncementNotice => &[School, Phone, Title],
        }
    }

    /// Whether it goes by text: then days and names are short.
    pub const fn is_text(self) -> bool {
        matches!(
            self,
            Self::UpdateText
                | Self::UpdateNotice
                | Self::AcknowledgementText
                | Self::AcknowledgementLine
                | Self::ReplyText
                | Self::ReplyNotice
                | Self::AnnouncementText
                | Self::AnnouncementNotice
                | Self::ConfirmAddress
                | Self::Meanwhile
        )
    }

    /// Whether it is one line, a subject or a greeting.
    pub const fn is_line(self) -> bool {
        matches!(
            self,
            Self::Greeting
                | Self::UpdateSubject
                | Self::AcknowledgementSubject
                | Self::ReplySubject
                | Self::AnnouncementSubject
                | Self::StandardSubject
        )
    }

    /// Whether it is a subject line, which mail programs set apart themselves and in which case codes are looked for.
    pub const fn is_subject(self) -> bool {
        self.is_line() && !matches!(self, Self::Greeting)
    }
}
