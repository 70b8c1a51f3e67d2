// Command speech is an output module of speech-dispatcher that has no voice: it writes
// what it is given to say to the file $SPOKEN, an utterance a line. For tests.
//
// The protocol is the one of https://htmlpreview.github.io/?https://github.com/brailcom/speechd/blob/master/doc/ssip.html
// between the server and its modules: a command a line, some followed by lines up to a dot.
package main

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"strings"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Orca marks the words of what it sends, to follow them.
var marks = regexp.MustCompile(`<[^>]*>`)

func run() error {
	spoken, err := os.OpenFile(os.Getenv("SPOKEN"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("speech: %w", err)
	}
	defer spoken.Close()
	in := bufio.NewScanner(os.Stdin)
	body := func() string {
		var lines []string
		for in.Scan() && in.Text() != "." {
			lines = append(lines, in.Text())
		}
		return strings.Join(lines, " ")
	}
	answer := func(lines ...string) { fmt.Println(strings.Join(lines, "\n")) }
	for in.Scan() {
		switch command, _, _ := strings.Cut(in.Text(), " "); command {
		case "INIT":
			answer("299-speech", "299 OK LOADED SUCCESSFULLY")
		case "AUDIO":
			answer("207 OK RECEIVING AUDIO SETTINGS")
			body()
			answer("203 OK AUDIO INITIALIZED")
		case "LOGLEVEL":
			answer("207 OK RECEIVING LOGLEVEL SETTINGS")
			body()
			answer("203 OK LOG LEVEL SET")
		case "SET":
			answer("203 OK RECEIVING SETTINGS")
			body()
			answer("203 OK SETTINGS RECEIVED")
		case "DEBUG":
			answer("200 OK DEBUGGING ON")
		case "LIST":
			answer("200-speech\ten\tnone", "200 OK VOICE LIST SENT")
		case "SPEAK", "CHAR", "KEY", "SOUND_ICON":
			answer("202 OK RECEIVING MESSAGE")
			if _, err := fmt.Fprintln(spoken, strings.Join(strings.Fields(marks.ReplaceAllString(body(), "")), " ")); err != nil {
				return fmt.Errorf("speech: %w", err)
			}
			answer("200 OK SPEAKING", "701 BEGIN", "702 END")
		case "STOP", "PAUSE": // it is said at once
		case "QUIT":
			answer("210 OK QUIT")
			return nil
		default:
			answer("300 ERR UNKNOWN COMMAND")
		}
	}
	return in.Err()
}
