package demo

// outcome is the page after the form.
type outcome struct {
	frame
	Step, Title  string
	Tone         string // good, bad or ""
	Lead, Advice string
	Choices      []string
	Back         string // text of the link to the form
	Calls        []call
	Redeemed     string // siteverify's answer
	Record       string
}

var alternatives = []string{"passport, voter ID or driving licence, uploaded here", "a visit to a branch, with papers"}

// withoutToken tells what the value means that the widget sends when there is
// no token. None of them is ever redeemed.
func withoutToken(s submission) outcome {
	o := outcome{frame: s.frame, Step: "Your application", Tone: "bad", Back: "Back to the form"}
	switch s.token {
	case ".declined":
		o.Title, o.Tone = "Let us use another ID", ""
		o.Lead = "You chose not to use Aadhaar. That is recorded, nothing was fetched, and your application goes on."
		o.Advice, o.Choices = "goes on without Aadhaar. Refusing must be as easy as agreeing.", alternatives
		o.Back = "I have changed my mind"
	case ".unstarted":
		o.Title, o.Lead = "Please answer the notice first", "Neither agreed nor declined: the identity check had not been done."
		o.Advice = "shows the form again. With the attribute required the browser would not have sent it."
	case ".loading":
		o.Title, o.Lead = "That was too quick", "The identity check was still being loaded when the form was sent."
		o.Advice = "shows the form again."
	case ".expired":
		o.Title, o.Lead = "Too much time has passed", "The identity check was done, but ran out before the form was sent."
		o.Advice = "shows the form again; the applicant reads a new picture."
	case ".unreachable":
		o.Title, o.Lead = "The identity check could not be reached", "Your browser did not reach the service."
		o.Advice, o.Choices = "offers another way, or to try later. This may not be the applicant's fault.", alternatives
	case ".error":
		o.Title, o.Lead = "The identity check did not work", "Something went wrong on the way to the identity check."
		o.Advice, o.Choices = "offers another way, or to try later.", alternatives
	case "":
		o.Title, o.Lead = "The identity check is missing", "The form came without a value of the widget: it was never on the page, or JavaScript is off."
		o.Advice = "treats this as no consent."
	default:
		o.Title, o.Lead = "That is no token", "The value begins with a dot, so it is none that could be redeemed."
		o.Advice = "treats this as no consent."
	}
	return o
}

// refused tells why siteverify did not redeem.
func refused(s submission, code string, calls []call) outcome {
	o := outcome{
		frame: s.frame, Step: "Your application", Title: "The token was not accepted", Tone: "bad", Back: "Back to the form",
		Calls: calls,
	}
	switch code {
	case "expired-input-response":
		o.Title, o.Lead = "Too much time has passed", "The token had run out when the bank redeemed it."
		o.Advice = "shows the form again; the applicant reads a new picture. A token lives five minutes."
	case "already-seen-response":
		o.Lead = "The token was redeemed before; each one counts once."
		o.Advice = "refuses. For a repeat of its own it sends the same idempotency_key and gets the first answer again."
	case "consent-withdrawn":
		o.Lead, o.Advice = "The consent has been withdrawn.", "stops here: without consent nothing may be fetched."
	case "subject-mismatch":
		o.Lead, o.Advice = "The token is another applicant's.", "refuses, and looks into it."
	case "invalid-input-response", "sitekey-secret-mismatch":
		o.Lead, o.Advice = "The token is forged, altered or another site's.", "refuses."
	default:
		o.Lead, o.Advice = "The relay did not redeem it: "+code+".", "tells the applicant to try again, and its developers the code."
	}
	return o
}

func unreachable(s submission) outcome {
	return outcome{
		frame: s.frame, Step: "Your application", Title: "Please try again in a moment", Tone: "bad", Back: "Back to the form",
		Lead:   "The bank's server did not reach the relay.",
		Advice: "sends the same request again with the same idempotency_key, then asks the applicant to wait.",
	}
}
