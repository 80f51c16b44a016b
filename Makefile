# libmcpclient. GNU make; needs Rust and a C compiler.
#
#   make TARGET=aarch64-unknown-linux-gnu          for another platform
#   make TARGET=x86_64-unknown-linux-gnu.2.17      for an old glibc, by cargo-zigbuild
#   make install TARGET=... PREFIX=... DESTDIR=...

# GNU's names of the directories work too (prefix, libdir).
prefix     ?= /usr/local
PREFIX     ?= $(prefix)
bindir     ?= $(PREFIX)/bin
BINDIR     ?= $(bindir)
libdir     ?= $(PREFIX)/lib
LIBDIR     ?= $(libdir)
includedir ?= $(PREFIX)/include
INCLUDEDIR ?= $(includedir)
datadir    ?= $(PREFIX)/share
DATADIR    ?= $(datadir)
docdir     ?= $(PREFIX)/share/doc/mcpclient
DOCDIR     ?= $(docdir)
DESTDIR    ?=
CC         ?= cc
CARGO      ?= cargo
# --no-default-features builds without cbindgen: the committed header is installed in any case.
CARGO_FLAGS ?=
INSTALL    ?= install
# Of the installed shared library: Debian wants 644.
SHARED_MODE ?= 755

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
RUST_VERSION := $(shell sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
# Without what marks a release candidate.
FILE_VERSION := $(firstword $(subst -, ,$(VERSION)))
# A program that was linked with another number does not run with this one. build.rs and cargo-c take the same.
SOVERSION := $(firstword $(subst ., ,$(VERSION)))

# release, or debug for tests, which then need not wait for the release build.
PROFILE    ?= release
TARGET     ?=
# Without a version of glibc.
TRIPLE     := $(shell echo '$(TARGET)' | sed 's/\.[0-9.]*$$//')
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
# Where `make` puts the libraries.
BUILD_DIR  := $(TARGET_DIR)/$(if $(TRIPLE),$(TRIPLE)/)$(PROFILE)/dist
C_WARNINGS := -std=c99 -Wall -Wextra -Wpedantic -Werror

# What the static library needs beside itself: rustc --print native-static-libs, without the unwinder on Linux. Each
# compiler links its own: libgcc_s, libgcc_eh with -static, or LLVM's libunwind.
ifneq (,$(or $(findstring apple,$(TRIPLE)),$(if $(TRIPLE),,$(filter Darwin,$(shell uname -s)))))
PLATFORM       := apple
SHARED         := libmcpclient.dylib
SHARED_SONAME  := libmcpclient.$(SOVERSION).dylib
SHARED_VERSION := libmcpclient.$(FILE_VERSION).dylib
SHARED_INSTALL_NAME := @rpath/$(SHARED_SONAME)
STATIC_LIBS    := -framework Security -framework CoreFoundation -liconv -lSystem -lc -lm
else ifneq (,$(findstring windows,$(TRIPLE)))
PLATFORM       := windows
SHARED         := libmcpclient.dll.a
SHARED_VERSION := mcpclient.dll
SHARED_INSTALL_NAME := mcpclient.dll
STATIC_LIBS    := -lbcrypt -ladvapi32 -lkernel32 -lntdll -luserenv -lws2_32 -ldbghelp -lcrypt32 -lsecur32 -lncrypt
else
PLATFORM       := unix
SHARED         := libmcpclient.so
SHARED_SONAME  := libmcpclient.so.$(SOVERSION)
SHARED_VERSION := libmcpclient.so.$(FILE_VERSION)
SHARED_INSTALL_NAME := $(SHARED_SONAME)
STATIC_LIBS    := -lutil -lrt -lpthread -lm -ldl -lc
endif

.PHONY: all cli demo check test interop platforms soak fuzz mutants bench growth instructions header conformance-client conformance lint format licences tools advisories msrv abi install uninstall dist docs clean help

INSTALL_VARIABLES = BUILD_DIR="$(BUILD_DIR)" PLATFORM=$(PLATFORM) VERSION=$(VERSION) PREFIX="$(PREFIX)" BINDIR="$(BINDIR)" \
    LIBDIR="$(LIBDIR)" INCLUDEDIR="$(INCLUDEDIR)" DATADIR="$(DATADIR)" DOCDIR="$(DOCDIR)" DESTDIR="$(DESTDIR)" INSTALL="$(INSTALL)" \
    SHARED=$(SHARED) SHARED_SONAME=$(SHARED_SONAME) SHARED_VERSION=$(SHARED_VERSION) SHARED_MODE=$(SHARED_MODE) \
    SHARED_INSTALL_NAME=$(SHARED_INSTALL_NAME) STATIC_LIBS="$(STATIC_LIBS)" RELOCATABLE="$(RELOCATABLE)"

all: ## build the static and the shared library (the default)
	@SONAME="$(SHARED_SONAME)" CARGO="$(CARGO)" CARGO_FLAGS="$(CARGO_FLAGS)" packaging/build.sh $(PROFILE) "$(TARGET)" "$(BUILD_DIR)"

cli: all ## build the command mcpclient, which `make install` then installs too
	$(CC) $(C_WARNINGS) -O2 -pthread -Iinclude cli/*.c $(BUILD_DIR)/libmcpclient.a $(STATIC_LIBS) -o $(BUILD_DIR)/mcpclient

demo: all ## run the C examples against the demo server
	examples/demo.sh "$(BUILD_DIR)" "$(CC)"

# Most tests wait for a server or a deadline: more threads than cores.
check: lint ## format, lints and the Rust tests: two to three minutes once built
	RUST_TEST_THREADS=$${RUST_TEST_THREADS:-4} $(CARGO) test --no-fail-fast

test: ## run every test; ends with what could not be tested here
	@tests/run.sh

interop: ## run every real server, also those that take minutes to build, and reverse proxies
	@tests/run.sh interop

platforms: ## build and try the other platforms (PARTS="glibc arm64 musl windows macos reproducible")
	tests/outside/platforms/run.sh $(PARTS)

soak: ## ping 100000 times on each transport with failures mixed in
	SOAK=$(or $(SOAK),100000) $(CARGO) test --test process soak -- --nocapture --test-threads 1

fuzz: ## fuzz each target (FUZZ_SECONDS, 600 unless set)
	fuzz/run.sh $(or $(FUZZ_SECONDS),600)

# Each change is built in a copy of the source, and must not leave its library in a folder that others build in.
mutants: ## change FILES (such as src/http/dns.rs) in small ways and list the changes that no test of TESTS notices
	@test -n "$(FILES)" || { echo "usage: make mutants FILES='src/http/dns.rs src/http/tcp.rs' [TESTS='--lib --test it']" >&2; exit 2; }
	PATH="$(CURDIR)/target/tools/bin:$$PATH"; command -v cargo-mutants >/dev/null || \
	    $(CARGO) install --quiet --locked --root target/tools cargo-mutants@27.1.0; \
	    env -u CARGO_TARGET_DIR $(CARGO) mutants $(FILES:%=--file %) --output target --timeout 300 -- $(or $(TESTS),--lib --test it)

bench: all ## compare with libcurl, as a Markdown table
	bench/run.sh "$(BUILD_DIR)" "$(CC)"

growth: all ## measure more threads, clients and bytes, and draw docs/growth
	bench/run.sh "$(BUILD_DIR)" "$(CC)" growth

instructions: all ## count the instructions of a ping and a list: within 2 % of bench/instructions.txt (UPDATE=1 writes it)
	UPDATE="$(UPDATE)" bench/run.sh "$(BUILD_DIR)" "$(CC)" instructions

header: ## write include/mcpclient.h anew
	UPDATE_HEADER=1 $(CARGO) test --test abi the_committed_header

conformance-client: all ## build the client that `make conformance` tests
	mkdir -p target
	$(CC) $(C_WARNINGS) -Iinclude tests/outside/conformance/*.c $(BUILD_DIR)/libmcpclient.a $(STATIC_LIBS) -o target/$@

conformance: conformance-client ## run the official MCP conformance suite (installs it, and Node if need be)
	python3 tests/outside/conformance/run.py target/conformance-client

lint: ## check format, Rust lints, C warnings, spelling, shell scripts and dependencies
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets -- -D warnings
	$(CC) $(C_WARNINGS) -Iinclude -fsyntax-only cli/*.c examples/c/*.c tests/outside/conformance/*.c tests/outside/interop/*.c
	tests/outside/lint/run.sh

format: tools ## format the Rust and C sources
	$(CARGO) fmt
	git ls-files '*.c' '*.h' '*.cc' '*.hpp' | grep -vx include/mcpclient.h | xargs target/tools/bin/clang-format -i

licences: ## write packaging/THIRD-PARTY-LICENSES anew (after a change of Cargo.lock)
	packaging/third_party.py

tools: ## install the linters into target/tools (from PyPI)
	tests/outside/lint/tools.sh

advisories: ## look the dependencies up in the RustSec database (needs the network)
	PATH="$(CURDIR)/target/tools/bin:$$PATH" cargo-deny --log-level error --locked check advisories

msrv: ## check that the oldest Rust that Cargo.toml states compiles the library (needs rustup)
	rustup toolchain install $(RUST_VERSION) --profile minimal
	$(CARGO) +$(RUST_VERSION) check --locked --lib --target-dir $(or $(CARGO_TARGET_DIR),target)/msrv

abi: ## compare the C ABI and the crate's API with the last release
	tests/outside/abi/run.sh

# After `all` when both are asked for; alone it builds nothing, since it may run as root.
install: $(filter all,$(MAKECMDGOALS)) ## install what `make` has built (PREFIX, LIBDIR, INCLUDEDIR, DESTDIR ...)
	@test -f "$(BUILD_DIR)/libmcpclient.a" || { echo "nothing is built yet: run make first" >&2; exit 1; }
	@$(INSTALL_VARIABLES) packaging/install.sh install

uninstall: ## remove what `make install` has installed
	@$(INSTALL_VARIABLES) packaging/install.sh uninstall

# What is shipped as a binary: README's table of platforms.
DIST_TARGETS ?= x86_64-unknown-linux-gnu.2.17 aarch64-unknown-linux-gnu.2.17 x86_64-unknown-linux-musl x86_64-pc-windows-gnu
dist: ## write what a release consists of into target/dist (DIST_TARGETS)
	packaging/dist.sh $(DIST_TARGETS)

docs: ## write the API reference into target/docs (needs doxygen)
	@if command -v doxygen >/dev/null; then mkdir -p target/docs && doxygen docs/Doxyfile; \
	else echo "doxygen is not installed: no API reference was written"; fi

clean: ## remove everything that was built
	$(CARGO) clean

help: ## print this
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20
