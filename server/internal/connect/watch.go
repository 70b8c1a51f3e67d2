package connect

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/sony/gobreaker/v2"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/pace"
	"ekycconnect/wasm/wire"
)

// Step is one step of a visitor's way.
type Step string

const (
	StepNotice  Step = "notice"  // a notice was shown
	StepAgree   Step = "agree"   // a consent was recorded
	StepDecline Step = "decline" // a refusal was recorded
	StepCaptcha Step = "captcha" // the first picture of a session went out
	StepAnswer  Step = "answer"  // a token went out
	StepRedeem  Step = "redeem"  // a partner has redeemed it

	StepOTP      Step = "otp"      // the vendor has sent an OTP
	StepVerified Step = "verified" // the vendor has taken it: the person is verified
)

// Steps are all there are.
var Steps = []Step{StepNotice, StepAgree, StepDecline, StepCaptcha, StepAnswer, StepRedeem, StepOTP, StepVerified}

// Watcher is told what happens, for metrics. Its methods are called by many
// goroutines at once. Every text that they get is one of few.
type Watcher interface {
	VendorCall(account string, call consent.Call)
	VendorFailed(account string, class deepvue.Class) // once an operation, all tries together
	VendorLimited(account string)                     // the vendor has answered 429
	Waited(account string, wait time.Duration, outcome string)
	Step(site string, step Step)
	Limited(limit, site string) // a request was refused by one of the relay's own limits
	// Refusals tells whether the vendor has refused half of a site's last OTP calls; it
	// is told when that changes.
	Refusals(site string, many bool)
}

// What comes of standing in line.
const (
	waitGranted = "granted"
	waitBusy    = "busy"  // no slot in time
	waitLeft    = "left"  // the visitor went away
	waitStore   = "store" // the allowance that relays share could not be read
)

// WaitOutcomes are all of them.
var WaitOutcomes = []string{waitGranted, waitBusy, waitLeft, waitStore}

// What limits that are not by address are called.
const (
	limitDay       = "site_day"
	limitOTP       = "otp"
	limitFragments = "fragments"
)

// LimitNames are what all limits are called, in metrics too.
func LimitNames() []string {
	names := []string{limitDay, limitOTP, limitFragments}
	for _, byAddress := range (Limits{}).All() {
		names = append(names, byAddress.Name)
	}
	return names
}

// Breaker is the state of the account's breaker: "closed", "half-open" or
// "open", when no call is made.
func (a *Account) Breaker() string { return a.breaker.State().String() }

// Allowance says how much of each window of the account's allowance is spent; nothing
// of an account that is not paced.
func (a *Account) Allowance() []pace.Use {
	if a.line == nil {
		return nil
	}
	return a.line.Uses()
}

// Degraded says in words which accounts limp: their sites do not get pictures,
// the others do.
func (s *Service) Degraded() []string {
	var causes []string
	for _, name := range slices.Sorted(maps.Keys(s.Accounts)) {
		a := s.Accounts[name]
		switch last, _ := a.refused.Load().(refusal); {
		case last.class != "" && !last.since:
			causes = append(causes, fmt.Sprintf("the vendor refuses account %s (%s): check its credentials and its plan", name, last.class))
		case a.otp.State() != gobreaker.StateClosed:
			causes = append(causes, fmt.Sprintf("the vendor answers no OTP call of account %s: who begins is let in again after %v, to see", name, breakerPause))
		case a.breaker.State() != gobreaker.StateClosed:
			causes = append(causes, fmt.Sprintf("the vendor does not answer account %s: it is asked again every %v", name, breakerPause))
		case last.class != "":
			causes = append(causes, fmt.Sprintf("the vendor has refused account %s, and fails otherwise since then (%s)", name, last.class))
		}
	}
	return causes
}

// refusal is how the vendor failed last, if it has refused the account and given no
// good answer since. The zero value is none.
type refusal struct {
	class deepvue.Class
	since bool // it has failed otherwise since it refused
}

// remember keeps whether the vendor refuses the account. Only a good answer
// says that it does not any more: a vendor that is down says nothing.
func (a *Account) remember(failed *deepvue.Error) {
	last, _ := a.refused.Load().(refusal)
	switch {
	case failed == nil:
		a.refused.Store(refusal{})
	case failed.Code == wire.VendorRejected:
		a.refused.Store(refusal{class: failed.Class})
	case last.class != "":
		a.refused.Store(refusal{class: failed.Class, since: true})
	}
}
