//! The order of the rooms inside a room: which file names which, what of that points up, and which files name each other in a
//! circle.
use super::{code_of, sources};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The rooms of `broker` from the roof down. A file may name rooms below its own.
const BROKER: [&str; 31] = [
    "start",
    "session",
    "tail",
    "messages",
    "emission",
    "cluster",
    "inspection",
    "sessions",
    "control",
    "census",
    "query",
    "worker",
    "registry",
    "channel",
    "recovery",
    "handler",
    "unknown",
    "channels",
    "authentication",
    "refusals",
    "node",
    "fault",
    "hub",
    "directory",
    "recoverable",
    "revocations",
    "connections",
    "taps",
    "deadline",
    "expose",
    "policy",
];
/// The imports against that order, each counted once for a file and the room that it names: a hub knows the way to a channel, a
/// channel that to the registry, and the node holds a table or a way of four rooms. May only fall.
const AGAINST: usize = 7;
/// The files of the largest circle: what handlers are asked with is a view of the node that holds them. May only fall.
const CIRCLE: usize = 4;

/// Which files of a folder each of its files names.
type Names = BTreeMap<PathBuf, BTreeSet<PathBuf>>;

#[test]
fn imports_inside_the_broker_keep_to_its_order() {
    let names = names_in(Path::new("src/broker"));
    let place = |path: &Path| {
        let room = room_in(path, Path::new("src/broker"));
        BROKER.iter().position(|known| *known == room)
    };
    let mut against = BTreeSet::new();
    for (file, named) in &names {
        assert!(place(file).is_some() || file.ends_with("broker/mod.rs"), "{} has no place", file.display());
        for other in named {
            if place(other) < place(file) && place(other).is_some() {
                against.insert(format!("{} -> {}", file.display(), room_in(other, Path::new("src/broker"))));
            }
        }
    }
    let list: Vec<_> = against.iter().map(String::as_str).collect();
    assert!(against.len() <= AGAINST, "{} imports against the order:\n{}", against.len(), list.join("\n"));
    assert!(against.len() == AGAINST, "only {} are left: write that down, so that it stays so", against.len());
}

#[test]
fn no_circle_of_imports_inside_the_broker_grows() {
    let circles = circles(&names_in(Path::new("src/broker")));
    let largest = circles.iter().max_by_key(|circle| circle.len()).expect("there are files");
    assert!(largest.len() <= CIRCLE, "a circle of {} files: {largest:#?}", largest.len());
    assert!(largest.len() == CIRCLE, "only {} are left: write that down, so that it stays so", largest.len());
}

#[test]
fn nothing_on_the_floor_names_each_other_in_a_large_circle() {
    let circles = circles(&names_in(Path::new("src/delivery")));
    let largest = circles.iter().max_by_key(|circle| circle.len()).expect("there are files");
    assert!(largest.len() <= 6, "a circle of {} files: {largest:#?}", largest.len());
}

/// The room of a file: the folder or the file directly below `root`.
fn room_in(path: &Path, root: &Path) -> String {
    let below = path.strip_prefix(root).expect("a file of the room");
    let first = below.iter().next().expect("a name");
    Path::new(first).file_stem().expect("a name").to_string_lossy().into_owned()
}

fn names_in(root: &Path) -> Names {
    let files: Vec<PathBuf> = sources(root).into_iter().filter(|path| !path.ends_with("tests.rs")).collect();
    files.iter().map(|file| (file.clone(), named_by(file, root))).collect()
}

/// The files of the room that a file imports from.
fn named_by(file: &Path, root: &Path) -> BTreeSet<PathBuf> {
    let code = shipped(file);
    let here = module_of(file);
    let room = module_of(&root.join("mod.rs"));
    let mut named = BTreeSet::new();
    for statement in statements(&code, file.ends_with("mod.rs")) {
        for leaf in leaves(&statement, "") {
            let path = absolute(&leaf, &here);
            if let Some(below) = path.strip_prefix(&room[..]) {
                let found = file_of(root, below);
                if found != *file {
                    named.insert(found);
                }
            }
        }
    }
    named
}

/// The code without its tests.
fn shipped(file: &Path) -> String {
    let code = code_of(file);
    code.split("#[cfg(test)]").next().unwrap_or_default().to_owned()
}

fn module_of(file: &Path) -> Vec<String> {
    let mut parts: Vec<String> =
        file.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    parts[0] = "crate".to_owned();
    if parts.last().is_some_and(|last| last == "mod" || last == "lib") {
        parts.pop();
    }
    parts
}

/// The trees of `use` statements. What the head of a folder only passes on is no import of its own.
fn statements(code: &str, is_head: bool) -> Vec<String> {
    let mut found = vec![];
    for (at, _) in code.match_indices("use ") {
        let line = &code[code[..at].rfind('\n').map_or(0, |end| end + 1)..at];
        let passes_on = line.trim_start().starts_with("pub");
        if (line.trim().is_empty() || passes_on) && !(passes_on && is_head) {
            let tree = code[at + 4..].split(';').next().unwrap_or_default();
            found.push(tree.split_whitespace().collect());
        }
    }
    found
}

/// The paths of a tree: `a::{b, c::d}` has `a::b` and `a::c::d`.
fn leaves(tree: &str, before: &str) -> Vec<String> {
    let Some((begin, list)) = tree.split_once('{') else { return vec![format!("{before}{tree}")] };
    let list = list.strip_suffix('}').unwrap_or(list);
    let before = format!("{before}{begin}");
    let (mut found, mut depth, mut part) = (vec![], 0, String::new());
    for letter in list.chars().chain([',']) {
        depth += i32::from(letter == '{') - i32::from(letter == '}');
        match letter == ',' && depth == 0 {
            true if part.is_empty() => {}
            true => found.extend(leaves(&std::mem::take(&mut part), &before)),
            false => part.push(letter),
        }
    }
    found
}

fn absolute(path: &str, here: &[String]) -> Vec<String> {
    let mut base = here.to_vec();
    let mut parts = path.split("::").peekable();
    if !matches!(parts.peek(), Some(&("super" | "self"))) {
        return parts.map(str::to_owned).collect();
    }
    while let Some(word) = parts.next_if(|part| matches!(*part, "super" | "self")) {
        if word == "super" {
            base.pop();
        }
    }
    base.into_iter().chain(parts.map(str::to_owned)).collect()
}

/// The file that a path below a folder leads to: through folders, and through what their heads pass on.
fn file_of(folder: &Path, path: &[String]) -> PathBuf {
    let head = folder.join("mod.rs");
    let Some((first, rest)) = path.split_first() else { return head };
    if folder.join(first).join("mod.rs").exists() {
        return file_of(&folder.join(first), rest);
    }
    let file = folder.join(first).with_extension("rs");
    if file.exists() {
        return file;
    }
    let code = shipped(&head);
    for statement in statements(&code, false) {
        for leaf in leaves(&statement, "") {
            let (from, name) = leaf.rsplit_once("::").unwrap_or(("", &leaf));
            let is_here = !["super", "crate", "std", ""].contains(&from.split("::").next().unwrap_or_default());
            if name == first && is_here {
                return file_of(folder, &leaf.split("::").map(str::to_owned).collect::<Vec<_>>());
            }
        }
    }
    head
}

/// Files that name each other, directly or by way of others: each set of them that is more than one file, and the rest one by
/// one.
fn circles(names: &Names) -> Vec<BTreeSet<PathBuf>> {
    let reach = |from: &PathBuf| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(file) = next.pop() {
            for other in names.get(&file).into_iter().flatten() {
                if seen.insert(other.clone()) {
                    next.push(other.clone());
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&PathBuf, BTreeSet<PathBuf>> = names.keys().map(|file| (file, reach(file))).collect();
    let circle = |file: &PathBuf| {
        let back = |other: &PathBuf| reached.get(other).is_some_and(|of_other| of_other.contains(file));
        let mut circle: BTreeSet<PathBuf> = reached[file].iter().filter(|other| back(other)).cloned().collect();
        circle.insert(file.clone());
        circle
    };
    let found: BTreeSet<BTreeSet<PathBuf>> = names.keys().map(circle).collect();
    found.into_iter().collect()
}

#[test]
fn this_test_finds_its_way_through_the_heads_of_folders() {
    let names = names_in(Path::new("src/broker"));
    let named = |file: &str, other: &str| names[Path::new(file)].contains(Path::new(other));
    assert!(named("src/broker/registry/mod.rs", "src/broker/channel/mod.rs"));
    assert!(named("src/broker/worker.rs", "src/broker/hub/message.rs"));
    assert!(named("src/broker/session/subscribe.rs", "src/broker/session/join.rs"));
    assert_eq!(leaves("a::{b,c::{d,e},f}", ""), ["a::b", "a::c::d", "a::c::e", "a::f"]);
}
