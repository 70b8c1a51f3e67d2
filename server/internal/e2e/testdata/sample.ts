// A partner's page in strict TypeScript: what the declarations allow, and what they
// refuse.
import type { EkycConnectConsent, EkycConnectElement, EkycConnectParams } from "../../../../web/src/ekyc-connect";

const params: EkycConnectParams = {
  sitekey: "pk_test_pass",
  purpose: "account-opening",
  required: true,
  theme: "dark",
  callback: (token) => token.toUpperCase(),
  errorCallback: ({ code, retryable }) => retryable && code === "network",
  declineCallback: (detail) => detail.reason === "cannot-read",
};

async function page(): Promise<string> {
  await EkycConnect.ready(() => undefined);
  const id: string = EkycConnect.render("#place", params);
  EkycConnect.render(document.body, { sitekey: "s", purpose: "p" });
  await window.EkycConnect.setLanguage("hi", id);
  await EkycConnect.retry(id);
  if (EkycConnect.getState(id) === "expired" || EkycConnect.isExpired()) EkycConnect.reset(id);
  const element = document.querySelector("ekyc-connect");
  if (element) {
    const typed: EkycConnectElement = element;
    typed.addEventListener("ekyc-token", (e) => e.detail.expiresAt - Date.now());
    typed.addEventListener("ekyc-state", (e) => (e.detail.state === "waiting" ? e.detail.retryAfter : e.detail.previous));
    if (typed.reportValidity() && !typed.value.startsWith(".")) typed.form?.requestSubmit();
    EkycConnect.remove(typed);
  }
  document.addEventListener("ekyc-consent", (e) => {
    const consent: EkycConnectConsent = e.detail;
    return consent.consentId;
  });
  document.addEventListener("ekyc-degraded", (e) => e.detail.reason === "wasm_unavailable");
  return EkycConnect.getResponse();
}

// @ts-expect-error a widget has a purpose
EkycConnect.render("#place", { sitekey: "s" });
// @ts-expect-error there is no such theme
EkycConnect.render("#place", { sitekey: "s", purpose: "p", theme: "pink" });
// @ts-expect-error no method gives consent
EkycConnect.agree();
// @ts-expect-error it cannot be replaced
window.EkycConnect = undefined;
// @ts-expect-error nor its version
EkycConnect.version = "2";
// @ts-expect-error a state that is none
EkycConnect.getState() === "finished";

void page;
