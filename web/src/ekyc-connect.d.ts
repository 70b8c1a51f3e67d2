// The widget's programming interface, whole. A page needs none of it: the element
// in a form does its work alone. It is there for pages that make widgets by
// script, or want to know what happens.
//
//   <script src="https://relay.example/v1/ekyc-connect.js" async crossorigin></script>
//   <ekyc-connect sitekey="pk_…" purpose="account-opening" required></ekyc-connect>
//
// No method, attribute or event gives consent: with live sitekeys only a person's
// own press does.
//
// A project that takes no package keeps this file among its sources, as
// GET /v1/ekyc-connect.d.ts of its relay.

export {};

declare global {
  interface Window {
    readonly EkycConnect: EkycConnect;
  }
  /** Is there once the script has run; see {@link EkycConnect.ready}. */
  const EkycConnect: EkycConnect;

  interface HTMLElementTagNameMap {
    "ekyc-connect": EkycConnectElement;
  }

  interface HTMLElementEventMap extends EkycConnectEventMap {}
  interface DocumentEventMap extends EkycConnectEventMap {}
  interface WindowEventMap extends EkycConnectEventMap {}
}

/**
 * Wrong arguments throw a TypeError that names the argument, at once. Where an id
 * may be left out, the first widget of the page is meant; an element may be given
 * instead of an id.
 */
export interface EkycConnect {
  /** Version of the script, for example "0.1.0". */
  readonly version: string;

  /**
   * Resolves once the widget's program runs, and starts it if nothing else has.
   * Rejects with an {@link EkycConnectError} where it cannot run.
   * @param fn called before the promise resolves
   */
  ready(fn?: () => void): Promise<void>;

  /**
   * Appends a widget to an element of the page.
   * @param container the element, or a selector for it
   * @returns the widget's id
   */
  render(container: Element | string, params: EkycConnectParams): string;

  /** Starts over at the notice. A token is given up, a consent stays recorded. */
  reset(id?: EkycConnectId): void;

  /** Takes the widget out of the page and ends it. */
  remove(id?: EkycConnectId): void;

  /** The field's value: the token, else a sentinel (see {@link EkycConnectSentinel}). */
  getResponse(id?: EkycConnectId): string;

  getState(id?: EkycConnectId): EkycConnectState;

  /** Whether the token or the session has run out. */
  isExpired(id?: EkycConnectId): boolean;

  /**
   * Shows the widget in another language, in the state that it is in.
   * @param lang BCP 47, for example "hi"
   */
  setLanguage(lang: string, id?: EkycConnectId): Promise<void>;

  /**
   * After the vendor refused the letters: a new picture in the same vendor session,
   * under the same consent, then a new token. Rejects with code "session_expired"
   * when the session is over.
   */
  retry(id?: EkycConnectId): Promise<void>;
}

/** What render returned, or the element itself. */
export type EkycConnectId = string | EkycConnectElement;

/** The element's attributes, and functions that are called with its events. */
export interface EkycConnectParams {
  /** Which partner: "pk_…". */
  sitekey: string;
  /** Which notice, for example "account-opening". */
  purpose: string;
  /** Minted by the partner's back end for this visitor; says who the subject is. */
  ticket?: string;
  /** Without a ticket: the partner's own reference, at most 128 printable characters and 384 bytes. */
  subject?: string;
  /** What siteverify returned, to start at a new picture under the same consent. */
  retry?: string;
  /** BCP 47; else the nearest ancestor's lang, else the browser's. */
  lang?: string;
  /** Name of the form's field. Default "ekyc-connect-response". */
  name?: string;
  /** The form is not sent before there is a token, or the person has declined. */
  required?: boolean;
  disabled?: boolean;
  /** Default "auto": as the person's system is. */
  theme?: "auto" | "light" | "dark" | "contrast";
  /** Default "inline"; "hosted": the whole flow on the relay's own page, in a new tab. */
  mode?: "inline" | "hosted";
  /** Default "lazy": nothing is fetched before the widget comes near the viewport. */
  loading?: "lazy" | "eager";
  /**
   * Default "element": the value is the element's own. "input": it stands in an
   * <input type="hidden"> among the element's children instead, for scripts that
   * walk a form for inputs.
   */
  field?: "element" | "input";
  /** With mode "hosted": one of your registered return URLs, for where no window can be opened. */
  return?: string;

  callback?: (token: string) => void;
  expiredCallback?: () => void;
  errorCallback?: (error: EkycConnectProblem) => void;
  declineCallback?: (detail: EkycConnectDecline) => void;
  consentCallback?: (detail: EkycConnectConsent) => void;
}

/**
 * The custom element. Its state stands in the attribute data-state, and in CSS as
 * ekyc-connect:state(captcha). What it shows before it can paint, or where it
 * cannot, are its own children.
 *
 * Custom properties: --ekyc-text, --ekyc-surface, --ekyc-accent, --ekyc-on-accent,
 * --ekyc-border, --ekyc-error (colours), --ekyc-radius, --ekyc-space (lengths),
 * --ekyc-font (font-family).
 *
 * Parts, for ::part(): panel-notice, panel-captcha, panel-done, panel-declined,
 * panel-error, heading, notice, agree, decline, language, captcha, answer, submit,
 * reload, enlarge, contrast, cannot-read, alternative, status, error, retry,
 * receipt, withdraw, view, ribbon.
 */
export interface EkycConnectElement extends HTMLElement {
  readonly shadowRoot: ShadowRoot;
  /**
   * What the form sends: the token, else a sentinel. When it changes, input and
   * change fire. It may be assigned, as form libraries do, and nothing happens.
   */
  value: string;
  /** Takes the id of a form, as the attribute does. */
  get form(): HTMLFormElement | null;
  set form(id: string | null);
  readonly labels: NodeList;
  readonly validity: ValidityState;
  readonly validationMessage: string;
  readonly willValidate: boolean;
  /** As of any form control: whether there is an answer, or none is required. */
  checkValidity(): boolean;
  /** The same, and where one is missing the browser says so at the widget. */
  reportValidity(): boolean;
  /** Leads to the first control of the panel that is shown; a label does so too. */
  focus(options?: FocusOptions): void;

  // Each attribute; see EkycConnectParams. null takes one away.
  sitekey: string;
  purpose: string;
  ticket: string;
  subject: string;
  retry: string;
  lang: string;
  /** "" with field "input": that input has the name. */
  name: string;
  theme: string;
  mode: string;
  loading: string;
  field: string;
  return: string;
  required: boolean;
  disabled: boolean;
}

/**
 * loading → notice → starting → captcha → answering → done; waiting: for the
 * vendor, and it goes on by itself.
 */
export type EkycConnectState =
  | "loading"
  | "notice"
  | "starting"
  | "waiting"
  | "captcha"
  | "answering"
  | "done"
  | "declined"
  | "expired"
  | "error";

/** What the field holds while there is no token; siteverify answers "not-a-token". */
export type EkycConnectSentinel = ".unstarted" | ".loading" | ".declined" | ".expired" | ".unreachable" | ".error";

/** Events of the element; they bubble, out of shadow roots too. */
export interface EkycConnectEventMap {
  "ekyc-state": CustomEvent<EkycConnectStateChange>;
  /** Once a consent: it is recorded. */
  "ekyc-consent": CustomEvent<EkycConnectConsent>;
  "ekyc-decline": CustomEvent<EkycConnectDecline>;
  "ekyc-token": CustomEvent<EkycConnectToken>;
  "ekyc-expire": CustomEvent<Record<string, never>>;
  "ekyc-error": CustomEvent<EkycConnectProblem>;
  /** The widget's own program cannot run here: a button opens the relay's own page instead. */
  "ekyc-degraded": CustomEvent<{ reason: EkycConnectCode }>;
}

export interface EkycConnectStateChange {
  state: EkycConnectState;
  previous: EkycConnectState;
  /** In seconds, with state "waiting". */
  retryAfter?: number;
}

export interface EkycConnectConsent {
  consentId: string;
  /** For the person; absent where the relay gives no receipts. */
  receiptUrl?: string;
}

export interface EkycConnectDecline {
  /** Of the recorded refusal; "" or absent if nothing more was recorded. */
  consentId?: string;
  /** The other way that the person chose; "" or absent if none. */
  alternative?: string;
  reason: "declined" | "other-id" | "cannot-read";
}

export interface EkycConnectToken {
  token: string;
  /** By the device's clock, in milliseconds since 1970. */
  expiresAt: number;
}

export interface EkycConnectProblem {
  code: EkycConnectCode;
  /** Whether the same can succeed later. */
  retryable: boolean;
  /** Who can mend it. */
  fault: "user" | "partner" | "relay" | "vendor";
  /** The relay's id of the request, for its operator; "" where there was none. */
  requestId: string;
  /** What is wrong, for whoever builds the page, as the relay says it; if it has said something. Not for the person. */
  detail?: string;
}

/** What promises reject with; where the widget shows it too, ekyc-error tells whose fault it is. */
export interface EkycConnectError extends Error, Pick<EkycConnectProblem, "code" | "retryable"> {}

export type EkycConnectCode =
  // from the relay
  | "invalid_request"
  | "unknown_sitekey"
  | "unknown_purpose"
  | "session_invalid"
  | "unauthorized"
  | "origin_not_allowed"
  | "ticket_required"
  | "ticket_invalid"
  | "not_found"
  | "method_not_allowed"
  | "notice_changed"
  | "idempotency_conflict"
  | "session_expired"
  | "consent_withdrawn"
  | "body_too_large"
  | "answer_invalid"
  | "subject_looks_like_aadhaar"
  | "rate_limited"
  | "internal"
  | "vendor_rejected"
  | "vendor_bad_answer"
  | "vendor_busy"
  | "vendor_unavailable"
  | "store_unavailable"
  | "vendor_timeout"
  // in the widget
  | "network"
  | "asset_integrity"
  | "wasm_unavailable";

// Frameworks. A part whose framework is not installed is left out: that is what the
// @ts-ignore before its names is for.

/** The element's attributes as a template has them; value is what form libraries assign. */
export type EkycConnectAttributes = Pick<EkycConnectParams, "sitekey" | "purpose"> & { form?: string | undefined; value?: string | undefined } & {
  [Name in Exclude<keyof EkycConnectParams, "sitekey" | "purpose" | `${string}allback`>]?: EkycConnectParams[Name] | undefined;
};

// @ts-ignore
declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      // @ts-ignore
      "ekyc-connect": EkycConnectAttributes & DetailedHTMLProps<HTMLAttributes<EkycConnectElement>, EkycConnectElement> & { class?: string | undefined };
    }
  }
}

// @ts-ignore
declare module "vue" {
  interface GlobalComponents {
    // @ts-ignore
    "ekyc-connect": new () => EkycConnectElement & { $props: EkycConnectAttributes & import("vue").HTMLAttributes & EkycConnectListeners };
  }
}

/** A template's listeners: @ekyc-token="…" is onEkycToken to Vue's types. */
export type EkycConnectListeners = {
  [Event in keyof EkycConnectEventMap as Event extends `ekyc-${infer Name}` ? `onEkyc${Capitalize<Name>}` : never]?: (event: EkycConnectEventMap[Event]) => void;
};
