// The calls of a partner's back end. Members have the names of the relay's routes
// (GET /v1/openapi.json), in what is sent and in what is answered.

/**
 * @throws {TypeError} where the URL or the secret cannot be one
 */
export function createClient(options: ClientOptions): Client;

export interface ClientOptions {
  /** The relay's URL, as in "https://consent.example.com". */
  relay: string;
  /** The site's: "sk_…". Keep it out of pages and of the source. */
  secret: string;
  /** Another fetch, for a proxy or a test. */
  fetch?: typeof fetch | undefined;
  /** In ms. Default 15000 for siteverify, 50000 for the two calls that reach the vendor. */
  timeout?: number | undefined;
}

export interface Client {
  /** Redeems a token, once. What is refused is an answer too: look at `success`. */
  siteverify(members: SiteverifyRequest): Promise<SiteverifyAnswer>;
  /** Has the vendor send a one-time password to the person's phone. */
  generateOtp(members: GenerateOtpRequest): Promise<OtpSent>;
  /** Hands the one-time password over; the answer has the person's data. */
  verifyOtp(members: VerifyOtpRequest): Promise<Verified>;
}

export interface SiteverifyRequest {
  /** What the form's field "ekyc-connect-response" holds. */
  response: string;
  /** Refuse a token of another sitekey. */
  sitekey?: string | undefined;
  /** Refuse a token of another person. */
  subject?: string | undefined;
  /** Judge without spending. */
  peek?: boolean | undefined;
  /** Repeats with it get the same answer for 15 minutes. */
  idempotency_key?: string | undefined;
}

export type SiteverifyAnswer = SiteverifySuccess | SiteverifyFailure;

export interface SiteverifyFailure {
  success: false;
  "error-codes": [SiteverifyCode];
  /** In words, with "bad-request". */
  detail?: string;
}

export interface SiteverifySuccess {
  success: true;
  "error-codes": [];
  challenge_ts: string;
  hostname: string;
  origin: string;
  sitekey: string;
  purpose: string;
  vendor_purpose: string;
  consent: {
    id: string;
    given_at: string;
    lang: string;
    subject?: string;
    subject_source?: "ticket" | "page";
    notice: { id: string; version: string; sha256: string };
    receipt_url: string;
  };
  /** The vendor's session; not with `peek`. */
  session_id?: string;
  /** What the person read from the picture; not with `peek`. */
  captcha?: string;
  transaction_id?: string;
  /** For the element's `retry`: a new picture under the same consent. */
  retry?: string;
  /** For generateOtp. Keep it in the person's session, never in a page. */
  verification?: string;
}

export interface GenerateOtpRequest {
  /** From siteverify, or from an earlier generateOtp. */
  verification: string;
  /** 12 digits, as the person typed them; spaces and "-" are allowed. */
  aadhaar_number: string;
  /** A new one for each press of the person, the same for a repeat: the vendor is not called twice. */
  idempotency_key: string;
}

export interface OtpSent {
  /** For verifyOtp; it takes the place of the one before. */
  verification: string;
  expires_at: string;
  expires_in: number;
  consent: { id: string };
  vendor: VendorSaid;
}

export interface VerifyOtpRequest {
  /** From generateOtp, the newest. */
  verification: string;
  /** 4 to 8 digits. */
  otp: string;
  idempotency_key: string;
}

export interface Verified {
  consent: { id: string };
  vendor: VendorSaid & { timestamp?: number };
  data: Person;
}

/** What the vendor says of the person, unchanged: it may have more members, or fewer. */
export interface Person {
  name?: string;
  /** DD-MM-YYYY */
  dateOfBirth?: string;
  gender?: string;
  maskedNumber?: string;
  address?: { [part: string]: unknown };
  /** base64 */
  photo?: string;
  [member: string]: unknown;
}

/** The vendor's own words, for people: do not build on them. */
export interface VendorSaid {
  status: number;
  code?: number;
  sub_code?: string;
  message?: string;
  transaction_id?: string;
}

/** A problem of the relay, or no answer of it. */
export class RelayError extends Error {
  readonly code: RelayCode;
  /** Of the answer; 0 where there was none. */
  readonly status: number;
  /** Whether the same request, with the same idempotency_key, can succeed later. */
  readonly retryable: boolean;
  /** Who can mend it. */
  readonly fault: "user" | "partner" | "relay" | "vendor";
  /** The relay's id of the request, for its operator. */
  readonly requestId: string;
  /** In seconds. */
  readonly retryAfter?: number;
  /** With "already_done": what came of the first request. */
  readonly result?: "ok" | "refused" | "unknown";
  /** With "vendor_refused". */
  readonly vendor?: VendorSaid;
  readonly consent?: { id: string };
  /** With "vendor_refused", from generateOtp: for the element's `retry`. */
  readonly retry?: string;
  private constructor();
}

export type SiteverifyCode =
  | "missing-input-secret"
  | "invalid-input-secret"
  | "missing-input-response"
  | "not-a-token"
  | "invalid-input-response"
  | "sitekey-secret-mismatch"
  | "subject-mismatch"
  | "consent-withdrawn"
  | "already-seen-response"
  | "expired-input-response"
  | "bad-request"
  | "internal-error";

export type RelayCode =
  // from the relay
  | "invalid_request"
  | "session_invalid"
  | "unauthorized"
  | "origin_not_allowed"
  | "not_found"
  | "method_not_allowed"
  | "session_expired"
  | "consent_withdrawn"
  | "body_too_large"
  | "rate_limited"
  | "internal"
  | "vendor_rejected"
  | "vendor_bad_answer"
  | "vendor_busy"
  | "vendor_unavailable"
  | "store_unavailable"
  | "vendor_timeout"
  | "in_progress"
  | "already_done"
  | "aadhaar_invalid"
  | "otp_invalid"
  | "vendor_refused"
  | "vendor_unknown"
  // where it gave no answer
  | "network"
  | "timeout"
  | "bad_answer";
