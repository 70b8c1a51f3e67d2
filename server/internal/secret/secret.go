// Package secret keeps credentials out of everything that is printed.
package secret

import "log/slog"

const redacted = "[redacted]"

// String is a credential. Every way of printing, logging or marshalling it
// gives "[redacted]"; only Reveal gives the value.
type String struct{ value string }

// New wraps a credential.
func New(value string) String { return String{value} }

// Reveal returns the credential itself, for the one place that sends it.
func (s String) Reveal() string { return s.value }

// IsZero reports whether there is no credential.
func (s String) IsZero() bool { return s.value == "" }

// String implements fmt.Stringer.
func (String) String() string { return redacted }

// GoString implements fmt.GoStringer, for %#v.
func (String) GoString() string { return redacted }

// LogValue implements slog.LogValuer.
func (String) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler, for JSON and YAML.
func (String) MarshalText() ([]byte, error) { return []byte(redacted), nil }
