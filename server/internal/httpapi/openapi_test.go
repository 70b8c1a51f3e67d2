package httpapi_test

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/httpapi"
	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/wasm/wire"
)

type M = apitest.M

func TestEveryRouteIsInTheDocumentAndTheOtherWayRound(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	documented := map[string][]string{}
	for path, item := range apitest.Open(t, r).Root["paths"].(M) {
		for method := range item.(M) {
			documented[path] = append(documented[path], strings.ToUpper(method))
		}
		slices.Sort(documented[path])
	}
	served := map[string][]string{}
	for path, methods := range r.API.Served() {
		for _, m := range methods {
			if m != http.MethodOptions && m != http.MethodHead { // said once for all in the document's text
				served[path] = append(served[path], m)
			}
		}
	}
	require.Equal(t, served, documented)
}

func TestTheDocumentsCodesAreTheRelaysCodes(t *testing.T) {
	t.Parallel()
	d := apitest.Open(t, apitest.New(t))
	found, err := d.Find("#/components/schemas/Problem/properties/code/enum")
	require.NoError(t, err)
	var documented []wire.Code
	for _, code := range found.([]any) {
		documented = append(documented, wire.Code(code.(string)))
	}
	own := []wire.Code{wire.Network, wire.AssetIntegrity, wire.WasmUnavailable}
	relays := slices.DeleteFunc(wire.Codes(), func(c wire.Code) bool { return slices.Contains(own, c) })
	require.ElementsMatch(t, append(relays, wire.PartnerCodes()...), documented)
}

func TestEveryReferenceLeadsSomewhereAndNothingIsLeftOver(t *testing.T) {
	t.Parallel()
	d := apitest.Open(t, apitest.New(t))
	used := map[string]bool{}
	walk(d.Root, func(m M) {
		ref, ok := m["$ref"].(string)
		if !ok {
			return
		}
		_, err := d.Find(ref)
		require.NoError(t, err)
		used[ref] = true
	})
	for kind, members := range d.Root["components"].(M) {
		for name := range members.(M) {
			if kind != "securitySchemes" {
				require.Contains(t, used, "#/components/"+kind+"/"+name)
			}
		}
	}
}

func TestExamplesKeepToTheirSchemas(t *testing.T) {
	t.Parallel()
	d := apitest.Open(t, apitest.New(t))
	seen := 0
	walk(d.Root["components"], func(m M) {
		examples, _ := m["examples"].([]any)
		for _, example := range examples {
			require.NoError(t, d.Check(m, example))
			seen++
		}
	})
	require.Greater(t, seen, 50)
}

func TestOperationsAreDescribedAndNamedOnce(t *testing.T) {
	t.Parallel()
	d := apitest.Open(t, apitest.New(t))
	names := map[string]bool{}
	for path, item := range d.Root["paths"].(M) {
		for _, v := range item.(M) {
			operation := v.(M)
			name := operation["operationId"].(string)
			require.False(t, names[name], name)
			names[name] = true
			require.NotEmpty(t, operation["summary"], path)
			declared := strings.Count(path, "{")
			for _, p := range parameters(operation) {
				if p["in"] == "path" {
					declared--
				}
			}
			require.Zero(t, declared, "%s: each part in braces is a parameter", path)
		}
	}
}

// The shapes that widget and relay share are the ones in the document.
func TestRequestSchemasHaveTheMembersThatAreTaken(t *testing.T) {
	t.Parallel()
	d := apitest.Open(t, apitest.New(t))
	for schema, shape := range map[string]any{
		"SessionRequest": wire.SessionRequest{}, "DeclineRequest": wire.DeclineRequest{}, "CaptchaRequest": wire.CaptchaRequest{},
		"AnswerRequest": wire.AnswerRequest{}, "Client": wire.Client{}, "SessionReply": wire.SessionReply{},
		"DeclineReply": wire.DeclineReply{}, "CaptchaReply": wire.CaptchaReply{}, "AnswerReply": wire.AnswerReply{},
		"Problem": httpapi.FullProblem{}, "NoticeRef": wire.NoticeRef{}, "Language": wire.Language{}, "Captcha": wire.Captcha{},
		"OTPSent": connect.OTPSent{}, "VendorSaid": connect.Said{},
	} {
		found, err := d.Find("#/components/schemas/" + schema + "/properties")
		require.NoError(t, err)
		var documented []string
		for name := range found.(M) {
			documented = append(documented, name)
		}
		require.ElementsMatch(t, members(reflect.TypeOf(shape)), documented, schema)
	}
}

func members(t reflect.Type) (names []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if strings.Contains(options, "inline") {
			names = append(names, members(f.Type)...)
		} else {
			names = append(names, name)
		}
	}
	return names
}

func parameters(operation M) (all []M) {
	list, _ := operation["parameters"].([]any)
	for _, p := range list {
		all = append(all, p.(M))
	}
	return all
}

func walk(v any, visit func(M)) {
	switch v := v.(type) {
	case M:
		visit(v)
		for _, child := range v {
			walk(child, visit)
		}
	case []any:
		for _, child := range v {
			walk(child, visit)
		}
	}
}
