package e2e

import (
	"bufio"
	"encoding/json"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// readme gives the first block of README.md in a language, with the sandbox's usual
// address replaced.
func readme(t *testing.T, language, relay string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "README.md"))
	require.NoError(t, err)
	block := regexp.MustCompile("(?s)```" + language + "\n(.*?)```")
	for _, m := range block.FindAllStringSubmatch(string(text), -1) {
		if strings.Contains(m[1], "http://localhost:8080") && !strings.Contains(m[1], "make run") {
			return strings.ReplaceAll(m[1], "http://localhost:8080", relay)
		}
	}
	require.Fail(t, "README.md has no such block", language)
	return ""
}

func TestTheReadmesPageAndCallsRunAsTheyStand(t *testing.T) {
	t.Parallel()
	relay := ownRelay(t)
	site := newPartner(t, form{Files: map[string]string{"/page.html": readme(t, "html", relay)}})
	b := newTab(t)
	b.open(site.URL + "/page.html")
	b.state("notice")
	b.finish()
	b.click(`document.querySelector('form > button')`, 1)
	token := (<-site.posts).Get("ekyc-connect-response")
	require.Empty(t, b.errors)

	variables, calls, _ := strings.Cut(readme(t, "sh", relay), "\n")
	variables, _, _ = strings.Cut(variables, " #")
	var answers []map[string]any
	verification := ""
	for _, call := range regexp.MustCompile(`(?m)^curl (?:.*\\\n)*.*$`).FindAllString(calls, -1) {
		run := exec.CommandContext(t.Context(), "sh", "-c", variables+"; "+strings.Replace(call, "curl", "curl -sS", 1))
		run.Env = append(os.Environ(), "TOKEN="+token, "VERIFICATION="+verification)
		run.Stderr = os.Stderr
		out, err := run.Output()
		require.NoError(t, err)
		var answer map[string]any
		require.NoError(t, json.Unmarshal(out, &answer), string(out))
		answers = append(answers, answer)
		verification, _ = answer["verification"].(string)
	}
	require.Len(t, answers, 3)
	require.Equal(t, true, answers[0]["success"])
	require.NotEmpty(t, answers[1]["verification"])
	require.NotEmpty(t, answers[2]["data"].(map[string]any)["name"])
}

// What programs read stays alone on standard output; people are told beside the log.
func TestMakeRunTellsPeopleWhereToLook(t *testing.T) {
	t.Parallel()
	run := exec.CommandContext(t.Context(), "make", "--no-print-directory", "-o", "build", "run", "RELAY="+command, "SERVE=--listen 127.0.0.1:0 --admin 127.0.0.1:0 --data "+t.TempDir())
	run.Dir = filepath.Join("..", "..", "..")
	out, err := run.StdoutPipe()
	require.NoError(t, err)
	told, err := run.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, run.Start())
	var ready struct{ URL string }
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal([]byte(first), &ready), first)
	for people := bufio.NewScanner(told); ; {
		require.True(t, people.Scan(), "nothing is told")
		if strings.Contains(people.Text(), "Open "+ready.URL+" in a browser") {
			break
		}
	}
	require.NoError(t, run.Process.Signal(syscall.SIGTERM)) // make alone is told; what it runs ends with it
	go func() { _, _ = io.Copy(io.Discard, told) }()
	rest, err := io.ReadAll(lines)
	require.NoError(t, err)
	require.Empty(t, string(rest))
	_ = run.Wait()
	_, err = net.DialTimeout("tcp", strings.TrimPrefix(ready.URL, "http://"), time.Second)
	require.Error(t, err, "the relay has ended")
}

// Script and notice share one connection only if both are asked for in the same way.
func TestEverySnippetOfTheScriptHasCrossorigin(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..", "..")
	tag := regexp.MustCompile(`<script[^>]*/ekyc-connect\.js[^>]*>`)
	seen := 0
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == "dist" || entry.Name() == ".git"):
			return fs.SkipDir
		case !regexp.MustCompile(`\.(md|html|d\.ts)$`).MatchString(path):
			return nil
		}
		text, err := os.ReadFile(path)
		for _, found := range tag.FindAllString(string(text), -1) {
			require.Regexp(t, `\scrossorigin\b`, found, path)
			seen++
		}
		return err
	}))
	require.Greater(t, seen, 6)
}
