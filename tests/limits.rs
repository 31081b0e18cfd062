//! Every limit of the config acts, and is counted as the table of `docs/reliability.md` says.
mod harness;
mod limits {
    #[path = "../broker/engine.rs"]
    #[allow(dead_code, reason = "the stories of the broker use the rest")]
    mod engine;
    #[path = "../broker/house.rs"]
    #[allow(dead_code, reason = "the stories of the broker use the rest")]
    mod house;
    #[path = "../broker/residents.rs"]
    #[allow(dead_code, reason = "the stories of the broker use the rest")]
    mod residents;

    mod inside;
    mod outside;
    mod table;
}
