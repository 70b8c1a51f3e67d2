# Every target does its own set-up. On Debian and Ubuntu a missing browser or font
# is installed; elsewhere a line says what is missing.

GO          ?= go
# Without the check that wants names for HTTP statuses: a test's table reads better with numbers.
STATICCHECK := .bin/staticcheck -checks inherit,-ST1013
# SQLite is C that was translated to Go: watched by the race detector, its tests take
# three times as long (decisions/0029).
RACE        := -race -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=modernc.org/libc=-race=false
FUZZTIME    ?= 20s
VULNDB      ?= https://vuln.go.dev
NODE        := server/internal/e2e/node
CHROMES     := server/internal/e2e/chromes
APPS        := server/internal/e2e/frameworks
FRAMEWORKS  := TestTheSameFormWorksInEachFramework
JOURNEYS    := TestEachEngineTakesTheJourney
SPOKEN      := TestWhatAScreenReaderSays

# install,PACKAGES by apt; says what is missing where there is none.
define install
command -v apt-get >/dev/null || { echo "missing: $(1) (install them with your system's package manager)"; exit 1; }; \
	sudo=""; test "$$(id -u)" = 0 || sudo=sudo; \
	command -v $${sudo:-sh} >/dev/null || { echo "missing: $(1) (run as root: apt-get install $(1))"; exit 1; }; \
	echo "installing $(1)"; \
	$$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $(1) >/dev/null
endef

.DEFAULT_GOAL := help
.PHONY: help run build npm check test lint e2e wasm-test bench fuzz vuln crash chaos cluster pace alerts go frameworks database deploy browser engines journeys spoken orca node release upgrade

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Standard output is the relay's, and the relay is the process that make waits for; a
# reader beside it hands its lines on and tells people, when it is ready, where to look.
RELAY ?= bin/relay
SERVE ?= --listen localhost:8080

run: build ## the sandbox with its demo, on http://localhost:8080
	@dir=$$(mktemp -d) && mkfifo $$dir/out && { { rm -r $$dir; \
		IFS= read -r line && { printf '%s\n' "$$line"; url=$${line#*'"url":"'}; \
		printf '\n  Open %s in a browser: a playground, and a bank with the whole way to the card. Ctrl-C ends it.\n\n' "$${url%%\"*}" >&2; }; \
		cat; } <$$dir/out & \
	exec $(RELAY) serve --sandbox $(SERVE) >$$dir/out; }

build: go ## bin/relay and web/dist; prints the sizes that a page pays for
	@$(GO) run ./web/build
	@CGO_ENABLED=0 $(GO) build -trimpath -o bin/relay ./server
	@$(GO) run ./server/internal/sizes

npm: go ## web/dist/npm: the package for pages with a bundler and for back ends in JavaScript
	@$(GO) run ./web/build -npm

check: build lint .bin/fsck .bin/nfpm .bin/cyclonedx-gomod database deploy ## what needs no browser: formatting, vet, staticcheck, native tests without the journey
	@$(GO) test -vet=off $(RACE) $$($(GO) list ./... | grep -v /e2e)

# The journeys begin first, since they take longest; most of that time they wait for a
# browser, so there is room for two other packages beside them.
test: build browser node lint wasm-test .bin/fsck .bin/nfpm .bin/cyclonedx-gomod database deploy ## every test
	@$(GO) test -vet=off $(RACE) -p 3 -timeout 30m ./server/internal/e2e ./...

lint: .bin/staticcheck ## formatting, vet and staticcheck, for the relay and for the wasm
	@out=$$(gofmt -l server wasm web); test -z "$$out" || { echo "gofmt would change:"; echo "$$out"; exit 1; }
	@$(GO) vet ./...
	@$(GO) vet -tags engines ./server/internal/e2e/...
	@$(GO) vet -tags alerts ./server/deploy
	@GOOS=js GOARCH=wasm $(GO) vet ./wasm/...
	@$(STATICCHECK) ./...
	@GOOS=js GOARCH=wasm $(STATICCHECK) ./wasm/...

e2e: build browser engines node frameworks journeys spoken ## the journeys in each engine, framework and screen reader, and their screenshots
	@SCREENSHOTS=1 $(GO) test -count=1 -timeout 30m -tags engines -skip '$(FRAMEWORKS)|$(JOURNEYS)|$(SPOKEN)' ./server/internal/e2e/...

journeys: build browser engines $(CHROMES)/node_modules/.package-lock.json ## the journeys in Chromium, Firefox, WebKit and old Chromes, each case as a table
	@$(GO) test -count=1 -timeout 20m -v -tags engines -run $(JOURNEYS) ./server/internal/e2e

spoken: build browser engines orca ## what the screen reader Orca says at each step, in Firefox and Chromium
	@$(GO) test -count=1 -timeout 20m -tags engines -run $(SPOKEN) ./server/internal/e2e

frameworks: build browser $(APPS)/dist/react-hydrated.html ## the same form in React, Vue, Angular, htmx, jQuery and others, each case as a table
	@$(GO) test -count=1 -timeout 15m -v -tags engines -run $(FRAMEWORKS) ./server/internal/e2e

# Tests of the packages that only the browser runs. The environment is written into
# the test page, which takes 8 KiB: so it is emptied. One package at a time, as each
# starts a browser; a busy loop would never end by itself, hence the time limit.
wasm-test: go browser
	@test .bin/wasmbrowsertest -nt go.sum || $(GO) build -o .bin/wasmbrowsertest github.com/agnivade/wasmbrowsertest
	@env -i PATH="$$PATH" HOME="$$HOME" GOOS=js GOARCH=wasm GOFLAGS="$$($(GO) env GOFLAGS)" GOPROXY="$$($(GO) env GOPROXY)" GOMODCACHE="$$($(GO) env GOMODCACHE)" \
		timeout 300 $(GO) test -p 1 -exec "$(CURDIR)/.bin/wasmbrowsertest" ./wasm/...

.bin/staticcheck: | go
	@cd / && GOBIN="$(CURDIR)/.bin" GOFLAGS=-mod=mod $(GO) install honnef.co/go/tools/cmd/staticcheck@v0.8.2

# A verifier of logs that others wrote, of a release that is known to find faults; it
# is built outside this module, so that the relay does not depend on it.
.bin/fsck: | go
	@cd / && GOBIN="$(CURDIR)/.bin" GOFLAGS=-mod=mod $(GO) install github.com/transparency-dev/tessera/cmd/fsck@v1.0.4

# What packages a release, of versions that write the same bytes each time.
.bin/nfpm: | go
	@cd / && GOBIN="$(CURDIR)/.bin" GOFLAGS=-mod=mod $(GO) install github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.44.1

.bin/cyclonedx-gomod: | go
	@cd / && GOBIN="$(CURDIR)/.bin" GOFLAGS=-mod=mod $(GO) install github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0

release: .bin/nfpm .bin/cyclonedx-gomod ## from a clean tag: programs, .deb, .rpm, container image, bill of materials and checksums, in bin/release
	@$(GO) run ./server/internal/release
	@cat bin/release/SHA256SUMS

PREVIOUS ?= $(shell git describe --tags --abbrev=0 --match 'v*' HEAD^ 2>/dev/null)

upgrade: build database ## the program of release PREVIOUS (the newest tag before this commit) beside this one
	@test -n "$(PREVIOUS)" || { echo "there is no earlier release: name a commit, as in make upgrade PREVIOUS=v1.2.3"; exit 1; }
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && git archive "$(PREVIOUS)" | tar -x -C "$$dir" && \
		(cd "$$dir" && $(GO) run ./web/build >/dev/null && CGO_ENABLED=0 $(GO) build -buildvcs=false -trimpath -o relay ./server) && \
		$(GO) test -count=1 -v -run AnUpgrade ./server -previous "$$dir/relay"

.bin/govulncheck: | go
	@cd / && GOBIN="$(CURDIR)/.bin" GOFLAGS=-mod=mod $(GO) install golang.org/x/vuln/cmd/govulncheck@v1.9.0

# The exit status is not 0 either when the database cannot be asked: nothing is
# known then.
vuln: .bin/govulncheck ## known vulnerabilities in what the relay and the wasm call, as VULNDB knows them
	@out=$$(.bin/govulncheck -db $(VULNDB) ./... 2>&1); code=$$?; echo "$$out"; \
		case "$$out" in *"fetching vulnerabilities"*) echo "vuln: NOTHING WAS CHECKED: the database cannot be reached from here; set VULNDB to one that can";; esac; \
		exit $$code

# 200 times: the relay is killed at a random moment under load, started again, and
# nothing that it acknowledged may be missing.
crash: build ## 200 rounds of kill -9 under load
	@$(GO) run ./server/internal/crash -rounds 200

# Slow and many connections against a relay of its own, with a visitor in between.
chaos: build ## slowhttptest in all its modes, floods: the service still answers within a second
	@command -v slowhttptest >/dev/null || { $(call install,slowhttptest); }
	@$(GO) run ./server/internal/chaos

cluster: go database ## three relays, PostgreSQL with a standby and nginx under load while parts of them are killed
	@$(GO) run ./server/internal/cluster

pace: build database ## people verified under vendor plans, simulated in all cases and really for three minutes, by one relay and by three
	@$(GO) test -count=1 -p 1 -parallel 4 -v -timeout 60m -run TheWholeAllowance ./server/internal/pace ./server ./server/internal/cluster -pace 180s

alerts: build deploy ## how soon each alert rings: a real Prometheus beside a real relay
	@$(GO) test -count=1 -v -timeout 20m -parallel 24 -tags alerts -run HowSoon ./server/deploy

# A quarter of an hour; nothing else may run on the machine meanwhile.
bench: build browser database ## relay and widget beside what people would use instead; writes server/docs/bench.md
	@need=""; \
	command -v wrk >/dev/null || need="wrk"; \
	command -v npm >/dev/null || need="$$need nodejs npm"; \
	test -z "$$need" || { $(call install,$$need); }
	@PATH="$$PATH:/usr/sbin" $(GO) run ./server/internal/bench

fuzz: go ## every fuzz test for FUZZTIME (20s)
	@for p in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
			echo "fuzz $$p $$f for $(FUZZTIME)"; \
			$(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 100x $$p || exit 1; done; done

# The tests start servers of their own; what apt starts is not used.
database:
	@need=""; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || need="postgresql"; \
	PATH="$$PATH:/usr/sbin" command -v nginx >/dev/null || need="$$need nginx"; \
	test -z "$$need" && exit 0; \
	$(call install,$$need)

# The programs that server/deploy has files for.
deploy:
	@need=""; \
	PATH="$$PATH:/usr/sbin"; \
	command -v systemd-analyze >/dev/null || need="systemd"; \
	command -v nginx >/dev/null || need="$$need nginx"; \
	command -v caddy >/dev/null || need="$$need caddy"; \
	command -v promtool >/dev/null || need="$$need prometheus"; \
	test -z "$$need" && exit 0; \
	$(call install,$$need)

go:
	@command -v $(GO) >/dev/null || { echo "missing: Go 1.26 or later, from https://go.dev/dl/"; exit 1; }

# What the tests' pages load besides the widget (axe-core, react, …), by the lock
# file; nothing of it is shipped.
node: $(NODE)/node_modules/.package-lock.json

# npm ci writes .package-lock.json, and the build of the apps react-hydrated.html, last.
%/node_modules/.package-lock.json: %/package-lock.json
	@command -v npm >/dev/null || { $(call install,npm); }
	@npm ci --prefix $* --ignore-scripts --no-audit --no-fund --loglevel error >/dev/null
	@touch $@

$(APPS)/dist/react-hydrated.html: $(APPS)/node_modules/.package-lock.json $(filter-out $(APPS)/dist/% $(APPS)/node_modules/%,$(wildcard $(APPS)/*.* $(APPS)/*/*.*))
	@npm run build --prefix $(APPS) --silent >/dev/null

# The browser, fonts for the scripts of India, and curl, with which the documents' calls are run.
browser:
	@need=""; \
	command -v curl >/dev/null || need="curl"; \
	command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || need="$$need chromium"; \
	test -n "$$(fc-list :lang=hi 2>/dev/null)" || need="$$need fontconfig fonts-noto-core"; \
	test -z "$$need" && exit 0; \
	$(call install,$$need)

# The two other engines, with their drivers; each test of them starts its own.
engines:
	@need=""; \
	command -v firefox-esr >/dev/null || need="firefox-esr"; \
	command -v WebKitWebDriver >/dev/null || need="$$need webkit2gtk-driver"; \
	command -v Xvfb >/dev/null || need="$$need xvfb"; \
	test -z "$$need" && exit 0; \
	$(call install,$$need)

# A screen reader, and what it needs of a desktop.
orca:
	@need=""; \
	command -v orca >/dev/null || need="orca"; \
	command -v speech-dispatcher >/dev/null || need="$$need speech-dispatcher"; \
	test -x /usr/libexec/at-spi-bus-launcher || need="$$need at-spi2-core"; \
	command -v dbus-daemon >/dev/null || need="$$need dbus"; \
	command -v openbox >/dev/null || need="$$need openbox"; \
	command -v xdotool >/dev/null || need="$$need xdotool"; \
	test -z "$$need" && exit 0; \
	$(call install,$$need)
