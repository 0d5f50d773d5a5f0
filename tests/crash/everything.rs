//! All of it together.

use crate::{
    ledger, mischief,
    place::Blow,
    school::{IMPATIENT, School},
};

#[tokio::test]
async fn kills_restarts_and_cut_lines_together_lose_nothing_and_send_no_text_twice() {
    let mut school = School::with_queue("everything", 600, 600, IMPATIENT).await;
    let mut daemon = school.start();

    for _ in 0..24 {
        school.moment(2, 25).await;
        match school.chance.number(1, 6) {
            1 => {
                school.kill(daemon).await;
                daemon = school.start();
            }
            2 => {
                let blow = *school.chance.one_of(&[Blow::Fast, Blow::Immediate, Blow::Kill]);
                school.place.strike(blow).await;
                school.place.start().await;
            }
            3 => {
                // The machine's worst moment: the daemon and Postgres die together.
                let blow = *school.chance.one_of(&[Blow::Immediate, Blow::Kill]);
                daemon.kill().await;
                school.place.strike(blow).await;
                school.place.start().await;
                school.note_doubts().await;
                daemon = school.start();
            }
            _ => drop(mischief::annoy(&mut school)),
        }
        daemon.assert_alive();
    }
    school.smtp.behave();
    school.until_drained().await;

    school.stop(daemon).await;
    let ledger = ledger::check(&school).await;
    eprintln!("{ledger}");
}
