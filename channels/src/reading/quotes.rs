//! What mail programs write around the mail they quote, in the languages of the school's families.
//!
//! All in lower case. A phrase that is missing costs little: the quoted mail is then shown as if the person had written
//! it. A phrase too many could hide a person's words, so only what a program writes stands here.

/// A line such as "On 5 May 2026 at 10:00, X wrote:".
pub(super) struct Attribution {
    /// How it begins; empty: in any way.
    pub(super) start: &'static str,
    /// The word for "wrote", with the blanks it needs.
    pub(super) verb: &'static str,
    /// Whether the verb stands at the end, before the colon; else the name follows it.
    pub(super) last: bool,
}

const fn ends(verb: &'static str) -> Attribution {
    Attribution { start: "", verb, last: true }
}

const fn holds(start: &'static str, verb: &'static str) -> Attribution {
    Attribution { start, verb, last: false }
}

/// Lines that introduce a quote.
pub(super) const ATTRIBUTIONS: &[Attribution] = &[
    ends("wrote"), // English
    ends("writes"),
    holds("on ", " wrote"),
    holds("ar ", " ysgrifennodd "), // Welsh
    ends("pisze"),                  // Polish
    ends("napisał(a)"),
    ends("napisał"),
    ends("napisała"),
    ends("a scris"), // Romanian
    ends("a scris următoarele"),
    ends("escreveu"), // Portuguese
    ends("escreveu o seguinte"),
    holds("", " escreveu ("),
    ends("escribió"), // Spanish
    ends("escribió lo siguiente"),
    ends("va escriure"), // Catalan
    ends("a écrit"),     // French
    holds("le ", " a écrit"),
    ends("schrieb"), // German
    ends("schrieb am"),
    holds("am ", " schrieb "),
    holds("wiadomość napisana przez", " w dniu"), // Polish, Apple
    ends("ha scritto"),                           // Italian
    ends("rašė"),                                 // Lithuanian
    ends("parašė"),
    ends("rakstīja"), // Latvian
    ends("kirjutas"), // Estonian
    ends("написа"),   // Bulgarian
    ends("пише"),     // Ukrainian
    ends("писав"),
    ends("пишет"), // Russian
    ends("писал"),
    ends("писал(а)"),
    ends("написал"),
    ends("написал(а)"),
    ends("написав"),
    ends("написав(-ла)"),
    ends("şunu yazdı"), // Turkish
    ends("şunları yazdı"),
    ends("yazdı"),
    ends("كتب"), // Arabic
    ends("كتبت"),
    holds("في ", " كتب"),
    holds("في ", "تمت كتابة ما يلي بواسطة"),
    holds("بتاريخ", "كتب"),
    ends("نے لکھا"), // Urdu
    ends("نے تحریر کیا"),
    ends("نوشت"), // Persian
    ends("نوشته است"),
    ends("ولیکل"), // Pashto
    ends("ولیکلي"),
    ends("وليکل"),
    ends("লিখেছেন"),  // Bengali
    ends("ने लिखा"),   // Hindi
    ends("ਨੇ ਲਿਖਿਆ"),  // Punjabi
    ends("એ લખ્યું"),    // Gujarati
    ends("எழுதியது"), // Tamil
    ends("写道"),     // Chinese
    ends("寫道"),
    ends("shkroi"), // Albanian
    ends("ka shkruar"),
    ends("wuxuu qoray"), // Somali
    ends("waxay qortay"),
    ends("aliandika"), // Swahili
    ends("đã viết"),   // Vietnamese
    ends("napsal(a)"), // Czech
    ends("napsal"),
    ends("napísal(a)"),       // Slovak
    holds("", "ezt írta"),    // Hungarian
    holds("op ", " schreef"), // Dutch
    ends("schreef"),
    ends("έγραψε"),     // Greek
    ends("napisao je"), // Croatian
    ends("je napisao/la"),
    ends("skrev"), // Danish, Norwegian, Swedish
    holds("den ", " skrev "),
    ends("kirjoitti"), // Finnish
];

/// What stands between dashes above the mail that was answered or forwarded.
pub(super) const SEPARATORS: &[&str] = &[
    "original message",
    "original mail",
    "forwarded message",
    "forwarded by",
    "reply message",
    "wiadomość oryginalna",
    "oryginalna wiadomość",
    "wiadomość przekazana dalej",
    "treść przekazanej wiadomości",
    "forwarded message / przekazana wiadomość",
    "wiadomość przekazana",
    "mesaj original",
    "mesajul original",
    "mesaj redirecționat",
    "mesagem original",
    "mensagem original",
    "mensagem encaminhada",
    "mensaje original",
    "mensaje reenviado",
    "message d'origine",
    "message d’origine",
    "message original",
    "message initial",
    "message transféré",
    "ursprüngliche nachricht",
    "originalnachricht",
    "originale nachricht",
    "weitergeleitete nachricht",
    "messaggio originale",
    "messaggio inoltrato",
    "pradinis pranešimas",
    "originalus laiškas",
    "persiųstas laiškas",
    "оригинално съобщение",
    "препратено съобщение",
    "оригінальне повідомлення",
    "вихідне повідомлення",
    "початкове повідомлення",
    "переслане повідомлення",
    "исходное сообщение",
    "оригинальное сообщение",
    "пересылаемое сообщение",
    "пересланное сообщение",
    "orijinal mesaj",
    "orijinal ileti",
    "özgün ileti",
    "yönlendirilmiş mesaj",
    "iletilen mesaj",
    "الرسالة الأصلية",
    "رسالة أصلية",
    "رسالة معاد توجيهها",
    "اصل پیغام",
    "原始邮件",
    "原始郵件",
    "原邮件",
    "转发的邮件",
    "转发邮件信息",
    "轉寄的郵件",
    "मूल संदेश",
    "মূল বার্তা",
    "mesazhi origjinal",
    "původní zpráva",
    "pôvodná správa",
    "eredeti üzenet",
    "oorspronkelijk bericht",
    "doorgestuurd bericht",
    "ursprungligt meddelande",
    "oprindelig meddelelse",
    "αρχικό μήνυμα",
    "replied message",
    "回复的原邮件",
    "回复的邮件",
    "mail original",
    "courriel original",
    "mensagem respondida",
];

/// Whole lines with which Apple's programs begin a forwarded mail.
pub(super) const FORWARDS: &[&str] = &[
    "begin forwarded message:",
    "początek przekazywanej wiadomości:",
    "początek przekazanej wiadomości:",
    "anfang der weitergeleiteten nachricht:",
    "début du message réexpédié :",
    "début du message transféré :",
    "inicio del mensaje reenviado:",
    "início da mensagem encaminhada:",
    "início da mensagem reencaminhada:",
    "inizio messaggio inoltrato:",
    "începutul mesajului redirecționat:",
    "начало переадресованного сообщения:",
    "початок переадресованого повідомлення:",
    "i̇letilen mesajın başlangıcı:",
    "بدء الرسالة المعاد توجيهها:",
];

/// Names of the fields in a block of headers, as programs translate them: who wrote it.
pub(super) const FROM: &[&str] = &[
    "from",
    "od",
    "de",
    "de la",
    "von",
    "da",
    "от",
    "від",
    "отправитель",
    "nuo",
    "kimden",
    "gönderen",
    "من",
    "منجانب",
    "发件人",
    "寄件者",
    "从",
    "van",
    "från",
    "fra",
    "feladó",
    "expeditor",
    "expéditeur",
    "remitente",
    "no",
    "nga",
    "প্রেরক",
    "প্রেরক",
    "από",
    "wysłane przez",
    "sender",
    "از",
    "له",
    "فرستنده",
    "ਵੱਲੋਂ",
    "ਭੇਜਣ ਵਾਲਾ",
    "પ્રેષક",
    "தரப்பிலிருந்து",
    "அனுப்புநர்",
    "प्रेषक",
    "থেকে",
    "寄件人",
    "發件人",
];

/// The same: when.
pub(super) const SENT: &[&str] = &[
    "sent",
    "date",
    "sent on",
    "wysłano",
    "wysłane",
    "data",
    "envoyé",
    "envoyé le",
    "enviado",
    "enviado el",
    "enviada em",
    "enviado em",
    "fecha",
    "trimis",
    "gesendet",
    "datum",
    "inviato",
    "изпратено",
    "дата",
    "надіслано",
    "отправлено",
    "išsiųsta",
    "gönderildi",
    "gönderilme tarihi",
    "tarih",
    "gönderme tarihi",
    "تم الإرسال",
    "التاريخ",
    "تاريخ الإرسال",
    "发送时间",
    "日期",
    "寄件日期",
    "时间",
    "verzonden",
    "skickat",
    "sendt",
    "elküldve",
    "dërguar",
    "তারিখ",
    "تاریخ",
    "odesláno",
    "odoslané",
    "στάλθηκε",
    "nosūtīts",
    "enviada",
    "ارسال شده",
    "ارسال‌شده",
    "تاریخ ارسال",
    "بھیجا گیا",
    "ارسال کیا گیا",
    "نېټه",
    "نیټه",
    "ਭੇਜਿਆ",
    "ਭੇਜਿਆ ਗਿਆ",
    "ਮਿਤੀ",
    "મોકલ્યું",
    "મોકલેલ",
    "તારીખ",
    "அனுப்பியது",
    "அனுப்பப்பட்டது",
    "தேதி",
    "भेजा गया",
    "दिनांक",
    "পাঠানো হয়েছে",
    "পাঠানো হয়েছে",
    "প্রেরিত",
    "發送時間",
    "傳送時間",
    "dërguar më",
];

/// The same: to whom.
pub(super) const TO: &[&str] = &[
    "to",
    "do",
    "à",
    "a",
    "para",
    "către",
    "an",
    "кому",
    "до",
    "kam",
    "kime",
    "alıcı",
    "إلى",
    "الى",
    "بنام",
    "收件人",
    "aan",
    "till",
    "til",
    "címzett",
    "destinatario",
    "pour",
    "për",
    "komu",
    "προς",
    "প্রাপক",
    "cc",
    "dw",
    "kopia",
    "به",
    "ته",
    "گیرنده",
    "ਵੱਲ",
    "ਪ੍ਰਤੀ",
    "પ્રતિ",
    "பெறுநர்",
    "प्रति",
    "প্রতি",
    "收件者",
    "към",
];

/// The same: about what.
pub(super) const SUBJECT: &[&str] = &[
    "subject",
    "temat",
    "objet",
    "asunto",
    "assunto",
    "subiect",
    "betreff",
    "oggetto",
    "тема",
    "относно",
    "tema",
    "konu",
    "الموضوع",
    "موضوع",
    "主题",
    "主旨",
    "onderwerp",
    "ämne",
    "emne",
    "tárgy",
    "předmět",
    "predmet",
    "subjekti",
    "θέμα",
    "বিষয়",
    "temats",
    "عنوان",
    "ਵਿਸ਼ਾ",
    "ਵਿਸ਼ਾ",
    "વિષય",
    "பொருள்",
    "विषय",
    "subjekt",
];
