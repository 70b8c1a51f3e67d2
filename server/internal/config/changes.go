package config

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// renewable are the settings that a relay takes while it serves.
var renewable = []string{"sites", "limits", "purposes", "allow_drafts"}

// Changes lists the settings that two configurations have otherwise: those that a relay
// takes while it serves, and those that take a restart. It names them, and never says a
// value.
func Changes(from, to *Config) (renewed, fixed []string) {
	a, b := fields(reflect.ValueOf(from).Elem()), fields(reflect.ValueOf(to).Elem())
	for _, name := range slices.Sorted(maps.Keys(a)) {
		changed := changes(name, a[name], b[name])
		if slices.Contains(renewable, name) {
			renewed = append(renewed, changed...)
		} else {
			fixed = append(fixed, changed...)
		}
	}
	return renewed, fixed
}

// changes names what differs below a setting.
func changes(setting string, a, b reflect.Value) (all []string) {
	switch {
	case reflect.DeepEqual(a.Interface(), b.Interface()):
		return nil
	case a.Type() == reflect.TypeFor[[]Site]():
		a, b = bySitekey(a), bySitekey(b)
	}
	switch {
	case a.Kind() == reflect.Map:
		for _, name := range sortedKeys(a, b) {
			key := reflect.ValueOf(name)
			switch was, is := a.MapIndex(key), b.MapIndex(key); {
			case !was.IsValid():
				all = append(all, setting+"."+name+" (new)")
			case !is.IsValid():
				all = append(all, setting+"."+name+" (gone)")
			default:
				all = append(all, changes(setting+"."+name, was, is)...)
			}
		}
	case a.Kind() == reflect.Struct && len(names(a)) > 0:
		was, is := fields(a), fields(b)
		for _, name := range slices.Sorted(maps.Keys(was)) {
			all = append(all, changes(setting+"."+name, was[name], is[name])...)
		}
	default:
		all = []string{setting}
	}
	return all
}

// bySitekey is a list of sites with their sitekeys for names.
func bySitekey(sites reflect.Value) reflect.Value {
	all := map[string]Site{}
	for _, site := range sites.Interface().([]Site) {
		all[site.Sitekey] = site
	}
	return reflect.ValueOf(all)
}

func sortedKeys(maps ...reflect.Value) []string {
	var all []string
	for _, m := range maps {
		for _, key := range m.MapKeys() {
			all = append(all, key.String())
		}
	}
	slices.SortFunc(all, strings.Compare)
	return slices.Compact(all)
}
