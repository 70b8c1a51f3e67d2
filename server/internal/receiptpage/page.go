package receiptpage

import (
	"bytes"
	"cmp"
	_ "embed"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/notice"
	"ekycconnect/wasm/wire"
)

//go:embed page.html
var pageHTML string

var pages = template.Must(template.New("").Parse(pageHTML))

// What a receipt's address ends with where its files are: that of the decision,
// and that of the withdrawal.
const (
	Suffix           = ".receipt"
	WithdrawalSuffix = ".withdrawal.receipt"
)

// Pages serves receipts.
type Pages struct {
	core   *connect.Service
	words  *notice.Words
	public *url.URL
	test   bool
}

// New makes the pages. public is the relay's public URL; test marks every page.
func New(core *connect.Service, words *notice.Words, public *url.URL, test bool) *Pages {
	return &Pages{core, words, public, test}
}

// view is what page.html sees.
type view struct {
	notice.Language
	Words    map[string]string // of the receipt
	Style    template.CSS
	Test     bool
	Title    string
	Text     string // of a page without a receipt
	Receipt  *connect.Agreement
	Contacts []notice.Link
	Notice   template.HTML
	At       moment
	Ended    moment
	Withdraw string       // where the button leads; empty without one
	Files    []string     // where the files are: of the decision, of the withdrawal
	Address  string       // of this page
	Mail     template.URL // sends the address
	Code     code         // holds the address, for paper
}

// moment is a time as the page shows it: to a program, to a person, and to who
// must know the second.
type moment struct{ UTC, Written, Exact string }

func momentOf(l notice.Language, t time.Time) moment {
	return moment{connect.Stamp(t), l.Dates.Write(t), t.In(notice.IST).Format("15:04:05") + " IST (UTC+05:30)"}
}

// Show answers with the receipt of a capability, or says why there is none. The
// error, if any, is for the log.
func (p *Pages) Show(w http.ResponseWriter, r *http.Request, capability string) error {
	receipt, err := p.core.Agreement(r.Context(), capability)
	if err != nil {
		return p.without(w, r, err)
	}
	l := p.words.In(receipt.Lang)
	v := view{
		Language: l, Words: notice.Named(l.Receipt, receipt.Controller), Receipt: &receipt,
		Contacts: receipt.Notice.Contacts(), At: momentOf(l, receipt.At), Ended: momentOf(l, receipt.WithdrawnAt),
		Files: []string{p.path(capability) + Suffix}, Address: p.core.Receipts.URL(receipt.ID),
	}
	switch {
	case !receipt.WithdrawnAt.IsZero():
		v.Title = v.Words["withdrawn"]
		v.Files = append(v.Files, p.path(capability)+WithdrawalSuffix)
	case receipt.Given:
		v.Title = v.Words["given"]
		v.Withdraw = p.path(capability) + "/withdraw"
	default:
		v.Title = v.Words["refused"]
	}
	if v.Code, err = codeOf(v.Address); err != nil {
		return p.without(w, r, err)
	}
	v.Mail = mail(v.Title+" · "+receipt.Controller, v.Address)
	v.Notice = receipt.Notice.HTML(pressed(receipt.Given))
	return p.write(w, http.StatusOK, v)
}

// mail is a letter that the person writes to whom she likes, best to herself.
func mail(subject, text string) template.URL {
	return template.URL("mailto:?subject=" + url.PathEscape(subject) + "&body=" + url.PathEscape(text))
}

// File answers with the receipt as a file: of the decision, or of the
// withdrawal. The error, if any, is for the log.
func (p *Pages) File(w http.ResponseWriter, r *http.Request, capability string, ofWithdrawal bool) error {
	file, id, err := p.core.ReceiptFile(r.Context(), capability, ofWithdrawal)
	if err != nil {
		return p.without(w, r, err)
	}
	name := "consent-" + id
	if ofWithdrawal {
		name = "withdrawal-" + id
	}
	p.headers(w)
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+name+`.receipt"`)
	h.Set("Content-Length", strconv.Itoa(len(file)))
	_, _ = w.Write(file)
	return nil
}

// Withdraw does what the button says and leads back to the page, so that
// reloading it repeats nothing. The error, if any, is for the log.
func (p *Pages) Withdraw(w http.ResponseWriter, r *http.Request, capability string) error {
	if err := p.core.WithdrawByReceipt(r.Context(), capability); err != nil {
		return p.without(w, r, err)
	}
	p.headers(w)
	w.Header().Set("Location", p.path(capability))
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// Own reports whether a request comes from the relay's own page, as far as its
// Origin tells.
func (p *Pages) Own(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	return len(origins) == 0 || len(origins) == 1 && origins[0] == p.public.Scheme+"://"+p.public.Host
}

func (p *Pages) path(capability string) string {
	return strings.TrimSuffix(p.public.Path, "/") + "/v1/receipts/" + capability
}

// without answers where there is no receipt to show, in the browser's language.
func (p *Pages) without(w http.ResponseWriter, r *http.Request, err error) error {
	l := p.words.Best(r.Header.Get("Accept-Language"))
	refused, _ := errors.AsType[*connect.Error](err)
	switch {
	case errors.Is(err, connect.ErrGone), refused != nil && refused.Code == wire.ConsentWithdrawn:
		return p.plain(w, http.StatusGone, l, l.Receipt["gone-title"], l.Receipt["gone-text"])
	case refused != nil && refused.Code == wire.NotFound, refused != nil && refused.Code == wire.InvalidRequest:
		return p.plain(w, http.StatusNotFound, l, l.Receipt["missing-title"], l.Receipt["missing-text"])
	case refused != nil && refused.RetryAfter > 0:
		w.Header().Set("Retry-After", strconv.Itoa(int((refused.RetryAfter+time.Second-1)/time.Second)))
	}
	status, code := http.StatusInternalServerError, "unknown"
	if refused != nil {
		status, code = refused.Code.Status(), string(refused.Code)
	}
	text := cmp.Or(l.Messages[code], l.Messages["unknown"])
	return errors.Join(err, p.plain(w, status, l, l.Interface["error-title"], text))
}

func (p *Pages) plain(w http.ResponseWriter, status int, l notice.Language, title, text string) error {
	return p.write(w, status, view{Language: l, Title: title, Text: text})
}

func (p *Pages) write(w http.ResponseWriter, status int, v view) error {
	v.Style, v.Test = style, p.test
	var out bytes.Buffer
	if err := pages.ExecuteTemplate(&out, "page", v); err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return err
	}
	p.headers(w)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.Tag)
	h.Set("Content-Length", strconv.Itoa(out.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes()) // a client that has left is nobody's error
	return nil
}
