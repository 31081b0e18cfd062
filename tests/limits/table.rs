//! The table of limits, walked.
use super::{inside, outside};
use callboard::broker::Limits;
use callboard::metrics::{Metrics, WireLabel};
use std::collections::BTreeSet;

const DOCUMENT: &str = include_str!("../../docs/reliability.md");

/// A row: what is bounded, and the metric that tells of it.
struct Row {
    bound: String,
    metric: String,
}

/// The rows of the table under this heading.
fn rows(heading: &str) -> Vec<Row> {
    let section = DOCUMENT.split(&format!("\n{heading}\n")).nth(1).expect("the heading");
    let section = section.split("\n#").next().expect("a split has a first part");
    let rows = section.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        assert_eq!(cells.len(), 3, "{row}");
        let metric = cells[2].split('`').nth(1).unwrap_or_else(|| panic!("{row} names no metric"));
        Row { bound: cells[0].trim_matches('`').to_owned(), metric: metric.to_owned() }
    })
    .collect()
}

/// The value of a metric with its labels; none where it has not been counted.
pub fn value(text: &str, metric: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(metric)?.strip_prefix(' ')?.parse().ok())
}

/// The keys of `[limits]`.
fn keys() -> BTreeSet<String> {
    let limits = toml::Table::try_from(Limits::default()).expect("a table");
    limits.keys().cloned().collect()
}

#[test]
fn every_limit_of_the_config_is_in_the_table_once() {
    let rows = rows("## Limits");
    let named: BTreeSet<String> = rows.iter().map(|row| row.bound.clone()).collect();
    assert_eq!(named.len(), rows.len(), "a limit stands in the table twice");
    assert_eq!(named, keys());
}

#[test]
fn every_limit_acts_and_is_counted_as_the_table_says() {
    for Row { bound, metric } in rows("## Limits") {
        let text = inside::hit(&bound).or_else(|| outside::hit(&bound, &metric));
        let text = text.unwrap_or_else(|| panic!("no story reaches limits.{bound}"));
        let value = value(&text, &metric);
        assert!(
            value.is_some_and(|value| value > 0.0),
            "limits.{bound} was reached, but {metric} is {value:?}:\n{text}"
        );
        if metric.starts_with("callboard_stored") {
            let most = f64::from(outside::MOST);
            assert!(value.is_some_and(|value| value <= most), "limits.{bound} is over its bound: {value:?}");
        }
    }
}

#[test]
fn every_bound_without_a_key_names_a_metric_that_there_is() {
    let metrics = Metrics::new();
    // A metric with labels shows as soon as it has counted something.
    Metrics::count(&metrics.drops, "something");
    metrics.reached("something");
    metrics.connections.get_or_create_owned(&WireLabel { wire: "something".to_owned() }).inc();
    let text = metrics.text().expect("text");
    let rows = rows("### Bounds without a key");
    assert!(rows.len() > 5);
    for Row { bound, metric } in rows {
        let name = metric.split('{').next().expect("a split has a first part").trim_end_matches("_total");
        assert!(text.contains(&format!("# TYPE {name} ")), "{bound} names {metric}, which there is not:\n{text}");
    }
}
