package demo

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"ekycconnect/server/internal/notice"
)

// text is one text of a language's file.
type text struct {
	Part, Key string
	line      int // from 0
}

var (
	partLine = regexp.MustCompile(`^([a-z]+):$`)
	textLine = regexp.MustCompile(`^  ([a-z_-]+): `)
)

// textsOf are a file's texts in their order. Every text stands on a line of its own.
func textsOf(source []byte) (texts []text) {
	part := ""
	for i, line := range strings.Split(string(source), "\n") {
		if m := partLine.FindStringSubmatch(line); m != nil {
			part = m[1]
		}
		if m := textLine.FindStringSubmatch(line); m != nil && part != "dates" {
			texts = append(texts, text{part, m[1], i})
		}
	}
	return texts
}

// review is what a reader of a language has to say.
type review struct {
	texts    map[string]string // the better ones, by "part.key"
	remarks  string
	reviewer string // who has read the whole file and stands for it; empty: nobody yet
}

// patch is the review as a file for git apply. Its error is for the reader.
func (r review) patch(tag string) (string, error) {
	source, err := notice.Source(tag)
	if err != nil {
		return "", errors.New("this language is not built in")
	}
	before := strings.Split(string(source), "\n")
	after := slices.Clone(before)
	for _, t := range textsOf(source) {
		better := strings.Join(strings.Fields(r.texts[t.Part+"."+t.Key]), " ")
		if better == "" {
			continue
		}
		scalar, err := yaml.Marshal(better)
		if err != nil {
			return "", fmt.Errorf("%s.%s cannot be written down: %w", t.Part, t.Key, err)
		}
		after[t.line] = "  " + t.Key + ": " + strings.TrimSuffix(string(scalar), "\n")
	}
	if r.reviewer != "" {
		for i, line := range after {
			switch line {
			case "status: draft":
				after[i] = "status: reviewed"
			case `reviewer: ""`:
				after[i] = fmt.Sprintf("reviewer: %q", r.reviewer)
			}
		}
	}
	if _, err := notice.CheckSource(tag, []byte(strings.Join(after, "\n"))); err != nil {
		return "", err
	}
	hunks := diff(before, after)
	if hunks == "" && strings.TrimSpace(r.remarks) == "" {
		return "", errors.New("nothing was written yet")
	}
	var out strings.Builder
	for line := range strings.Lines(r.remarks) {
		out.WriteString("# " + strings.TrimRight(line, "\r\n") + "\n") // or a remark could be taken for a part of the patch
	}
	if hunks != "" {
		name := "server/internal/notice/lang/" + tag + ".yaml"
		out.WriteString("--- a/" + name + "\n+++ b/" + name + "\n" + hunks)
	}
	return out.String(), nil
}

// around is how many lines a patch shows before and after a change.
const around = 3

// diff are the hunks between two texts of as many lines.
func diff(before, after []string) string {
	var out strings.Builder
	for i := 0; i < len(before); i++ {
		if before[i] == after[i] {
			continue
		}
		last := i // changes so near that they share a hunk
		for j := i; j < len(before) && j <= last+2*around; j++ {
			if before[j] != after[j] {
				last = j
			}
		}
		begin, end := max(0, i-around), min(len(before)-1, last+around+1) // the last line is empty: the file's end
		fmt.Fprintf(&out, "@@ -%d,%d +%d,%d @@\n", begin+1, end-begin, begin+1, end-begin)
		for j := begin; j < end; j++ {
			if before[j] == after[j] {
				out.WriteString(" " + before[j] + "\n")
				continue
			}
			out.WriteString("-" + before[j] + "\n+" + after[j] + "\n")
		}
		i = last
	}
	return out.String()
}
