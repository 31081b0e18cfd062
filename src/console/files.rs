//! The files of the console, as they are in `console/`, embedded so that nothing is fetched from elsewhere.

/// A file of the console.
pub struct File {
    /// Where it is served.
    pub path: &'static str,
    /// Its content type.
    pub content_type: &'static str,
    /// What is in it.
    pub text: &'static str,
}

/// The page itself.
pub const PAGE: &str = "/";

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const IMAGE: &str = "image/svg+xml";

macro_rules! file {
    ($path:expr, $name:literal, $content_type:expr) => {
        File { path: $path, content_type: $content_type, text: include_str!(concat!("../../console/", $name)) }
    };
    ($name:literal, $content_type:expr) => {
        file!(concat!("/console/", $name), $name, $content_type)
    };
}

/// All of them.
pub static FILES: &[File] = &[
    file!(PAGE, "index.html", HTML),
    file!("style.css", STYLE),
    file!("icon.svg", IMAGE),
    file!("app.js", SCRIPT),
    file!("api.js", SCRIPT),
    file!("dom.js", SCRIPT),
    file!("key.js", SCRIPT),
    file!("socket.js", SCRIPT),
    file!("snippets.js", SCRIPT),
    file!("views/channels.js", SCRIPT),
    file!("views/nodes.js", SCRIPT),
    file!("views/rates.js", SCRIPT),
    file!("views/sessions.js", SCRIPT),
    file!("views/start.js", SCRIPT),
    file!("views/tail.js", SCRIPT),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// The most bytes of all files together: a console that loads at once, on a phone too.
    const MOST: usize = 100 * 1024;

    fn in_folder(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries
            .flat_map(|path| if path.is_dir() { in_folder(&path) } else { vec![path.display().to_string()] })
            .collect()
    }

    #[test]
    fn each_file_of_the_folder_is_served() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut there = in_folder(&root.join("console"));
        let served = FILES.iter().map(|file| if file.path == PAGE { "/console/index.html" } else { file.path });
        let mut served: Vec<_> = served.map(|path| format!("{}{path}", root.display())).collect();
        there.sort();
        served.sort();
        assert_eq!(there, served);
    }

    #[test]
    fn together_they_are_small() {
        let bytes: usize = FILES.iter().map(|file| file.text.len()).sum();
        assert!(bytes <= MOST, "the console has {bytes} bytes");
    }

    #[test]
    fn nothing_is_fetched_from_elsewhere_and_nothing_is_written_as_markup() {
        for file in FILES.iter().filter(|file| file.content_type != IMAGE) {
            for wrong in [
                "src=\"http",
                "href=\"http",
                "from 'http",
                "import('http",
                "@import",
                "innerHTML",
                "insertAdjacentHTML",
                "eval(",
            ] {
                assert!(!file.text.contains(wrong), "{} has {wrong}", file.path);
            }
        }
    }
}
