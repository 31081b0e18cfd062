//! The rooms of the house: imports point down only, files stay short, and names say what is inside.
#[path = "rooms/ci_summary.rs"]
mod ci_summary;
#[path = "rooms/order.rs"]
mod order;

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms by level, from the roof down. A room may name those of the levels below it; `cli` stands on `config`. `events_bus` is an edge of
/// its own beside `api` and `rest`: it is on the clients' address, answers in Backstage's words, and holds its answers open.
const LEVELS: [&[&str]; 10] = [
    &["main"],
    &["cli"],
    &["config"],
    &["server"],
    &["transport", "api", "rest", "events_bus", "console", "client"],
    &["service"],
    &["broker"],
    &["delivery"],
    &["engine", "auth", "filter", "protocol", "store"],
    &["types", "metrics"],
];

/// Lines that most files may have, and lines that none may exceed.
const SHORT: usize = 350;
const LONGEST: usize = 400;

/// Names that say nothing about what is inside.
const SAYS_NOTHING: [&str; 5] = ["utils", "helpers", "common", "manager", "misc"];

#[test]
fn imports_point_down_only() {
    let mut wrong = vec![];
    for path in sources("src") {
        let room = room_of(&path);
        let Some(level) = level_of(&room) else {
            assert_eq!(room, "lib", "{} is in a room that has no level in this test", path.display());
            continue;
        };
        for (line, named) in rooms_named(&code_of(&path), depth_of(&path)) {
            let reaches = level_of(&named).expect("only rooms with a level are found");
            if named != room && reaches <= level {
                wrong.push(format!("{}:{line}: {room} names {named}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "imports that point up or sideways:\n{}", wrong.join("\n"));
}

#[test]
fn the_deprecated_websocket_layer_is_named_in_one_file() {
    let home = Path::new("src/transport/connection.rs");
    let named: Vec<_> = sources("src").into_iter().filter(|path| code_of(path).contains("actix_web_actors")).collect();
    assert!(named.iter().all(|path| path == home), "actix_web_actors is named outside {}: {named:?}", home.display());
}

#[test]
fn the_broker_names_no_wire_and_the_wires_name_no_actor() {
    let strangers = [("src/broker", "centrifuge"), ("src/delivery", "centrifuge"), ("src/protocol", "actix")];
    for (room, stranger) in strangers {
        let named: Vec<_> = sources(room).into_iter().filter(|path| code_of(path).contains(stranger)).collect();
        assert!(named.is_empty(), "{stranger} is named in {named:?}");
    }
}

#[test]
fn the_client_names_nothing_of_a_broker() {
    let named = sources("src/client").into_iter().flat_map(|path| rooms_named(&code_of(&path), depth_of(&path)));
    let others: Vec<_> = named.filter(|(_, room)| !["client", "types", "metrics"].contains(&room.as_str())).collect();
    assert!(others.is_empty(), "src/client names {others:?}");
}

#[test]
fn a_wire_of_the_tests_has_no_line_in_the_house() {
    let named: Vec<_> =
        sources("src").into_iter().filter(|path| code_of(path).to_lowercase().contains("toy")).collect();
    assert!(named.is_empty(), "tests/rooms/toy_wire.rs enters by the public table alone: {named:?}");
}

#[test]
fn files_are_short() {
    let mut lengths: Vec<(usize, PathBuf)> = ["src", "tests", "benches", "examples"]
        .into_iter()
        .flat_map(sources)
        .map(|path| (read(&path).lines().count(), path))
        .collect();
    lengths.sort();
    let (longest, path) = lengths.last().expect("there are files");
    assert!(*longest <= LONGEST, "{} has {longest} lines", path.display());
    let long: Vec<_> = lengths.iter().filter(|(lines, _)| *lines > SHORT).collect();
    assert!(long.len() * 10 <= lengths.len(), "more than one file in ten is over {SHORT} lines: {long:?}");
}

#[test]
fn names_say_what_is_inside() {
    for path in ["src", "tests", "benches", "examples"].into_iter().flat_map(sources) {
        let names = path.iter().filter_map(|part| Path::new(part).file_stem()).map(|stem| stem.to_string_lossy());
        for name in names {
            assert!(!SAYS_NOTHING.contains(&&*name), "{} is named {name}", path.display());
        }
    }
}

#[test]
fn each_decision_that_the_code_names_is_in_the_document() {
    let document = read(Path::new("docs/decisions.md"));
    let known: Vec<&str> =
        document.lines().filter_map(|line| line.split_once(". ")).map(|(number, _)| number).collect();
    let mut missing = vec![];
    for path in sources("src") {
        let text = read(&path);
        for (at, word) in text.match_indices("decision ") {
            let number: String = text[at + word.len()..].chars().take_while(char::is_ascii_alphanumeric).collect();
            if number.starts_with(|first: char| first.is_ascii_digit()) && !known.contains(&&*number) {
                missing.push(format!("{number} of {}", path.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn this_test_sees_what_it_looks_for() {
    let code = strip_comments(
        "use crate::{api::Key, types}; // crate::server\nlet a = crate::broker::Hub::new(\"// no comment\"); /* crate::cli */\n\
         use callboard::engine;\n/// [`crate::config`]\nuse crate::{\n    auth,\n    filter::{x::server, Tags},\n};\n\
         use super::types;",
    );
    let found: Vec<_> = rooms_named(&code, 1).into_iter().map(|(line, room)| format!("{line} {room}")).collect();
    assert_eq!(found, ["1 api", "1 types", "2 broker", "3 engine", "5 auth", "5 filter", "9 types"]);
}

fn level_of(room: &str) -> Option<usize> {
    LEVELS.iter().position(|rooms| rooms.contains(&room))
}

/// The room of a file in `src`: the folder, or the file itself beside `lib.rs`.
fn room_of(path: &Path) -> String {
    let part = path.iter().nth(1).expect("below src");
    Path::new(part).file_stem().expect("a name").to_string_lossy().into_owned()
}

/// How many modules lie between a file and the crate's root.
fn depth_of(path: &Path) -> usize {
    path.iter().count() - 1 - usize::from(path.ends_with("mod.rs"))
}

/// All rooms that code so deep below the crate's root names by a path from there, with the line where the path begins.
fn rooms_named(code: &str, depth: usize) -> Vec<(usize, String)> {
    let mut named = vec![];
    for root in ["crate::", "callboard::", &"super::".repeat(depth)] {
        for (at, _) in code.match_indices(root) {
            let line = code[..at].lines().count().max(1) + usize::from(code[..at].ends_with('\n'));
            let path = &code[at + root.len()..];
            let rooms = if path.starts_with('{') { first_parts(path) } else { vec![identifier(path)] };
            named.extend(rooms.into_iter().filter(|room| level_of(room).is_some()).map(|room| (line, room.to_owned())));
        }
    }
    named.sort();
    named
}

/// The first part of each path in a braced list: `{a::{b, c}, d}` names a and d.
fn first_parts(list: &str) -> Vec<&str> {
    let mut parts = vec![];
    let mut depth = 0;
    for (at, letter) in list.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 1 && matches!(letter, '{' | ',') {
            parts.push(identifier(list[at + 1..].trim_start()));
        }
        if depth == 0 {
            break;
        }
    }
    parts
}

fn identifier(text: &str) -> &str {
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len());
    &text[..end]
}

/// What a file says to the compiler: comments are left out, so that they may speak of any room.
fn code_of(path: &Path) -> String {
    strip_comments(&read(path))
}

/// The text without its comments, line for line. Texts in quotes stay, and what looks like a comment in them.
fn strip_comments(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let skipped = match letter {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            _ => 0,
        };
        if skipped > 0 {
            code.extend(rest[..skipped].chars().filter(|letter| *letter == '\n'));
            rest = &rest[skipped..];
            continue;
        }
        let kept = if letter == '"' { quoted(rest) } else { letter.len_utf8() };
        code.push_str(&rest[..kept]);
        rest = &rest[kept..];
    }
    code
}

/// How long the text in quotes is with which this begins. A quote in a character literal (`'"'`) is told by its mate.
fn quoted(text: &str) -> usize {
    if text.starts_with("\"'") {
        return 1;
    }
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            '"' if !escaped => return at + 1,
            _ => escaped = letter == '\\' && !escaped,
        }
    }
    text.len()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All source files below a folder (what is installed there is not ours); none where there is no such folder.
fn sources(folder: impl AsRef<Path>) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return vec![] };
    let mut found = vec![];
    for path in entries.map(|entry| entry.expect("a readable folder").path()) {
        if path.is_dir() && !path.ends_with("node_modules") {
            found.extend(sources(path));
        } else if path.extension().is_some_and(|kind| kind == "rs" || kind == "js" || kind == "py") {
            found.push(path);
        }
    }
    found
}
