//! Tags filters: the operators, the bounds, and the laws they keep.
use callboard::filter::{Error, MAX_DEPTH, MAX_NODES, TagsFilter};
use callboard::types::{FilterNode, Tags};
use proptest::prelude::*;

fn leaf(key: &str, cmp: &str, val: &str) -> FilterNode {
    FilterNode { key: key.into(), cmp: cmp.into(), val: val.into(), ..FilterNode::default() }
}

fn among(key: &str, cmp: &str, vals: &[&str]) -> FilterNode {
    FilterNode { vals: vals.iter().map(|val| val.to_string()).collect(), ..leaf(key, cmp, "") }
}

fn op(op: &str, nodes: Vec<FilterNode>) -> FilterNode {
    FilterNode { op: op.into(), nodes, ..FilterNode::default() }
}

fn passes(filter: &FilterNode, tags: &[(&str, &str)]) -> bool {
    let tags: Tags = tags.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    TagsFilter::compile(filter).expect("a valid filter").matches(Some(&tags))
}

fn fails(filter: &FilterNode) -> Error {
    TagsFilter::compile(filter).expect_err("an invalid filter")
}

#[test]
fn each_comparison_compares_as_its_name_says() {
    let cases = [
        (leaf("t", "eq", "A"), "A", true),
        (leaf("t", "eq", "A"), "a", false),
        (leaf("t", "neq", "A"), "B", true),
        (leaf("t", "neq", "A"), "A", false),
        (among("t", "in", &["A", "B"]), "B", true),
        (among("t", "in", &["A", "B"]), "C", false),
        (among("t", "nin", &["A", "B"]), "C", true),
        (among("t", "nin", &["A", "B"]), "A", false),
        (leaf("t", "ex", ""), "", true),
        (leaf("t", "nex", ""), "", false),
        (leaf("t", "sw", "ab"), "abc", true),
        (leaf("t", "sw", "bc"), "abc", false),
        (leaf("t", "ew", "bc"), "abc", true),
        (leaf("t", "ew", "ab"), "abc", false),
        (leaf("t", "ct", "b"), "abc", true),
        (leaf("t", "ct", "d"), "abc", false),
        (leaf("t", "lt", "42"), "10", true),
        (leaf("t", "lt", "42"), "42", false),
        (leaf("t", "lte", "42"), "42.0", true),
        (leaf("t", "lte", "42"), "42.00000001", false),
        (leaf("t", "gt", "42"), "100", true),
        (leaf("t", "gt", "42"), "5", false),
        (leaf("t", "gte", "-0.5"), "-0.50", true),
        (leaf("t", "gte", "42"), "41.99999999", false),
    ];
    for (filter, tag, expected) in cases {
        assert_eq!(passes(&filter, &[("t", tag), ("u", "x")]), expected, "{} {} {tag}", filter.cmp, filter.val);
    }
}

#[test]
fn on_a_missing_tag_only_the_negative_comparisons_hold() {
    for cmp in ["eq", "sw", "ew", "ct", "lt", "lte", "gt", "gte"] {
        assert!(!passes(&leaf("t", cmp, "1"), &[("u", "1")]), "{cmp}");
    }
    assert!(!passes(&leaf("t", "ex", ""), &[]));
    assert!(!passes(&among("t", "in", &["1"]), &[]));
    assert!(passes(&leaf("t", "nex", ""), &[]));
    assert!(passes(&leaf("t", "neq", "1"), &[]));
    assert!(passes(&among("t", "nin", &["1"]), &[]));
}

#[test]
fn a_list_that_holds_the_empty_text_holds_a_missing_tag() {
    assert!(passes(&among("t", "in", &["", "1"]), &[]));
    assert!(!passes(&among("t", "nin", &["", "1"]), &[]));
}

#[test]
fn what_is_no_number_compares_with_none() {
    for cmp in ["lt", "lte", "gt", "gte"] {
        assert!(!passes(&leaf("t", cmp, "1"), &[("t", "many")]), "{cmp}");
        assert!(!passes(&leaf("t", cmp, "many"), &[("t", "1")]), "{cmp}");
    }
}

#[test]
fn operators_combine() {
    let (yes, no) = (leaf("t", "eq", "A"), leaf("t", "eq", "B"));
    let tags = [("t", "A")];
    for (filter, expected) in [
        (op("and", vec![yes.clone(), yes.clone()]), true),
        (op("and", vec![yes.clone(), no.clone()]), false),
        (op("or", vec![no.clone(), yes.clone()]), true),
        (op("or", vec![no.clone(), no.clone()]), false),
        (op("not", vec![no.clone()]), true),
        (op("not", vec![yes.clone()]), false),
        (op("and", vec![op("or", vec![no.clone(), yes.clone()]), op("not", vec![no])]), true),
    ] {
        assert_eq!(passes(&filter, &tags), expected, "{filter:?}");
    }
}

#[test]
fn an_event_without_tags_is_one_with_none() {
    assert!(!TagsFilter::compile(&leaf("t", "eq", "A")).unwrap().matches(None));
    assert!(TagsFilter::compile(&leaf("t", "nex", "")).unwrap().matches(None));
}

#[test]
fn a_filter_that_makes_no_sense_says_why() {
    assert_eq!(fails(&op("xor", vec![leaf("t", "ex", "")])), Error::UnknownOperator("xor".into()));
    assert_eq!(fails(&leaf("t", "like", "x")), Error::UnknownComparison("like".into()));
    assert_eq!(fails(&FilterNode::default()), Error::UnknownComparison(String::new()));
    assert_eq!(fails(&leaf("", "eq", "x")), Error::MissingKey);
    assert_eq!(fails(&leaf("", "ex", "")), Error::MissingKey);
    assert_eq!(fails(&op("and", vec![])), Error::WrongOperands("and"));
    assert_eq!(fails(&op("or", vec![])), Error::WrongOperands("or"));
    assert_eq!(fails(&op("not", vec![])), Error::WrongOperands("not"));
    assert_eq!(fails(&op("not", vec![leaf("t", "ex", ""), leaf("u", "ex", "")])), Error::WrongOperands("not"));
    assert_eq!(fails(&leaf("t", "eq", "")), Error::WrongValues("eq"));
    assert_eq!(fails(&among("t", "gt", &["1"])), Error::WrongValues("gt"));
    assert_eq!(fails(&leaf("t", "in", "x")), Error::WrongValues("in"));
    assert_eq!(fails(&among("t", "nin", &[])), Error::WrongValues("nin"));
    assert_eq!(fails(&leaf("t", "ex", "x")), Error::WrongValues("ex"));
    assert_eq!(fails(&among("t", "nex", &["x"])), Error::WrongValues("nex"));
}

#[test]
fn the_bounds_of_a_filter_are_held_exactly() {
    let nested = |depth: usize| (1..depth).fold(leaf("t", "ex", ""), |inner, _| op("not", vec![inner]));
    assert!(TagsFilter::compile(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(fails(&nested(MAX_DEPTH + 1)), Error::TooDeep);
    let wide = |nodes: usize| op("or", vec![leaf("t", "ex", ""); nodes - 1]);
    assert!(TagsFilter::compile(&wide(MAX_NODES)).is_ok());
    assert_eq!(fails(&wide(MAX_NODES + 1)), Error::TooLarge);
}

fn any_filter() -> impl Strategy<Value = FilterNode> {
    let cmp = prop::sample::select(vec!["eq", "neq", "sw", "ew", "ct", "lt", "lte", "gt", "gte"]);
    let single = ("[ab]", cmp, "[0-9]{1,2}").prop_map(|(key, cmp, val)| leaf(&key, cmp, &val));
    let list = ("[ab]", prop::sample::select(vec!["in", "nin"]), prop::collection::vec("[0-9]{1,2}", 1..4))
        .prop_map(|(key, cmp, vals)| FilterNode { vals, ..leaf(&key, cmp, "") });
    let bare = ("[ab]", prop::sample::select(vec!["ex", "nex"])).prop_map(|(key, cmp)| leaf(&key, cmp, ""));
    prop_oneof![single, list, bare].prop_recursive(3, 20, 3, |inner| {
        (prop::sample::select(vec!["and", "or"]), prop::collection::vec(inner, 1..4))
            .prop_map(|(name, nodes)| op(name, nodes))
    })
}

proptest! {
    #[test]
    fn a_filter_and_its_negation_never_agree(
        filter in any_filter(),
        tags in prop::collection::btree_map("[ab]", "[0-9]{1,2}", 0..3),
    ) {
        let plain = TagsFilter::compile(&filter).unwrap();
        let negated = TagsFilter::compile(&op("not", vec![filter])).unwrap();
        prop_assert_ne!(plain.matches(Some(&tags)), negated.matches(Some(&tags)));
    }

    #[test]
    fn not_over_and_is_or_over_not(
        left in any_filter(),
        right in any_filter(),
        tags in prop::collection::btree_map("[ab]", "[0-9]{1,2}", 0..3),
    ) {
        let not = |node: &FilterNode| op("not", vec![node.clone()]);
        let one = op("not", vec![op("and", vec![left.clone(), right.clone()])]);
        let other = op("or", vec![not(&left), not(&right)]);
        let matches = |filter| TagsFilter::compile(filter).unwrap().matches(Some(&tags));
        prop_assert_eq!(matches(&one), matches(&other));
    }
}
