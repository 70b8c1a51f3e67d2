package config

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"ekycconnect/server/internal/secret"
)

// reader fills a struct from YAML strictly and remembers where each setting
// stands, so that every problem of a file is found in one go and has its line
// and column. goccy/go-yaml parses; its own decoder stops at the first error,
// and its error texts quote the source, which may hold secrets.
type reader struct {
	file     string                      // as shown in problems
	env      func(string) (string, bool) // nil: ${NAME} is no reference
	places   places
	problems []*Problem
}

// read parses data into the struct that to points at. It reports whether data
// holds settings at all: where it does not, what is missing is no news.
func (r *reader) read(data []byte, to any) bool {
	r.places = places{}
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // some editors begin a file with it
	if !utf8.Valid(data) {
		r.report("", "is not UTF-8; save it in this encoding")
		return false
	}
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		r.syntax(err, data)
		return false
	}
	docs := slices.DeleteFunc(file.Docs, func(d *ast.DocumentNode) bool { return isNull(d.Body) })
	switch {
	case len(docs) == 0:
		r.report("", "the file is empty")
	case len(docs) > 1:
		r.reportAt(docs[1].Body.GetToken().Position, "", "a second YAML document begins here; a file holds one")
	default:
		r.value(docs[0].Body, reflect.ValueOf(to).Elem(), "")
		_, ok := docs[0].Body.(ast.MapNode)
		return ok
	}
	return false
}

// isNull tells a node that says nothing: nothing at all, null or ~.
func isNull(node ast.Node) bool {
	_, null := node.(*ast.NullNode)
	return null || node == nil
}

var indentedByTab = regexp.MustCompile(`(?m)^[ -]*\t`)

func (r *reader) syntax(err error, data []byte) {
	if tab := indentedByTab.FindIndex(data); tab != nil {
		before := data[:tab[1]-1]
		at := &token.Position{Line: 1 + bytes.Count(before, []byte("\n")), Column: len(before) - bytes.LastIndexByte(before, '\n')}
		r.reportAt(at, "", "not YAML: a tab stands where the line is indented; use spaces")
		return
	}
	if e, ok := errors.AsType[yaml.Error](err); ok && e.GetToken() != nil {
		r.reportAt(e.GetToken().Position, "", "not YAML: "+e.GetMessage())
		return
	}
	r.report("", "not YAML")
}

// report adds a problem at the place of setting, or of the nearest setting
// around it that is in the file. The first problem of a setting is enough.
func (r *reader) report(setting, format string, args ...any) {
	if slices.ContainsFunc(r.problems, func(p *Problem) bool { return p.Setting == setting && setting != "" }) {
		return
	}
	r.reportAt(r.places.nearest(setting), setting, fmt.Sprintf(format, args...))
}

func (r *reader) reportAt(at *token.Position, setting, text string) {
	r.problems = append(r.problems, newProblem(r.file, at, setting, text))
}

// value decodes node into v, which is named setting. Only a setting that this
// package knows may be null, which leaves its default: an entry of a list, or of
// a map whose keys the operator chose, has none.
func (r *reader) value(node ast.Node, v reflect.Value, setting string) {
	if _, seen := r.places[setting]; !seen && setting != "" {
		r.places[setting] = node.GetToken().Position
	}
	switch node.(type) {
	case *ast.NullNode:
		return // "key:" alone leaves the default
	case *ast.AliasNode, *ast.AnchorNode, *ast.MergeKeyNode, *ast.TagNode:
		r.report(setting, "anchors, aliases and tags are not read here; write the value out")
		return
	}
	if v.CanAddr() && r.scalar(node, v, setting) {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		r.value(node, v.Elem(), setting)
	case reflect.Struct:
		r.mapping(node, setting, func(key string) (reflect.Value, func(), bool) {
			field, ok := fields(v)[key]
			return field, func() {}, ok
		}, func() []string { return names(v) })
	case reflect.Map:
		if v.IsNil() {
			v.Set(reflect.MakeMap(v.Type()))
		}
		r.mapping(node, setting, func(key string) (reflect.Value, func(), bool) {
			element := reflect.New(v.Type().Elem()).Elem()
			return element, func() { v.SetMapIndex(reflect.ValueOf(key).Convert(v.Type().Key()), element) }, true
		}, nil)
	case reflect.Slice:
		list, ok := node.(*ast.SequenceNode)
		if !ok {
			r.report(setting, "needs a list: one entry a line, each after \"- \"")
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), len(list.Values), len(list.Values)))
		for i, item := range list.Values {
			r.entry(item, v.Index(i), fmt.Sprintf("%s[%d]", setting, i))
		}
	case reflect.Int:
		// As people write it: YAML's own reading would take 60.5 for 60 and 060 for 48.
		written, _ := text(node)
		number, err := strconv.Atoi(written)
		if err != nil {
			r.report(setting, "%s", want(v.Type()))
		}
		v.SetInt(int64(number))
	default:
		if err := yaml.NodeToValue(node, v.Addr().Interface(), yaml.Strict()); err != nil {
			r.report(setting, "%s", want(v.Type()))
		}
	}
}

// entry decodes what must not be null.
func (r *reader) entry(node ast.Node, v reflect.Value, setting string) {
	if !isNull(node) {
		r.value(node, v, setting)
		return
	}
	if node != nil {
		r.places[setting] = node.GetToken().Position
	}
	r.report(setting, "says nothing; write its value, or remove the entry")
}

// mapping decodes each entry of node into what slot gives for its key.
func (r *reader) mapping(node ast.Node, setting string, slot func(string) (reflect.Value, func(), bool), known func() []string) {
	entries, ok := node.(ast.MapNode)
	if !ok {
		r.report(setting, "needs settings of its own: one \"name: value\" a line, indented below it")
		return
	}
	for entry := entries.MapRange(); entry.Next(); {
		key := entry.Key().GetToken()
		child := key.Value
		if setting != "" {
			child = setting + "." + key.Value
		}
		if _, twice := r.places[child]; twice {
			r.reportAt(key.Position, child, "stands here a second time; keep one")
			continue
		}
		element, store, ok := slot(key.Value)
		if !ok {
			r.reportAt(key.Position, child, "unknown setting; "+nearest(key.Value, known()))
			continue
		}
		r.places[child] = key.Position
		if _, plain := entry.Value().(ast.ScalarNode); plain {
			r.places[child] = entry.Value().GetToken().Position
		}
		if known == nil {
			r.entry(entry.Value(), element, child)
		} else {
			r.value(entry.Value(), element, child)
		}
		store()
	}
}

// scalar decodes a single value; it reports whether v's type is one.
func (r *reader) scalar(node ast.Node, v reflect.Value, setting string) bool {
	to := v.Addr().Interface()
	_, isText := to.(encoding.TextUnmarshaler)
	_, isSecret := to.(*secret.String)
	_, isDuration := to.(*time.Duration)
	_, isStore := to.(*StoreURL)
	if !isText && !isSecret && !isDuration && !isStore && v.Kind() != reflect.String {
		return false
	}
	written, ok := text(node)
	if !ok {
		r.report(setting, "%s", want(v.Type()))
		return true
	}
	value, missing := written, ""
	if r.env != nil {
		value, missing = expand(written, r.env)
	}
	if missing != "" {
		r.report(setting, "the environment variable %s is not set; set it for the relay, or write the value", missing)
		return true
	}
	switch to := to.(type) {
	case *secret.String:
		if value == written || !strings.Contains(written, "${") {
			r.report(setting, "a secret must not stand in this file; write ${NAME} and set NAME in the environment, or use %s_file",
				setting[strings.LastIndex(setting, ".")+1:])
			return true
		}
		*to = secret.New(value)
	case *StoreURL:
		if problem := to.set(written, value); problem != "" {
			r.report(setting, "%s", problem)
		}
	case *time.Duration:
		d, err := time.ParseDuration(value)
		if err != nil {
			r.report(setting, "%s", want(v.Type()))
		}
		*to = d
	case encoding.TextUnmarshaler:
		if err := to.UnmarshalText([]byte(value)); err != nil {
			advice := want(v.Type())
			if advice == needsText { // a type of this package explains itself
				advice = err.Error()
			}
			r.report(setting, "%s", advice)
		}
	default:
		v.SetString(value)
	}
	return true
}

// text gives the text of a scalar as it is written. Numbers count, so that
// version: 3 needs no quotes.
func text(node ast.Node) (string, bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode:
		return node.GetToken().Value, true
	}
	return "", false
}

// want says what a value of type t looks like.
func want(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[time.Duration]():
		return "needs a duration such as 90s, 5m or 6h"
	case reflect.TypeFor[netip.Prefix]():
		return "needs a range of addresses such as 10.0.0.0/8 or 192.0.2.7/32"
	case reflect.TypeFor[slog.Level]():
		return "needs debug, info, warn or error"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "needs true or false"
	case reflect.Int:
		return "needs a whole number"
	}
	return needsText
}

const needsText = "needs text; put the value in quotes"
