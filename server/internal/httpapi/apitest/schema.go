package apitest

import (
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"
)

// Document is openapi.json as the relay serves it.
type Document struct {
	Root  M
	paths map[string]*regexp.Regexp // by template
}

var parameter = regexp.MustCompile(`\\\{[^}]*\\\}`)

// Open fetches the document from a relay. It is the same for all relays, so it is read
// once.
func Open(t testing.TB, r *Relay) *Document {
	t.Helper()
	a := r.Do(t, Call{Path: "/v1/openapi.json"})
	require.Equal(t, http.StatusOK, a.Status)
	if d, known := documents.Load(string(a.Body)); known {
		return d.(*Document)
	}
	d := &Document{paths: map[string]*regexp.Regexp{}}
	a.Into(t, &d.Root)
	for template := range d.Root["paths"].(M) {
		d.paths[template] = regexp.MustCompile("^" + parameter.ReplaceAllStringFunc(regexp.QuoteMeta(template), segments) + "$")
	}
	documents.Store(string(a.Body), d)
	return d
}

var documents, patterns sync.Map // *Document by its text, *regexp.Regexp by its own

func pattern(text string) *regexp.Regexp {
	p, known := patterns.Load(text)
	if !known {
		p, _ = patterns.LoadOrStore(text, regexp.MustCompile(text))
	}
	return p.(*regexp.Regexp)
}

// segments is what a parameter of a path stands for: one segment, but for the
// place of a tile.
func segments(parameter string) string {
	if parameter == `\{path\}` {
		return ".+"
	}
	return "[^/]+"
}

// Find follows a $ref of the document itself.
func (d *Document) Find(ref string) (any, error) {
	var at any = d.Root
	rest, ok := strings.CutPrefix(ref, "#/")
	for ok && rest != "" {
		var name string
		name, rest, _ = strings.Cut(rest, "/")
		members, _ := at.(M)
		at, ok = members[strings.NewReplacer("~1", "/", "~0", "~").Replace(name)]
	}
	if !ok {
		return nil, fmt.Errorf("%s leads nowhere", ref)
	}
	return at, nil
}

func (d *Document) resolve(t testing.TB, v any) M {
	t.Helper()
	m := v.(M)
	if ref, ok := m["$ref"].(string); ok {
		found, err := d.Find(ref)
		require.NoError(t, err)
		return d.resolve(t, found)
	}
	return m
}

// hold checks that an answer is one that the document promises. Unknown paths
// and methods have answers that belong to no operation.
func (d *Document) hold(t testing.TB, a Answer) {
	t.Helper()
	path, _, _ := strings.Cut(a.Path, "?")
	method := strings.ToLower(a.Method)
	if a.Method == http.MethodHead {
		return
	}
	for template, match := range d.paths {
		if !match.MatchString(path) {
			continue
		}
		operation, ok := d.Root["paths"].(M)[template].(M)[method].(M)
		if !ok || a.Status == http.StatusMethodNotAllowed {
			require.Contains(t, []int{http.StatusMethodNotAllowed, http.StatusNoContent}, a.Status)
			return
		}
		promised, ok := operation["responses"].(M)[fmt.Sprint(a.Status)]
		require.True(t, ok, "%s %s answers %d, which openapi.json does not say: %s", a.Method, template, a.Status, a.Body)
		d.holdContent(t, a, d.resolve(t, promised))
		return
	}
}

func (d *Document) holdContent(t testing.TB, a Answer, promised M) {
	t.Helper()
	content, ok := promised["content"].(M)
	if !ok {
		require.Empty(t, a.Body)
		return
	}
	media, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";")
	require.Contains(t, content, media)
	for name, v := range promised["headers"].(M) {
		header := d.resolve(t, v)
		if header["required"] == true {
			require.NotEmpty(t, a.Header.Values(name), name)
		}
		if schema := header["schema"].(M); schema["type"] == "string" && a.Header.Get(name) != "" {
			require.NoError(t, d.Check(schema, a.Header.Get(name)), name)
		}
	}
	schema, ok := content[media].(M)["schema"]
	if !ok || a.Header.Get("Content-Encoding") != "" {
		return
	}
	if strings.HasPrefix(a.Path, "/v1/view?") {
		if _, known := views.LoadOrStore(a.Path, true); known {
			return
		}
	}
	var v any
	a.Into(t, &v)
	require.NoError(t, d.Check(schema, v), "%.300s", a.Body)
}

// views are the requests whose answer was held against the schema in this
// process: a view is large, and always the same but for its presentation.
var views sync.Map

// Check judges v by a schema. A keyword that it does not know is an error, so
// that nothing in the document goes unchecked in silence.
func (d *Document) Check(schema, v any) error {
	for keyword, want := range schema.(M) {
		if err := d.keyword(keyword, want, schema.(M), v); err != nil {
			return err
		}
	}
	return nil
}

func (d *Document) keyword(keyword string, want any, schema M, v any) error {
	text, isText := v.(string)
	number, isNumber := v.(float64)
	list, isList := v.([]any)
	object, isObject := v.(M)
	ok := true
	switch keyword {
	case "description", "examples", "default", "contentEncoding", "contentMediaType":
	case "$ref":
		target, err := d.Find(want.(string))
		if err != nil {
			return err
		}
		return d.Check(target, v)
	case "type":
		is := map[any]bool{"string": isText, "array": isList, "object": isObject, "null": v == nil, "boolean": v == true || v == false,
			"number": isNumber, "integer": isNumber && number == float64(int64(number))}
		ok = is[want]
	case "const":
		ok = reflect.DeepEqual(v, want)
	case "enum":
		ok = slices.ContainsFunc(want.([]any), func(one any) bool { return reflect.DeepEqual(one, v) })
	case "pattern":
		ok = !isText || pattern(want.(string)).MatchString(text)
	case "minLength":
		ok = !isText || utf8.RuneCountInString(text) >= int(want.(float64))
	case "maxLength":
		ok = !isText || utf8.RuneCountInString(text) <= int(want.(float64))
	case "minimum":
		ok = !isNumber || number >= want.(float64)
	case "maximum":
		ok = !isNumber || number <= want.(float64)
	case "minItems":
		ok = !isList || len(list) >= int(want.(float64))
	case "maxItems":
		ok = !isList || len(list) <= int(want.(float64))
	case "required":
		for _, name := range want.([]any) {
			if _, there := object[name.(string)]; isObject && !there {
				return fmt.Errorf("%v is missing", name)
			}
		}
	case "propertyNames":
		for name := range object {
			if err := d.Check(want, name); err != nil {
				return fmt.Errorf("name %s: %w", name, err)
			}
		}
	case "not":
		ok = d.Check(want, v) != nil
	case "properties":
		for name, member := range want.(M) {
			if value, there := object[name]; there {
				if err := d.Check(member, value); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
		}
	case "additionalProperties":
		known, _ := schema["properties"].(M)
		for name, value := range object {
			if _, there := known[name]; there || want == true {
				continue
			}
			if want == false {
				return fmt.Errorf("%s is not in the schema", name)
			}
			if err := d.Check(want, value); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	case "prefixItems", "items":
		prefix, _ := schema["prefixItems"].([]any)
		for i, value := range list {
			if keyword == "items" && i >= len(prefix) {
				if err := d.Check(want, value); err != nil {
					return fmt.Errorf("[%d]: %w", i, err)
				}
			} else if keyword == "prefixItems" && i < len(prefix) {
				if err := d.Check(prefix[i], value); err != nil {
					return fmt.Errorf("[%d]: %w", i, err)
				}
			}
		}
	case "allOf":
		for _, part := range want.([]any) {
			if err := d.Check(part, v); err != nil {
				return err
			}
		}
	case "oneOf":
		matches := 0
		var last error
		for _, part := range want.([]any) {
			if err := d.Check(part, v); err == nil {
				matches++
			} else {
				last = err
			}
		}
		if matches != 1 {
			return fmt.Errorf("%d of oneOf match: %w", matches, last)
		}
	default:
		return fmt.Errorf("apitest cannot check the keyword %s", keyword)
	}
	if !ok {
		shown, _ := json.Marshal(v)
		return fmt.Errorf("%.80s breaks %s %v", shown, keyword, want)
	}
	return nil
}
