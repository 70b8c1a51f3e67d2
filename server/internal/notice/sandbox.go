package notice

import (
	"embed"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
)

//go:embed sandbox/*.yaml
var sandboxFiles embed.FS

// SandboxPurpose is the id of the purpose that the sandbox serves.
const SandboxPurpose = "account-opening"

// Sandbox is the purpose of a made-up bank, in every language that is built
// in: what the sandbox serves, and an example of a complete configuration.
// purpose.yaml is what holds in every language, TAG.yaml the words of one.
func Sandbox() Purpose {
	p := Purpose{Texts: map[string]Text{}}
	entries, err := sandboxFiles.ReadDir("sandbox")
	mustHold(err)
	for _, entry := range entries {
		content, err := sandboxFiles.ReadFile("sandbox/" + entry.Name())
		mustHold(err)
		tag := strings.TrimSuffix(entry.Name(), ".yaml")
		if tag == "purpose" {
			mustHold(yaml.UnmarshalWithOptions(content, &p, yaml.Strict()))
			continue
		}
		var words Text
		mustHold(yaml.UnmarshalWithOptions(content, &words, yaml.Strict()))
		p.Texts[tag] = words
	}
	return p
}

// mustHold panics: the files are part of the program.
func mustHold(err error) {
	if err != nil {
		panic(fmt.Sprintf("notice: sandbox: %v", err))
	}
}
