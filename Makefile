# `make test` is all that CI does; `make setup` installs what a fresh Debian machine with Rust, Node and Python lacks.
# One profile (dev) for everything, so that nothing is built twice. What the tests install lives in target/.

# Commands that the build and the tests need, each with the Debian package that has it.
NEEDS = cc:gcc make:make redis-server:redis-server chromium:chromium openssl:openssl setpriv:util-linux pg_lsclusters:postgresql

# Root installs as it is; others ask sudo.
SUDO = $(shell [ "$$(id -u)" = 0 ] || echo sudo)

CARGO = cargo
# A pipe fails where any of it does.
SHELL = /bin/bash
.SHELLFLAGS = -o pipefail -c
# Cargo.lock is the truth.
LOCKED = --locked

.PHONY: all test test-long screenshots setup fmt clippy unit doctest docs

all:
	$(CARGO) build $(LOCKED) --release

# In this order: the fastest to fail comes first.
test: setup
	@$(MAKE) --no-print-directory fmt
	@$(MAKE) --no-print-directory clippy
	@$(MAKE) --no-print-directory unit
	@$(MAKE) --no-print-directory doctest
	@$(MAKE) --no-print-directory docs

# What takes too long for every change.
test-long: setup
	$(CARGO) test $(LOCKED) --lib --bins --tests --examples -- --ignored

# The pictures of docs/console.md and docs/backstage.md.
screenshots: setup
	SCREENSHOTS=docs $(CARGO) test $(LOCKED) --test clients screenshots -- --ignored

fmt:
	@echo "== rustfmt"
	$(CARGO) fmt --check

clippy:
	@echo "== clippy"
	$(CARGO) clippy $(LOCKED) --all-targets -- -D warnings

# Unit and integration tests, benches once over, and the real clients (tests/clients.rs). The examples are built first:
# tests run them as the programs they are.
unit:
	@echo "== tests, with the real clients"
	$(CARGO) build $(LOCKED) --examples
	@$(CARGO) test $(LOCKED) --lib --bins --tests --benches --no-fail-fast 2>&1 | python3 .ci/summary.py

doctest:
	@echo "== documentation tests"
	$(CARGO) test $(LOCKED) --doc

docs:
	@echo "== documentation"
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc $(LOCKED) --no-deps

setup:
	@echo "== setup"
	@missing=""; \
	for need in $(NEEDS); do \
		command -v "$${need%%:*}" >/dev/null 2>&1 || missing="$$missing $${need##*:}"; \
	done; \
	python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || missing="$$missing python3-venv"; \
	if [ -n "$$missing" ]; then \
		echo "installing$$missing"; \
		$(SUDO) apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq --no-install-recommends $$missing || exit 1; \
	fi; \
	for tool in cargo node npm python3; do \
		command -v "$$tool" >/dev/null 2>&1 || { echo "$$tool is missing: install Rust, Node 20 or later, and Python 3.11 or later"; exit 1; }; \
	done; \
	$(CARGO) fmt --version >/dev/null 2>&1 || rustup component add rustfmt; \
	$(CARGO) clippy --version >/dev/null 2>&1 || rustup component add clippy
