import type { EkycConnect } from "./ekyc-connect.js";

export type * from "./ekyc-connect.js";

/**
 * Puts the relay's script into the page and waits for it. A page has one script:
 * repeated calls share it, and a tag that stands in the page already is used. After
 * a failure the next call tries anew.
 *
 * @param relayUrl where the relay is, as in "https://consent.example.com"
 * @throws {EkycConnectLoadError}
 */
export function loadEkycConnect(relayUrl: string, options?: LoadOptions): Promise<EkycConnect>;

export interface LoadOptions {
  /** For a page whose policy asks for one. */
  nonce?: string | undefined;
  /** In ms, for the script to be there. Default 30000. */
  timeout?: number | undefined;
}

/** Why the script is not there. */
export class EkycConnectLoadError extends Error {
  readonly code: EkycConnectLoadCode;
  /** Whether the same can succeed later. */
  readonly retryable: boolean;
  private constructor();
}

/**
 * - script_blocked: by the page's policy (script-src, trusted-types) or an extension
 * - wrong_url: no absolute URL, not a relay, or another relay than the page has already
 * - unreachable: nothing answers there
 * - timeout: no answer in time
 * - no_page: called outside a browser
 */
export type EkycConnectLoadCode = "script_blocked" | "wrong_url" | "unreachable" | "timeout" | "no_page";
