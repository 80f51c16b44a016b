# libmcpclient. GNU make; needs Rust and a C compiler.

PREFIX     ?= /usr/local
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DESTDIR    ?=
CC         ?= cc
CARGO      ?= cargo
# --no-default-features builds without cbindgen: the committed header is installed in any case.
CARGO_FLAGS ?=
INSTALL    ?= install

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
RUST_VERSION := $(shell sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
# Raised when a program that was linked against the previous version would no longer run.
SOVERSION := 0

# release, or debug for tests, which then need not wait for the release build.
PROFILE    ?= release
BUILD_DIR  := $(or $(CARGO_TARGET_DIR),target)/$(PROFILE)
C_WARNINGS := -std=c99 -Wall -Wextra -Wpedantic -Werror

ifeq ($(shell uname -s),Darwin)
SHARED         := libmcpclient.dylib
SHARED_SONAME  := libmcpclient.$(SOVERSION).dylib
SHARED_VERSION := libmcpclient.$(VERSION).dylib
SHARED_INSTALL_NAME := @rpath/$(SHARED_SONAME)
# What the static library needs beside itself: rustc --print native-static-libs
STATIC_LIBS    := -framework Security -framework CoreFoundation -liconv -lSystem -lc -lm
else
SHARED         := libmcpclient.so
SHARED_SONAME  := libmcpclient.so.$(SOVERSION)
SHARED_VERSION := libmcpclient.so.$(VERSION)
SHARED_INSTALL_NAME := $(SHARED_SONAME)
STATIC_LIBS    := -lgcc_s -lutil -lrt -lpthread -lm -ldl -lc
endif

# What is installed, in their order: headers, libraries with their links, descriptions for build systems.
INCLUDE_FILES := mcpclient.h mcpclient.hpp mcpclient/module.modulemap
LIB_FILES     := libmcpclient.a $(SHARED_VERSION) $(SHARED_SONAME) $(SHARED)
LIB_TEMPLATES := pkgconfig/mcpclient.pc cmake/mcpclient/mcpclient-config.cmake cmake/mcpclient/mcpclient-config-version.cmake
TO_INCLUDE    := $(DESTDIR)$(INCLUDEDIR)
TO_LIB        := $(DESTDIR)$(LIBDIR)

# Writes a file of packaging/ with the values of this installation.
fill = sed -e 's|@PREFIX@|$(PREFIX)|g' -e 's|@LIBDIR@|$(LIBDIR)|g' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|g' \
    -e 's|@VERSION@|$(VERSION)|g' -e 's|@STATIC_LIBS@|$(STATIC_LIBS)|g' -e 's|@SHARED_VERSION@|$(SHARED_VERSION)|g' \
    -e 's|@SHARED_INSTALL_NAME@|$(SHARED_INSTALL_NAME)|g' packaging/$(notdir $(1)).in >$(TO_LIB)/$(1) && chmod 644 $(TO_LIB)/$(1)

.PHONY: all demo check test interop soak fuzz bench header conformance-client conformance lint format tools advisories msrv abi install uninstall docs clean help

all: ## build the static and the shared library (the default)
	$(CARGO) build $(CARGO_FLAGS) $(if $(filter release,$(PROFILE)),--release)
	ln -sf $(SHARED) $(BUILD_DIR)/$(SHARED_SONAME)

demo: ## run the C examples against the demo server
	CC="$(CC)" examples/demo.sh

check: lint ## format, lints and the Rust tests: two to three minutes once built
	$(CARGO) test --no-fail-fast

test: ## run every test
	@status=0; $(CARGO) test --no-fail-fast || status=1; tests/outside/run.sh || status=1; exit $$status

interop: all ## run the real servers: ping and every operation
	mkdir -p target
	$(CC) $(C_WARNINGS) -Iinclude examples/c/ping.c $(BUILD_DIR)/libmcpclient.a $(STATIC_LIBS) -o target/interop-ping
	python3 tests/outside/interop/run.py target/interop-ping
	python3 tests/outside/interop/operations.py

soak: ## ping 100000 times on each transport with failures mixed in
	SOAK=$(or $(SOAK),100000) $(CARGO) test --test process soak -- --nocapture --test-threads 1

fuzz: ## fuzz each target (FUZZ_SECONDS, 600 unless set)
	fuzz/run.sh $(or $(FUZZ_SECONDS),600)

bench: ## compare with libcurl, as a Markdown table
	CC="$(CC)" bench/run.sh

header: ## write include/mcpclient.h anew
	UPDATE_HEADER=1 $(CARGO) test --test abi the_committed_header

conformance-client: all ## build the client that `make conformance` tests
	mkdir -p target
	$(CC) $(C_WARNINGS) -Iinclude tests/outside/conformance/client.c $(BUILD_DIR)/libmcpclient.a $(STATIC_LIBS) -o target/$@

conformance: conformance-client ## run the official MCP conformance suite (installs it, and Node if need be)
	python3 tests/outside/conformance/run.py target/conformance-client

lint: ## check format, Rust lints, C warnings, spelling, shell scripts and dependencies
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets -- -D warnings
	$(CC) $(C_WARNINGS) -Iinclude -fsyntax-only examples/c/*.c tests/outside/conformance/*.c tests/outside/interop/*.c
	tests/outside/lint/run.sh

format: tools ## format the Rust and C sources
	$(CARGO) fmt
	git ls-files '*.c' '*.h' '*.cc' '*.hpp' | grep -vx include/mcpclient.h | xargs target/tools/bin/clang-format -i

tools: ## install the linters into target/tools (from PyPI)
	tests/outside/lint/tools.sh

advisories: ## look the dependencies up in the RustSec database (needs the network)
	PATH="$(CURDIR)/target/tools/bin:$$PATH" cargo-deny --log-level error --locked check advisories

msrv: ## check that the oldest Rust that Cargo.toml states compiles the library (needs rustup)
	rustup toolchain install $(RUST_VERSION) --profile minimal
	$(CARGO) +$(RUST_VERSION) check --locked --lib --target-dir $(or $(CARGO_TARGET_DIR),target)/msrv

abi: ## compare the C ABI and the crate's API with the last release
	tests/outside/abi/run.sh

install: ## install what `make` has built (PREFIX, LIBDIR, INCLUDEDIR, DESTDIR)
	@test -f $(BUILD_DIR)/$(SHARED) || { echo "nothing is built yet: run make first" >&2; exit 1; }
	$(INSTALL) -d $(TO_INCLUDE)/mcpclient $(addprefix $(TO_LIB)/,$(sort $(dir $(LIB_TEMPLATES))))
	$(foreach file,$(INCLUDE_FILES),$(INSTALL) -m 644 include/$(file) $(TO_INCLUDE)/$(file) &&) :
	$(INSTALL) -m 644 $(BUILD_DIR)/libmcpclient.a $(TO_LIB)/libmcpclient.a
	$(INSTALL) -m 755 $(BUILD_DIR)/$(SHARED) $(TO_LIB)/$(SHARED_VERSION)
	ln -sf $(SHARED_VERSION) $(TO_LIB)/$(SHARED_SONAME)
	ln -sf $(SHARED_SONAME) $(TO_LIB)/$(SHARED)
	$(foreach file,$(LIB_TEMPLATES),$(call fill,$(file)) &&) :

uninstall: ## remove what `make install` has installed
	rm -f $(addprefix $(TO_INCLUDE)/,$(INCLUDE_FILES)) $(addprefix $(TO_LIB)/,$(LIB_FILES) $(LIB_TEMPLATES))
	rmdir $(TO_INCLUDE)/mcpclient $(TO_LIB)/cmake/mcpclient 2>/dev/null || :

docs: ## write the API reference into target/docs (needs doxygen)
	@if command -v doxygen >/dev/null; then mkdir -p target/docs && doxygen docs/Doxyfile; \
	else echo "doxygen is not installed: no API reference was written"; fi

clean: ## remove everything that was built
	$(CARGO) clean

help: ## print this
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20
