package seal

// Hosted is what the hosted page knows from one form to the next. Its length is
// bounded by those of its members: the longest that are taken fit.
type Hosted struct {
	Base         `json:",inline"`
	Origin       string `json:"org"`          // of the partner's page, which gets the answer
	Return       string `json:"ret,omitzero"` // registered URL that takes the answer by a form
	State        string `json:"st,omitzero"`  // the partner's, handed back as it came
	Lang         string `json:"lang"`
	Subject      string `json:"sub,omitzero"`
	NoticeSHA256 string `json:"notice"`
	Key          string `json:"key"`          // idempotency key of the decision
	ConsentID    string `json:"cid,omitzero"` // once there is one
}

func (*Hosted) kind() Kind { return KindHosted }
