package notice

import (
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
)

// A file of back/ says in English what a draft says, for those who do not read
// its language. It is documentation and no part of the program.
type backTranslation struct {
	By        string            `yaml:"by"`
	Date      string            `yaml:"date"`
	Interface map[string]string `yaml:"interface"`
	Notice    map[string]string `yaml:"notice"`
	Messages  map[string]string `yaml:"messages"`
	Receipt   map[string]string `yaml:"receipt"`
	Page      map[string]string `yaml:"page"`
	Sandbox   map[string]any    `yaml:"sandbox"`
	Mended    any               `yaml:"mended"` // what the reading back found wrong, by key
	Unsure    any               `yaml:"unsure"` // what only a native speaker can settle, by key
}

// meanings are what must not get lost on the way into a language.
var meanings = map[string]string{
	"interface.captcha-hint": `letters and (the )?(digits|numbers|figures)`,
	"interface.contrast":     `clear`,
	"notice.item-address":    `\b(if|any)\b`,
	"notice.rights-link":     `\b(act|see to things)\b`,
	"receipt.withdraw":       `^(Please )?([Ww]ithdraw|Take back) (my|your) consent$`,
}

func TestEveryDraftIsReadBackIntoEnglish(t *testing.T) {
	for _, l := range builtIn(t) {
		tag := l.Tag
		if tag == "mni-Mtei" {
			tag = "mni-Beng" // the same text in another script
		}
		if l.Status != Draft {
			continue
		}
		content, err := os.ReadFile("back/" + tag + ".yaml")
		require.NoError(t, err)
		var back backTranslation
		require.NoError(t, yaml.UnmarshalWithOptions(content, &back, yaml.Strict()), tag)
		require.NotEmpty(t, back.By, tag)
		require.NotEmpty(t, back.Date, tag)

		english := words(Language{Interface: back.Interface, Notice: back.Notice, Messages: back.Messages, Receipt: back.Receipt, Page: back.Page})
		said := words(l)
		require.ElementsMatch(t, slices.Collect(maps.Keys(said)), slices.Collect(maps.Keys(english)), tag)
		for key, text := range english {
			require.NotEmpty(t, text, "%s %s", tag, key)
			require.Equal(t, placeholders(said[key]), placeholders(text), "%s %s", tag, key)
		}
		for key, meaning := range meanings {
			require.Regexp(t, meaning, english[key], "%s %s", tag, key)
		}

		var bank map[string]any
		content, err = sandboxFiles.ReadFile("sandbox/" + tag + ".yaml")
		require.NoError(t, err)
		require.NoError(t, yaml.Unmarshal(content, &bank), tag)
		require.ElementsMatch(t, slices.Collect(maps.Keys(bank)), slices.Collect(maps.Keys(back.Sandbox)), tag)
		for key, list := range bank {
			if list, ok := list.([]any); ok {
				require.Len(t, back.Sandbox[key], len(list), "%s sandbox.%s", tag, key)
			}
		}
	}
}
