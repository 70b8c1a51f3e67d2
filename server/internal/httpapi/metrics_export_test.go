package httpapi

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// Names lists all metrics, also those that have no value yet.
func (m *Metrics) Names() (all []string) {
	descs := make(chan *prometheus.Desc)
	go func() { m.registry.Describe(descs); close(descs) }()
	for d := range descs {
		// Desc{fqName: "name", help: …: there is no other way to its name.
		_, after, _ := strings.Cut(d.String(), `"`)
		name, _, _ := strings.Cut(after, `"`)
		all = append(all, name)
	}
	return all
}
