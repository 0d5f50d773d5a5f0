//! Sixty invented families in three classes. Every name is one family's alone, so that a name in a message tells whose it is.

use crate::support::people::{Person, Roll, carer, pupil};

/// Surname of the family, the pupil's first name, and those of two carers.
const NAMES: [(&str, &str, &str, &str); 60] = [
    ("Abara", "Adaeze", "Ngozi", "Emeka"),
    ("Blythe", "Bronte", "Philippa", "Crispin"),
    ("Cazalet", "Clemmie", "Verity", "Auberon"),
    ("Dunmore", "Dashiell", "Imelda", "Fergus"),
    ("Eastlake", "Evander", "Rosalind", "Torquil"),
    ("Fairweather", "Ffion", "Mabli", "Gethin"),
    ("Gathercole", "Gideon", "Winifred", "Ambrose"),
    ("Hallorhan", "Henrik", "Sorcha", "Padraig"),
    ("Iqbal", "Inaya", "Shabana", "Nadeem"),
    ("Jellicoe", "Jemima", "Cordelia", "Rupert"),
    ("Kowalczyk", "Kacper", "Bozena", "Zdzislaw"),
    ("Lovelace", "Lysander", "Araminta", "Barnaby"),
    ("Merriweather", "Minnie", "Clarice", "Ignatius"),
    ("Nwosu", "Nnamdi", "Chiamaka", "Obinna"),
    ("Ostrowski", "Oskar", "Halina", "Bogdan"),
    ("Penhaligon", "Perran", "Demelza", "Jago"),
    ("Quennell", "Quentin", "Georgiana", "Lucan"),
    ("Ravenscroft", "Rafferty", "Isadora", "Evelyn"),
    ("Strickland", "Saskia", "Millicent", "Cuthbert"),
    ("Trevanion", "Tamsin", "Loveday", "Piran"),
    ("Ullathorne", "Ulric", "Hermione", "Osbert"),
    ("Vellacott", "Verena", "Ottoline", "Basil"),
    ("Whitlock", "Wilfred", "Marjorie", "Edmund"),
    ("Xanthou", "Xenia", "Despina", "Stavros"),
    ("Yarwood", "Yasmin", "Bernadette", "Clement"),
    ("Zielinska", "Zofia", "Jadwiga", "Wojciech"),
    ("Ackroyd", "Alfie", "Maureen", "Stanley"),
    ("Bannerjee", "Bodhi", "Anjali", "Subhash"),
    ("Carmichael", "Callum", "Morag", "Hamish"),
    ("Delacroix", "Delphine", "Solange", "Thibault"),
    ("Ellsworth", "Esme", "Prudence", "Horatio"),
    ("Fitzwilliam", "Florian", "Arabella", "Peregrine"),
    ("Grantley", "Gethen", "Beatrix", "Montague"),
    ("Hargreaves", "Harriet", "Doreen", "Alistair"),
    ("Ingoldsby", "Ivo", "Lavinia", "Septimus"),
    ("Juarez", "Joaquin", "Ximena", "Rodrigo"),
    ("Kettlewell", "Kezia", "Gwendolen", "Thaddeus"),
    ("Lathbury", "Linus", "Henrietta", "Bartholomew"),
    ("Mbeki", "Mandla", "Nomvula", "Sipho"),
    ("Nightingale", "Ned", "Eulalia", "Leopold"),
    ("Oyelaran", "Ore", "Folake", "Babatunde"),
    ("Pemberton", "Persis", "Antonia", "Lancelot"),
    ("Quarmby", "Quilla", "Edith", "Wilbur"),
    ("Rothwell", "Romy", "Constance", "Archibald"),
    ("Saltonstall", "Silas", "Theodora", "Ezekiel"),
    ("Thistlewood", "Tobiah", "Griselda", "Mortimer"),
    ("Upjohn", "Ursula", "Philomena", "Rudyard"),
    ("Vaughan", "Vesper", "Angharad", "Llewellyn"),
    ("Wadsworth", "Winston", "Cressida", "Thorold"),
    ("Xavier", "Xanthe", "Mireille", "Gaspard"),
    ("Yeoman", "Yorick", "Tabitha", "Ebenezer"),
    ("Zamora", "Zadie", "Consuelo", "Esteban"),
    ("Applegarth", "Atticus", "Dorothea", "Cornelius"),
    ("Brackenbury", "Blaise", "Eugenie", "Lionel"),
    ("Chetwynd", "Cosima", "Seraphina", "Tarquin"),
    ("Daintree", "Dexter", "Rowena", "Maximilian"),
    ("Etheridge", "Elodie", "Wilhelmina", "Augustine"),
    ("Featherstone", "Fenella", "Persephone", "Aloysius"),
    ("Gulliver", "Greer", "Drusilla", "Octavius"),
    ("Hollingsworth", "Hector", "Clementine", "Reginald"),
];

/// The classes, twenty pupils each.
pub(super) const CLASSES: [&str; 3] = ["Oak", "Elm", "Beech"];
/// How the carers of a family want to be told, in turn.
const WANTS: [&str; 5] = ["email", "sms", "email", "phone", "letter"];

/// The reference of a family's pupil: `P1` to `P60`.
pub(super) fn pupil_ref(family: usize) -> String {
    format!("P{}", family + 1)
}

/// The family of a surname.
pub(super) fn family(surname: &str) -> usize {
    NAMES.iter().position(|(name, ..)| *name == surname).expect("one of the families")
}

/// The class of a family's pupil.
pub(super) const fn class(family: usize) -> &'static str {
    CLASSES[family / 20]
}

/// The mailbox of a family's first or second carer.
pub(super) fn mailbox(family: usize, nth: usize) -> String {
    let (surname, _, first, second) = NAMES[family];
    let name = [first, second][nth];
    format!("{name}.{surname}@home.example").to_lowercase()
}

/// Their mobile, of the range that is nobody's.
pub(super) fn mobile(family: usize, nth: usize) -> String {
    format!("+447700900{:03}", family * 2 + nth)
}

/// Every name, mailbox and number that belongs to this family and to no other.
pub(super) fn own(family: usize) -> Vec<String> {
    let (surname, child, first, second) = NAMES[family];
    let words = [surname, child, first, second].map(str::to_lowercase);
    let reach = [0, 1].into_iter().flat_map(|nth| [mailbox(family, nth), mobile(family, nth)]);
    words.into_iter().chain(reach).collect()
}

/// The school as its own system exports it. `left`: pupils with their last day.
pub(super) fn roll(left: &[(&str, &str)]) -> Roll {
    let all = 0..NAMES.len();
    let pupils: Vec<Person> = all
        .clone()
        .map(|n| {
            let (surname, child, ..) = NAMES[n];
            let last = left.iter().find(|(name, _)| *name == surname).map_or("", |(_, day)| day);
            pupil(&pupil_ref(n), child, surname).with("class", class(n)).with("leaving_date", last)
        })
        .collect();
    // Two of three families have a second carer; in every other of these they live apart.
    let carers = all.flat_map(|n| (0..if n % 3 == 0 { 1 } else { 2 }).map(move |nth| one(n, nth)));
    Roll::new(&pupils, &carers.collect::<Vec<_>>())
}

fn one(family: usize, nth: usize) -> Person {
    let (surname, _, first, second) = NAMES[family];
    let reference = format!("C{}{}", family + 1, ["a", "b"][nth]);
    // One phone in the house of the Iqbals, which both of them answer.
    let phone = if surname == "Iqbal" { mobile(family, 0) } else { mobile(family, nth) };
    carer(&pupil_ref(family), &reference, [first, second][nth], surname)
        .with("priority", ["1", "2"][nth])
        .email(&mailbox(family, nth))
        .mobile(&phone)
        .lives_at(&format!("{} {surname} Street", nth + 1))
        .wants(WANTS[(family + nth) % WANTS.len()])
}
