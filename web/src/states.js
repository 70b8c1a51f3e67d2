// What the loader has to know of each state: wasm/flow decides which one holds.
// The names are those of contract and wasm/flow; web/states_test.go compares them.
//
//	field_     what the form's field holds while there is no token
//	sendable_  the person has decided: a required widget lets the form go
//	kept_      an element taken out of its page may come back in this state
//	missing_   the message of the view for a form that is sent too early
const row = (field_, more) => ({ field_, missing_: 'required', ...more });
const busy = row('.loading', { kept_: true });

export const states = {
  loading: busy,
  notice: row('.unstarted'),
  starting: busy,
  waiting: busy,
  captcha: row('.unstarted', { kept_: true, missing_: 'required-letters' }),
  answering: busy,
  done: row('', { sendable_: true, kept_: true }),
  declined: row('.declined', { sendable_: true }),
  expired: row('.expired'),
  error: row('.error'),
};
