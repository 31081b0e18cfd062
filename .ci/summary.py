#!/usr/bin/env python3
"""Reads what `cargo test` prints and tells it in short: one line per suite, and in the end each failure with what it printed and
the command that repeats it alone. All that was read stands in target/tests.log. Fails never: the status of a run is cargo's."""
import pathlib
import re
import sys

RUNNING = re.compile(r"^\s+Running (?P<what>.*) \(target/.*\)$")
RESULT = re.compile(
    r"^test result: \w+\. (?P<passed>\d+) passed; (?P<failed>\d+) failed; (?P<ignored>\d+) ignored;"
    r".*finished in (?P<time>.*)$"
)
FAILED = re.compile(r"^test (?P<name>\S+)(?: - should panic)? \.\.\. FAILED$")
PRINTED = re.compile(r"^---- (?P<name>\S+) stdout ----$")


def target_of(what):
    """The words that name a suite to cargo."""
    if what.startswith("unittests src/lib.rs"):
        return "--lib"
    if what.startswith("unittests src/main.rs"):
        return "--bins"
    kind, _, name = what.removesuffix(".rs").rpartition("/")
    return f"--bench {name}" if kind.endswith("benches") else f"--test {name}"


class Summary:
    """What has been read so far."""

    def __init__(self, out):
        self.out = out
        self.suite = None
        self.failures = []
        self.printed = {}
        self.section = None

    def tell(self, text, end="\n"):
        print(text, end=end, file=self.out, flush=True)

    def read(self, line):
        """Takes the next line, without its end."""
        if running := RUNNING.match(line):
            if self.suite:
                # A bench that was run once prints no result.
                self.tell("done")
            self.suite, self.section = running["what"], None
            return self.tell(f"{self.suite}: ", end="")
        if self.suite is None:
            return self.tell(line) if line.strip() else None
        if result := RESULT.match(line):
            text = f"{result['passed']} passed, {result['failed']} failed, {result['ignored']} ignored in {result['time']}"
            self.suite, self.section = None, None
            return self.tell(text)
        if failed := FAILED.match(line):
            self.failures.append((target_of(self.suite), failed["name"]))
        elif printed := PRINTED.match(line):
            self.section = printed["name"]
            self.printed[self.section] = []
        elif line == "failures:":
            self.section = None
        elif self.section:
            self.printed[self.section].append(line)
        return None

    def end(self):
        """Tells the failures."""
        if self.suite:
            self.tell("done")
        for target, name in self.failures:
            self.tell(f"\n== FAILED: {name}\n" + "\n".join(self.printed.get(name, [])).strip())
            self.tell(f"repeat it alone: cargo test --locked {target} -- --exact {name}")
        if self.failures:
            self.tell(f"\n{len(self.failures)} failed; all that was printed is in target/tests.log")


def main():
    log = pathlib.Path("target/tests.log")
    log.parent.mkdir(exist_ok=True)
    summary = Summary(sys.stdout)
    with log.open("w", encoding="utf-8", errors="replace") as kept:
        for line in sys.stdin:
            kept.write(line)
            summary.read(line.rstrip("\n"))
    summary.end()


if __name__ == "__main__":
    main()
