// What the loader has to know of each state: wasm/flow decides which one holds.
// The names are those of contract and wasm/flow; web/states_test.go compares them.
//
//	field_     what the form's field holds while there is no token
//	sendable_  the person has decided: a required widget lets the form go
//	kept_      an element taken out of its page may come back in this state
//	missing_   the message of the view for a form that is sent too early
const row = (field_, kept_, sendable_, missing_ = 'required') => ({ field_, kept_, sendable_, missing_ });
const busy = row('.loading', true);

export const states = {
  loading: busy,
  notice: row('.unstarted'),
  starting: busy,
  waiting: busy,
  captcha: row('.unstarted', true, false, 'answer_invalid'),
  answering: busy,
  done: row('', true, true),
  declined: row('.declined', false, true),
  expired: row('.expired'),
  error: row('.error'),
};
