//! An update's way from the teacher's file to the carer, through everything that can happen to it on the way.

mod daemons;
mod doubt;
mod explain;
mod handed_over;
mod life;
mod lost_commits;
mod month;
mod operator;
mod providers;
mod receipts;
mod rights;
mod routes;
mod safety;
mod translations;
mod trouble;
