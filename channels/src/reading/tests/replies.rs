use super::*;

#[track_caller]
fn leaves(text: &str, expected: &str) {
    let reading = mail("Content-Type: text/plain; charset=utf-8\r\n", text);

    assert_eq!(reading.reply_text.expose(), expected, "{text}");
}

const WORDS: &str = "Amina is ill today.\nShe is at home.";

#[test]
fn introductions_in_every_language_are_taken_out_with_the_quote() {
    let lines = [
        "On Fri, 8 May 2026 at 10:11, School <parents@school.example> wrote:",
        "On Fri, 8 May 2026 at 10:11, The School of Example\n<parents@school.example>\nwrote:",
        "On 08/05/2026 10:11, School wrote:",
        "Am 08.05.2026 um 10:11 schrieb School <parents@school.example>:",
        "Am 8. Mai 2026 um 10:11:12 MESZ schrieb School:",
        "Le ven. 8 mai 2026 à 10:11, School <parents@school.example> a écrit\u{a0}:",
        "El vie, 8 may 2026 a las 10:11, School (<parents@school.example>) escribió:",
        "pt., 8 maj 2026 o 10:11 School <parents@school.example> napisał(a):",
        "W dniu 8.05.2026 o 10:11, School pisze:",
        "Wiadomość napisana przez School <parents@school.example> w dniu 8 maj 2026, o godz. 10:11:",
        "În vin., 8 mai 2026 la 10:11, School <parents@school.example> a scris:",
        "Em sex., 8 de mai. de 2026 às 10:11, School <parents@school.example> escreveu:",
        "Il giorno ven 8 mag 2026 alle ore 10:11 School <parents@school.example> ha scritto:",
        "2026-05-08 10:11, School rašė:",
        "пт, 8 трав. 2026 р. о 10:11 School <parents@school.example> пише:",
        "пт, 8 мая 2026 г. в 10:11, School <parents@school.example>:\nSchool писал(а):",
        "На пт, 8.05.2026 г. в 10:11 School <parents@school.example> написа:",
        "School <parents@school.example>, 8 May 2026 Cum, 10:11 tarihinde şunu yazdı:",
        "في الجمعة، 8 مايو 2026 في 10:11 ص كتب School <parents@school.example>:",
        "\u{202b}في جمعة 8 مايو 2026 في 10:11 تمت كتابة ما يلي بواسطة School كتب:\u{202c}",
        "School <parents@school.example> 于2026年5月8日周五 10:11写道：",
        "在 2026-05-08 10:11:00，\"School\" <parents@school.example> 写道：",
        "School <parents@school.example> 於 2026年5月8日 週五 上午10:11寫道：",
        "بتاریخ جمعہ، 8 مئی، 2026 کو 10:11 AM بجے School <parents@school.example> نے لکھا:",
        "ਸ਼ੁੱਕਰ, 8 ਮਈ 2026 ਨੂੰ 10:11 ਪੂ.ਦੁ. ਵਜੇ, School <parents@school.example> ਨੇ ਲਿਖਿਆ:",
        "শুক্র, ৮ মে, ২০২৬ তারিখে ১০:১১ AM টায় তারিখে School <parents@school.example> লিখেছেন:",
        "શુક્ર, 8 મે, 2026 ના રોજ 10:11 AM વાગ્યે School <parents@school.example> એ લખ્યું:",
        "வெள்., 8 மே, 2026 அன்று, முற்பகல் 10:11 மணிக்கு, School <parents@school.example> எழுதியது:",
        "शुक्र, 8 मई 2026 को 10:11 am बजे School <parents@school.example> ने लिखा:",
        "در تاریخ جمعه ۸ مهٔ ۲۰۲۶،\u{200f} ۱۰:۱۱ School <parents@school.example> نوشت:",
        "د جمعې په ورځ، 8 مې 2026، 10:11 School <parents@school.example> ولیکل:",
        "Më dt. 8 maj 2026, në 10:11, School <parents@school.example> shkroi:",
        "Jimce, 8 Maajo 2026, 10:11 School <parents@school.example> wuxuu qoray:",
        "2026-05-08, pn, 10:11 School <parents@school.example> rašė:",
        "Pe 8 mai 2026, la 10:11, School <parents@school.example> a scris:",
        "No dia 8 de maio de 2026, às 10:11, School <parents@school.example> escreveu:",
    ];
    for line in lines {
        leaves(&format!("{WORDS}\n\n{line}\n\n> Dear parents,\n> come at 9.\n"), WORDS);
        leaves(&format!("{line}\n> Dear parents,\n> come at 9.\n\n{WORDS}\n"), WORDS);
        leaves(&format!("{WORDS}\n\n{line}\n\nDear parents,\ncome at 9.\n"), WORDS);
        leaves(&format!("{line}\n> Can she come?\n\nYes.\n\n> And when?\n\nAt 9.\n"), "Yes.\n\nAt 9.");
    }
}

#[test]
fn separators_and_blocks_of_headers_end_the_reply() {
    let histories = [
        "-----Original Message-----\nFrom: School",
        "-----Wiadomość oryginalna-----\nOd: School",
        "-----Ursprüngliche Nachricht-----\nVon: School",
        "-----Mensaje original-----\nDe: School",
        "-----Mesaj original-----\nx",
        "-------- Original message --------\nFrom: School",
        "---------- Forwarded message ---------\nFrom: School",
        "---------- Forwarded message ---------\nFrom: School\nDate: x",
        "Begin forwarded message:\n\nFrom: School",
        "________________________________\nFrom: School <p@school.example>\nSent: 8 May 2026 10:11\nTo: Ana\nSubject: Trip",
        "From: School\nSent: Friday\nTo: Ana\nSubject: Trip",
        "*From:* School\n*Date:* Friday\n*To:* Ana\n*Subject:* Trip",
        "Od: School\nWysłano: piątek\nDo: Ana\nTemat: Trip",
        "De : School\nEnvoyé : vendredi\nÀ : Ana\nObjet : Trip",
        "De: School\nEnviado: viernes\nPara: Ana\nAsunto: Trip",
        "De la: School\nTrimis: vineri\nCătre: Ana\nSubiect: Trip",
        "Von: School\nGesendet: Freitag\nAn: Ana\nBetreff: Trip",
        "Від: School\nНадіслано: п'ятниця\nКому: Ana\nТема: Trip",
        "От: School\nОтправлено: пятница\nКому: Ana\nТема: Trip",
        "发件人: School\n发送时间: 2026\n收件人: Ana\n主题: Trip",
        "من: School\nتم الإرسال: 2026\nإلى: Ana\nالموضوع: Trip",
        "از: School\nارسال شده: 2026\nبه: Ana\nموضوع: Trip",
        "منجانب: School\nبھیجا گیا: 2026\nبنام: Ana\nعنوان: Trip",
        "له: School\nنېټه: 2026\nته: Ana\nموضوع: Trip",
        "ਵੱਲੋਂ: School\nਭੇਜਿਆ: 2026\nਵੱਲ: Ana\nਵਿਸ਼ਾ: Trip",
        "প্রেরক: School\nপাঠানো হয়েছে: 2026\nপ্রতি: Ana\nবিষয়: Trip",
        "પ્રેષક: School\nમોકલ્યું: 2026\nપ્રતિ: Ana\nવિષય: Trip",
        "அனுப்புநர்: School\nஅனுப்பியது: 2026\nபெறுநர்: Ana\nபொருள்: Trip",
        "प्रेषक: School\nभेजा गया: 2026\nप्रति: Ana\nविषय: Trip",
        "寄件者: School\n寄件日期: 2026\n收件者: Ana\n主旨: Trip",
        "Nga: School\nDërguar: e premte\nPër: Ana\nTema: Trip",
        "Nuo: School\nIšsiųsta: penktadienis\nKam: Ana\nTema: Trip",
        "Kimden: School\nGönderildi: Cuma\nKime: Ana\nKonu: Trip",
        "От: School\nИзпратено: петък\nДо: Ana\nОтносно: Trip",
        "Da: School\nInviato: venerdì\nA: Ana\nOggetto: Trip",
        "De: School\nEnviada: sexta\nPara: Ana\nAssunto: Trip",
    ];
    for history in histories {
        leaves(&format!("{WORDS}\n\n{history}\n\nDear parents,\ncome at 9.\n"), WORDS);
    }
}

#[test]
fn answers_between_quotes_are_kept() {
    let text = "On 8 May 2026 at 10:11, School wrote:\n> Can Amina come?\n\nYes, she can.\n\n> And her brother?\n\nNo.\n";

    leaves(text, "Yes, she can.\n\nNo.");
    // Not even where a greeting stands between the introduction and the quote.
    let greeted = "On 8 May 2026 at 10:11, School wrote:\nHello\n\n> Can Amina come?\n> x\n\nYes.\n";
    leaves(greeted, "Hello\n\nYes.");
}

#[test]
fn signatures_are_taken_out() {
    let lines = [
        "-- \nAna Pop\nTel 07700 900123",
        "--\nAna",
        "Sent from my iPhone",
        "Get Outlook for iOS<https://aka.ms/x>",
        "Sent from Yahoo Mail for iPhone",
        "Sent from Mail for Windows",
        "Wysłane z iPhone'a",
        "Trimis de pe iPhone-ul meu",
        "Enviado desde mi iPhone",
        "Envoyé de mon iPhone",
        "Von meinem iPhone gesendet",
        "Inviato da iPhone",
        "Išsiųsta iš iPhone",
        "Надіслано з iPhone",
        "Отправлено с iPhone",
        "iPhone'umdan gönderildi",
        "发自我的iPhone",
        "أرسل من الـ iPhone",
        "Sent from my Galaxy",
        "從我的 iPhone 傳送",
        "Изпратено от моя iPhone",
        "ارسال شده از iPhone من",
        "میرے iPhone سے بھیجا گیا",
        "मेरे iPhone से भेजा गया",
        "ਮੇਰੇ iPhone ਤੋਂ ਭੇਜਿਆ ਗਿਆ",
        "મારા iPhone પરથી મોકલેલ",
        "எனது iPhone இலிருந்து அனுப்பப்பட்டது",
        "আমার iPhone থেকে পাঠানো",
        "Dërguar nga iPhone im",
        "Enviado do meu iPhone",
    ];
    for line in lines {
        leaves(&format!("{WORDS}\n\n{line}\n"), WORDS);
        leaves(&format!("{WORDS}\n\n{line}\n\nOn 8 May 2026 at 10:11, School wrote:\n> x\n> y\n"), WORDS);
    }
}

#[test]
fn a_persons_own_words_stay() {
    let texts = [
        "As you wrote:\nhe should rest.",
        "On Monday at 10:30 the teacher wrote:\nhe should rest.",
        "Please change it.\nFrom: 3 May\nTo: 10 May\nThank you",
        "> not a quote",
        "Von meinem Sohn habe ich gehört, dass er krank ist.",
        "Sent from my daughter with love",
        "He said:\n\n- one\n- two",
        "-- one\n-- two",
        "He needs:\n--\nand his inhaler every 4 hours",
        "He fell.\n--\nHis dad says it was the swing.",
        "----------\nA line above.",
        "Original message was lost.",
    ];
    for text in texts {
        leaves(text, text);
    }
}

#[test]
fn what_is_only_a_quote_leaves_nothing_and_what_is_only_a_signature_stays() {
    leaves("On 8 May 2026 at 10:11, School wrote:\n> x\n> y\n", "");
    leaves("---------- Forwarded message ---------\nFrom: x\n\nwords", "");
    leaves("Sent from my iPhone\n", "Sent from my iPhone");
}

#[test]
fn what_a_cleartext_signature_puts_around_the_words_is_taken_out_only_when_it_is_whole() {
    let signed = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nHe is ill.\n-----BEGIN PGP SIGNATURE-----\n\nwsB5\n\
                  -----END PGP SIGNATURE-----\n";
    let broken = "-----BEGIN PGP SIGNATURE-----\nHe is ill.";

    leaves(signed, "He is ill.");
    leaves(broken, broken);
}

#[test]
fn quotes_in_html_are_known_by_their_boxes() {
    let words = "<div dir=\"ltr\">Amina is ill today.<br>She is at home.</div>";
    let pages = [
        "<br><div class=\"gmail_quote\"><div class=\"gmail_attr\">On Fri, 8 May 2026 at 10:11 School &lt;<a \
         href=\"mailto:p@school.example\">p@school.example</a>&gt; wrote:<br></div><blockquote class=\"gmail_quote\" \
         style=\"x\">Dear parents<br>come</blockquote></div>",
        "<div id=\"appendonsend\"></div><hr><div id=\"divRplyFwdMsg\"><b>From:</b> School<br></div><div>Dear parents</div>",
        "<div><blockquote type=\"cite\"><div>On 8 May 2026, at 10:11, School wrote:</div></blockquote></div><blockquote \
         type=\"cite\"><div>Dear parents</div></blockquote>",
        "<div id=\"yahoo_quoted_1\" class=\"yahoo_quoted\"><div>On Friday, School wrote:</div><div>Dear</div><div>parents</div></div>",
        "<div class=\"moz-cite-prefix\">On 08/05/2026 10:11, School wrote:<br></div><blockquote type=\"cite\" \
         cite=\"mid:x\"><p>Dear parents</p></blockquote>",
        "<div style=\"border-top:solid #E1E1E1 1.0pt\"><p class=MsoNormal><b>From:</b> School<br><b>Sent:</b> \
         Friday<br><b>To:</b> Ana<br><b>Subject:</b> Trip</p></div><p class=MsoNormal>Dear parents</p>",
        "<div class=\"gmail_signature\">Ana Pop<br>07700 900123</div>",
        "<div>Sent from my iPhone</div>",
    ];
    for page in pages {
        let reading = mail(
            "Content-Type: text/html; charset=utf-8\r\n",
            &format!("<html><style>p{{}}</style>{words}{page}</html>"),
        );

        assert_eq!(reading.reply_text.expose(), WORDS, "{page}\n{}", reading.text.expose());
    }
}

#[test]
fn html_becomes_lines_as_they_are_seen() {
    let table = [
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<div>one</div><div><br></div><div>two</div>", "one\n\ntwo"),
        ("<ul><li>a<li>b</ul>c", "- a\n- b\nc"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("a &lt;b&gt; &amp; &#8217;&#146;&#x41; &bogus; &", "a <b> & \u{2019}\u{2019}A &bogus; &"),
        ("<title>x</title><script>var a = '<b>';</script>a<!-- <b>no</b> -->b", "ab"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("1 < 2 and 3 <4", "1 < 2 and 3 <4"),
        ("<img src=\"data:a>b\" alt=\"👍\"> ok", "👍 ok"),
        ("<blockquote style=\"margin:0 0 0 40px;border:none\">mine</blockquote>", "mine"),
        ("<a title='>'>x</a>", "x"),
    ];
    for (html, expected) in table {
        let reading = mail("Content-Type: text/html; charset=utf-8\r\n", html);

        assert_eq!(reading.text.expose(), expected, "{html}");
    }
}
