# Everything one does with this project. Needs make, gcc and cargo; `make help` lists the rest.

export CARGO_TARGET_DIR ?= $(HOME)/.cache/attune/target
# The standard actions are compiled once, for the binary and for the tests.
export ATTUNE_ACTIONS_TARGET_DIR ?= $(CARGO_TARGET_DIR)/actions
CARGO ?= cargo
ATTUNE = $(CARGO_TARGET_DIR)/demo/attune

.PHONY: help build demo test lint bench actions

help: ## lists these commands
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' $(MAKEFILE_LIST) | expand -t 18

build: wasm-targets ## builds the binary, optimised but quickly (target/demo/attune)
	$(CARGO) build --profile demo -p attune

demo: build ## shows the main job from upload to result, and through a kill -9
	@tests/demo/run.sh $(ATTUNE)

test: wasm-targets ## runs every check and test
	@.ci/test

lint: ## formatting, clippy, licences and advisories
	@.ci/lint

bench: wasm-targets ## measures the workloads against their floors (release build)
	$(CARGO) build --release -p attune
	$(CARGO) build --release -p attune-runtime --example attempts
	$(CARGO) run --release -q -p tests --bin bench -- $(CARGO_TARGET_DIR)/release/attune \
	  $(CARGO_TARGET_DIR)/release/examples/attempts $(WORKLOADS)

actions: wasm-targets ## builds the standard actions as components
	cd actions && $(CARGO) $$(../.ci/wasm-targets) build --release --target wasm32-wasip2

.PHONY: wasm-targets
wasm-targets:
	@.ci/wasm-targets > /dev/null
