package notice

import (
	_ "embed"
	"fmt"

	"github.com/goccy/go-yaml"
)

//go:embed sandbox.yaml
var sandboxYAML []byte

// SandboxPurpose is the id of the purpose that the sandbox serves.
const SandboxPurpose = "account-opening"

// Sandbox is the purpose of a made-up bank, in every language that is built
// in: what the sandbox serves, and an example of a complete configuration.
func Sandbox() Purpose {
	var p Purpose
	if err := yaml.UnmarshalWithOptions(sandboxYAML, &p, yaml.Strict()); err != nil {
		panic(fmt.Sprintf("notice: sandbox.yaml: %v", err)) // it is part of the program
	}
	return p
}
