// The attributes of <ekyc-connect>: the element's properties, and what render takes.
import { keys } from './browser.js';

const text = /^string/;
const some = /^string:./;
const truth = /^boolean/;

// What type and value of each look like, with a colon between.
export const forms = {
  __proto__: null,
  sitekey: some,
  purpose: some,
  ticket: text,
  subject: text,
  retry: text,
  lang: text,
  name: text,
  theme: /:(auto|light|dark|contrast)$/,
  mode: /:(inline|hosted)$/,
  loading: /:(lazy|eager)$/,
  field: /:(element|input)$/,
  return: text,
  required: truth,
  disabled: truth,
};

export const names = keys(forms);
export const isFlag = name => forms[name] == truth;
