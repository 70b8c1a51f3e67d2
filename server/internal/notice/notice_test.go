package notice

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/wire"
)

var update = flag.Bool("update", false, "write testdata anew")

// sandbox is the catalogue of the sandbox's purpose after change was made.
func sandbox(t *testing.T, opts Options, change ...func(*Purpose)) *Catalogue {
	t.Helper()
	p := Sandbox()
	for _, f := range change {
		f(&p)
	}
	c, err := New(map[string]Purpose{SandboxPurpose: p}, opts)
	require.NoError(t, err)
	return c
}

// whole is the sandbox's catalogue as it is.
var whole = sync.OnceValues(func() (*Catalogue, error) {
	return New(map[string]Purpose{SandboxPurpose: Sandbox()}, Options{AllowDrafts: true, Test: true})
})

// shown is the sandbox's notice in one language.
func shown(t *testing.T, tag string, change ...func(*Purpose)) *Notice {
	t.Helper()
	c, err := whole()
	require.NoError(t, err)
	if len(change) > 0 { // two dozen languages take their time: these two will do
		c = sandbox(t, Options{AllowDrafts: true, Test: true}, append(change, func(p *Purpose) {
			maps.DeleteFunc(p.Texts, func(l string, _ Text) bool { return l != english && l != tag })
		})...)
	}
	n, ok := c.Pick(SandboxPurpose, tag, "")
	require.True(t, ok)
	require.Equal(t, tag, n.Ref.Lang)
	return n
}

// inEnglish changes the operator's English words.
func inEnglish(change func(*Text)) func(*Purpose) {
	return func(p *Purpose) {
		text := p.Texts["en"]
		change(&text)
		p.Texts["en"] = text
	}
}

func TestTheHashIsOfTheNoticesExactCanonicalBytes(t *testing.T) {
	for _, tag := range []string{"en", "hi"} {
		n := shown(t, tag)
		sum := sha256.Sum256(n.Bytes)
		require.Equal(t, hex.EncodeToString(sum[:]), n.Ref.SHA256)

		again := jsontext.Value(slices.Clone(n.Bytes))
		require.NoError(t, again.Canonicalize())
		require.Equal(t, string(n.Bytes), string(again))

		var body struct {
			Dir, ID, Lang, Version string
			Panel                  jsontext.Value
		}
		require.NoError(t, json.Unmarshal(n.Bytes, &body, json.RejectUnknownMembers(true), json.MatchCaseInsensitiveNames(true)))
		require.Equal(t, wire.NoticeRef{ID: body.ID, Version: body.Version, Lang: body.Lang, Dir: body.Dir, SHA256: n.Ref.SHA256}, n.Ref)
		require.Contains(t, string(n.View), string(body.Panel), "the view shows what the hash covers")
	}
}

// The golden file makes every change of what people are told visible in review.
func TestTheEnglishNoticeIsTheOneInTestdata(t *testing.T) {
	const golden = "testdata/notice-en.json"
	n := shown(t, "en")
	if *update {
		require.NoError(t, os.WriteFile(golden, n.Bytes, 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), string(n.Bytes), "run go test -update if the change is meant")
}

func TestOneLetterChangesTheHashAndAnotherStartDoesNot(t *testing.T) {
	n := shown(t, "en")
	require.Equal(t, n, shown(t, "en"))
	changed := shown(t, "en", inEnglish(func(x *Text) { x.Storage = "The details are stored in Indie." }))
	require.NotEqual(t, n.Ref.SHA256, changed.Ref.SHA256)
	require.Equal(t, n.Ref.Version, changed.Ref.Version)
}

func TestTheTestMarkIsNoPartOfTheNotice(t *testing.T) {
	test, _ := sandbox(t, Options{Test: true}).Pick(SandboxPurpose, "en", "")
	live, _ := sandbox(t, Options{}).Pick(SandboxPurpose, "en", "")
	require.Equal(t, live.Ref, test.Ref)
	require.Contains(t, string(test.View), `"data-part":"ribbon"`)
	require.NotContains(t, string(live.View), `"data-part":"ribbon"`)
}

func TestADraftIsOfferedOnlyWhereDraftsAreAllowed(t *testing.T) {
	n, ok := sandbox(t, Options{}).Pick(SandboxPurpose, "hi", "hi")
	require.True(t, ok)
	require.Equal(t, "en", n.Ref.Lang)
	require.Equal(t, []wire.Language{{Tag: "en", Name: "English", Dir: "ltr"}}, n.Languages)
	require.NotContains(t, string(n.View), "हिन्दी")

	var all []wire.Language
	for _, l := range builtIn(t) {
		all = append(all, wire.Language{Tag: l.Tag, Name: l.Name, Dir: l.Dir})
	}
	require.Equal(t, all, shown(t, "hi").Languages)
}

func TestALanguageWithoutTheOperatorsWordsIsNotOffered(t *testing.T) {
	c := sandbox(t, Options{AllowDrafts: true}, func(p *Purpose) { delete(p.Texts, "hi") })
	n, ok := c.Pick(SandboxPurpose, "hi", "")
	require.True(t, ok)
	require.Equal(t, "en", n.Ref.Lang)
	require.NotContains(t, n.Languages, wire.Language{Tag: "hi", Name: "हिन्दी", Dir: "ltr"})
	require.Contains(t, c.Warnings(), "purpose account-opening: not offered, because texts has no words of yours: hi")
}

func TestCurrentKnowsOnlyTheNoticesInUse(t *testing.T) {
	c := sandbox(t, Options{AllowDrafts: true})
	seen := 0
	for n := range c.All() {
		seen++
		current, ok := c.Current(SandboxPurpose, n.Ref.SHA256)
		require.True(t, ok)
		require.Same(t, n, current)
		_, ok = c.Current("other", n.Ref.SHA256)
		require.False(t, ok)
	}
	require.Len(t, builtIn(t), seen)
	old := shown(t, "en", inEnglish(func(x *Text) { x.Storage = "Elsewhere." }))
	_, ok := c.Current(SandboxPurpose, old.Ref.SHA256)
	require.False(t, ok)
	_, ok = c.Pick("other", "en", "")
	require.False(t, ok)
}

func TestTheControllerIsNamedInTheLanguageOrInEnglish(t *testing.T) {
	c, err := whole()
	require.NoError(t, err)
	require.Equal(t, Sandbox().Texts["hi"].Controller, c.Controller(SandboxPurpose, "hi"))
	require.Equal(t, Sandbox().Texts["en"].Controller, c.Controller(SandboxPurpose, "xx"))
	require.Empty(t, c.Controller("other", "en"))
}

func TestWhatAnOperatorLeavesOutHasADefault(t *testing.T) {
	n := shown(t, "en", func(p *Purpose) { p.ID, p.VendorPurpose = "", "" })
	require.Equal(t, SandboxPurpose, n.Ref.ID)
	require.Equal(t, Sandbox().Texts["en"].Purpose, n.VendorPurpose)
	folded := shown(t, "en", inEnglish(func(x *Text) { x.Storage = "The details\n are stored in India.\n" }))
	require.Equal(t, n.Ref.SHA256, folded.Ref.SHA256, "line breaks of a YAML block mean nothing")
}

func TestNewChangesNothingThatItWasGiven(t *testing.T) {
	given := map[string]Purpose{SandboxPurpose: Sandbox()}
	_, err := New(given, Options{AllowDrafts: true})
	require.NoError(t, err)
	require.Equal(t, map[string]Purpose{SandboxPurpose: Sandbox()}, given)
}

func TestWarningsSayWhatAnOperatorMayWantToChange(t *testing.T) {
	const p = "purpose account-opening: "
	const unregistered = p + "neither ovse_registration nor texts.%s.ovse_basis is given: whoever verifies Aadhaar offline must be registered with UIDAI"
	withheld := []string{
		p + "vendor_purpose differs from texts.en.purpose: the vendor is told something else than the person",
		p + "alternative_url is empty: the page must listen for ekyc-decline and offer another ID itself",
	}
	var offered []string
	for _, l := range builtIn(t) {
		if l.Status == Draft {
			withheld = append(withheld, p+l.Tag+" ("+l.Name+") is not offered: no native speaker has reviewed its words; have one read them (docs/languages.md), or set allow_drafts")
			offered = append(offered, p+l.Tag+" ("+l.Name+") is offered although no native speaker has reviewed its words; have one read them (docs/languages.md)")
		}
		withheld = append(withheld, fmt.Sprintf(unregistered, l.Tag))
	}
	require.Equal(t, withheld, sandbox(t, Options{}, func(p *Purpose) { p.VendorPurpose, p.OVSERegistration = "KYC", "" }).Warnings())
	require.Equal(t, offered, sandbox(t, Options{AllowDrafts: true}, func(p *Purpose) { p.AlternativeURL = "https://bank.example/branch" }).Warnings())
}
