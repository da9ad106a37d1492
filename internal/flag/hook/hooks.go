// Package hook tells apps of their flags by a request to a server or by running
// a program. Neither can be looked at afterwards: what was heard is on record.
package hook

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"cutover/internal/flag/fence"
	"cutover/internal/release"
)

// Hooks sends requests and runs programs, one try an order. Whoever asks says
// how long it may take, by ctx, and how often it is tried.
type Hooks struct {
	// Fences remembers the newest orders.
	Fences fence.Book
}

// Observe implements flag.Member: nothing can be seen.
func (Hooks) Observe(context.Context, release.FlagOrder) (release.FlagWorld, error) {
	return release.FlagWorld{}, nil
}

// Tell implements flag.Member.
func (h Hooks) Tell(ctx context.Context, order release.FlagOrder) error {
	held, err := h.Fences.Hold(ctx, order.Stamp)
	if err != nil {
		return err
	}
	held.Release() // other flags need not wait for this one's server
	if order.Flag.HTTP != nil {
		return send(ctx, order)
	}
	return execute(ctx, order)
}

// Ready implements flag.Member.
func (Hooks) Ready(f release.Flag) error {
	if f.HTTP != nil {
		return sendable(*f.HTTP)
	}
	return executable(*f.Command)
}

// filled returns what replaces the placeholders of a hook.
func filled(o release.FlagOrder) *strings.Replacer {
	return strings.NewReplacer("{{app}}", o.App, "{{flag}}", o.Flag.Name, "{{state}}", release.OnOff(!o.On), "{{enabled}}", strconv.FormatBool(o.On),
		"{{version}}", o.Only.Version, "{{component}}", o.Only.Component)
}

// maxWords is how much of what an app answers is shown.
const maxWords = 300

// words makes an answer fit for one line of text.
func words(answer string) string {
	text := strings.Join(strings.FieldsFunc(answer, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if len(text) > maxWords {
		text = strings.ToValidUTF8(text[:maxWords], "") + " ..."
	}
	if text == "" {
		return "without a word"
	}
	return fmt.Sprintf("%q", text)
}
