package notice

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/wire"
)

// painted reads a view as the loader does.
func painted(t *testing.T, n *Notice) element {
	t.Helper()
	var view []any
	require.NoError(t, json.Unmarshal(n.View, &view))
	return nested(t, view)
}

func nested(t *testing.T, raw []any) element {
	t.Helper()
	require.GreaterOrEqual(t, len(raw), 2)
	attrs := map[string]string{}
	for name, value := range raw[1].(map[string]any) {
		attrs[name] = value.(string)
	}
	e := element{raw[0].(string), attrs}
	for _, child := range raw[2:] {
		switch child := child.(type) {
		case string:
			require.NotEmpty(t, strings.TrimSpace(child))
			e = append(e, child)
		case []any:
			e = append(e, nested(t, child))
		default:
			require.Failf(t, "a child is neither text nor element", "%T", child)
		}
	}
	return e
}

func TestAViewUsesOnlyTheTagsAndAttributesThatTheLoaderTakes(t *testing.T) {
	require.Equal(t, strings.Fields(`div section header footer h2 h3 p ul ol li dl dt dd span strong em bdi a button form label
		input select option output canvas details summary fieldset legend svg path`), tags)
	for _, name := range attributes {
		require.NotRegexp(t, `^(on.*|style|src|srcdoc|action|formaction)$`, name)
	}
	for _, tag := range []string{"en", "hi"} {
		painted(t, shown(t, tag)).all(func(e element) {
			require.Contains(t, tags, e.tag())
			for name, value := range e.attrs() {
				require.True(t, allowed(name), name)
				if name == "href" {
					require.Regexp(t, `^(https://|mailto:|tel:)`, value)
				}
			}
		})
	}
}

func TestEveryPartStandsOnceAndRepeatedOnesOnceAPanel(t *testing.T) {
	view := painted(t, shown(t, "en"))
	parts := map[string]int{}
	view.all(func(e element) {
		if part := e.attr("data-part"); part != "" {
			parts[part]++
		}
	})
	require.Equal(t, map[string]int{
		"view": 1, "ribbon": 1, "panel-notice": 1, "panel-captcha": 1, "panel-done": 1, "panel-declined": 1, "panel-error": 1,
		"heading": 5, "notice": 1, "agree": 1, "decline": 1, "language": 1, "captcha": 1, "answer": 1, "submit": 1, "reload": 1,
		"enlarge": 1, "contrast": 1, "cannot-read": 1, "alternative": 4, "status": 1, "error": 1, "retry": 3, "receipt": 1, "withdraw": 1,
	}, parts)
	for name, want := range map[string][]string{
		"panel-notice": {"heading", "alternative", "decline", "agree", "language"}, "panel-captcha": {"heading", "alternative", "answer"},
		"panel-done": {"heading", "retry"}, "panel-declined": {"heading", "retry", "alternative"}, "panel-error": {"heading", "retry", "alternative"},
	} {
		panel := view.part(name)
		require.Equal(t, "section", panel.tag())
		_, hidden := panel.attrs()["hidden"]
		require.Equal(t, name != "panel-notice", hidden)
		require.Equal(t, "-1", panel.part("heading").attr("tabindex"))
		for _, part := range want {
			require.NotNil(t, panel.part(part), "%s lacks %s", name, part)
		}
	}
	for _, outside := range []string{"status", "error"} {
		require.Empty(t, view.part(outside).text())
	}
	footer := view.children()[len(view.children())-5].(element)
	require.Equal(t, "footer", footer.tag(), "after the panels, and so below each of them")
	for _, link := range []string{"receipt", "withdraw"} {
		require.NotNil(t, footer.part(link), link)
	}
	require.NotNil(t, view.part("panel-error").find("data-slot", "reason"))
}

func TestIdsAreUniqueAndWhatPointsToThemFindsThem(t *testing.T) {
	view := painted(t, shown(t, "en"))
	ids := map[string]bool{}
	view.all(func(e element) {
		if id := e.attr("id"); id != "" {
			require.False(t, ids[id], id)
			ids[id] = true
		}
	})
	view.all(func(e element) {
		for _, name := range []string{"for", "aria-labelledby", "aria-describedby"} {
			for id := range strings.FieldsSeq(e.attr(name)) {
				require.True(t, ids[id], id)
			}
		}
	})
}

func TestAgreeAndDeclineAreEqualButtonsAndNothingIsTicked(t *testing.T) {
	panel := painted(t, shown(t, "en")).part("panel-notice")
	decline, agree := panel.part("decline"), panel.part("agree")
	for _, e := range []element{decline, agree} {
		delete(e.attrs(), "data-part")
		require.Equal(t, element{"button", map[string]string{}}, e[:2])
	}
	require.Nil(t, panel.find("type", "checkbox"))
}

func TestTheLanguagesAreListedByTheirOwnNames(t *testing.T) {
	n := shown(t, "hi")
	languages, err := Languages()
	require.NoError(t, err)
	var tags []string
	var want []wire.Language
	for _, l := range languages {
		tags = append(tags, l.Tag)
		want = append(want, wire.Language{Tag: l.Tag, Name: l.Name, Dir: l.Dir})
	}
	require.Equal(t, want, n.Languages)
	require.Equal(t, strings.Join(tags, " "), painted(t, n).part("language").attr("data-tags"), "what is offered is hashed with the notice")
}

func TestAnotherIDIsALinkOnlyWhereTheOperatorGivesOne(t *testing.T) {
	require.Equal(t, "button", painted(t, shown(t, "en")).part("alternative").tag())
	link := painted(t, shown(t, "en", func(p *Purpose) { p.AlternativeURL = "https://bank.example/branch?a=1&b=2" })).part("alternative")
	require.Equal(t, element{"a", map[string]string{
		"class": "other", "data-part": "alternative",
		"href": "https://bank.example/branch?a=1&b=2", "target": "_blank", "rel": "noopener",
	}, "Use another ID"}, link)
}

func TestEveryMessageThatTheWidgetLooksUpIsThere(t *testing.T) {
	for _, tag := range []string{"en", "hi"} {
		view := painted(t, shown(t, tag))
		keys := strings.Fields(`loading starting waiting picture-loading picture-new answering required expired
			declined done soon again answer-twelve-digits open partner vendor unknown`)
		for _, code := range wire.Codes() {
			// What has no words of its own is looked up by its fault, and at last as unknown.
			if l := shared[code]; (l == "" || l == "reload-page") && !slices.Contains([]wire.Code{wire.Unauthorized, wire.VendorUnavailable, wire.StoreUnavailable}, code) {
				keys = append(keys, string(code))
			}
		}
		var got []string
		view.all(func(e element) {
			if all := e.attr("class"); e.attr("data-part") == "" && e.tag() == "p" && all != "" {
				got = append(got, strings.Fields(all)...)
				require.NotEmpty(t, e.text())
				require.Equal(t, all == "waiting" || all == "soon", strings.Contains(e.text(), "{seconds}"), all)
				require.Empty(t, placeholders(strings.ReplaceAll(e.text(), seconds, "")))
			}
		})
		require.ElementsMatch(t, keys, got)
	}
}

func TestTheOperatorsWordsAreTextAndNeverMarkup(t *testing.T) {
	view := painted(t, shown(t, "en", inEnglish(func(x *Text) {
		x.Controller = `R&D "Bank" & Sons' Ltd`
		x.ContactName = "&lt;b&gt;"
	})))
	require.Contains(t, view.text(), `R&D "Bank" & Sons' Ltd asks for your consent`)
	require.Contains(t, view.text(), "&lt;b&gt;")
}

func TestAViewFitsItsBudget(t *testing.T) {
	// Bytes. Loader and English view have 11 KB together; a view has 4.5 KB.
	for _, l := range builtIn(t) {
		tag, budget := l.Tag, 4500
		if tag == english {
			budget = 3600
		}
		view := shown(t, tag).View
		for _, quality := range []int{11, 5} { // at rest; on the fly
			var packed bytes.Buffer
			w := brotli.NewWriterLevel(&packed, quality)
			_, err := w.Write(view)
			require.NoError(t, err)
			require.NoError(t, w.Close())
			t.Logf("view %s: %d bytes, brotli %d: %d", tag, len(view), quality, packed.Len())
			require.LessOrEqual(t, packed.Len(), budget)
		}
	}
}
