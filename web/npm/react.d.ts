import type { ForwardRefExoticComponent, HTMLAttributes, RefAttributes } from "react";
import type { EkycConnectLoadError } from "./index.js";
import type { EkycConnectAttributes, EkycConnectConsent, EkycConnectDecline, EkycConnectElement, EkycConnectEventMap, EkycConnectProblem, EkycConnectStateChange, EkycConnectToken } from "./ekyc-connect.js";

/**
 * The widget. Its ref is the element: `ref.current.value`, `EkycConnect.reset(ref.current)`.
 * Children are shown while nothing can be painted.
 */
export const EkycConnect: ForwardRefExoticComponent<EkycConnectProps & RefAttributes<EkycConnectElement>>;

export interface EkycConnectHandlers {
  onToken?: ((detail: EkycConnectToken) => void) | undefined;
  onDecline?: ((detail: EkycConnectDecline) => void) | undefined;
  onExpire?: (() => void) | undefined;
  /** Of the widget; or, with `relay`, why its script is not there. */
  onError?: ((error: EkycConnectProblem | EkycConnectLoadError) => void) | undefined;
  onConsent?: ((detail: EkycConnectConsent) => void) | undefined;
  onState?: ((detail: EkycConnectStateChange) => void) | undefined;
  onDegraded?: ((detail: EkycConnectEventMap["ekyc-degraded"]["detail"]) => void) | undefined;
}

export type EkycConnectProps = EkycConnectAttributes &
  EkycConnectHandlers & {
    /** The relay's URL: its script is put into the page. Leave it out where a tag does that. */
    relay?: string | undefined;
    /** Of the script, for a page whose policy asks for one. */
    nonce?: string | undefined;
  } & Omit<HTMLAttributes<EkycConnectElement>, keyof EkycConnectAttributes | keyof EkycConnectHandlers | "nonce">;
