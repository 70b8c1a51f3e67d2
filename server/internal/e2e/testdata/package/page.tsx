// A partner's page in strict TypeScript, with the package: what its types allow, and
// what they refuse.
import { useRef, useState } from "react";
import { loadEkycConnect, EkycConnectLoadError, type EkycConnectElement, type EkycConnectToken } from "ekyc-connect";
import { EkycConnect } from "ekyc-connect/react";

export function Page({ hindi }: { hindi?: boolean }) {
  const element = useRef<EkycConnectElement>(null);
  const [token, setToken] = useState<EkycConnectToken>();
  return (
    <form onSubmit={() => element.current?.reportValidity()}>
      <EkycConnect
        ref={element} relay="https://consent.example.com" sitekey="pk_test_pass" purpose="account-opening" required theme="dark"
        lang={hindi ? "hi" : undefined} className="wide" aria-label="Identity"
        onToken={setToken} onExpire={() => setToken(undefined)} onDecline={({ reason }) => reason === "cannot-read"}
        onError={(error) => (error instanceof EkycConnectLoadError ? error.code === "script_blocked" : error.code === "network")}
      >
        <a href="/help">Another way</a>
      </EkycConnect>
      <ekyc-connect sitekey="pk_test_pass" purpose="account-opening" required ref={element} class="wide" />
      {token?.expiresAt}
    </form>
  );
}

export async function script(): Promise<string> {
  const api = await loadEkycConnect("https://consent.example.com", { timeout: 5000 });
  addEventListener("ekyc-token", (e) => e.detail.expiresAt);
  return api.getResponse(document.createElement("ekyc-connect"));
}

// @ts-expect-error a widget has a purpose
export const a = <EkycConnect sitekey="s" />;
// @ts-expect-error there is no such theme
export const b = <ekyc-connect sitekey="s" purpose="p" theme="pink" />;
// @ts-expect-error the detail of a token has no name
export const c = <EkycConnect sitekey="s" purpose="p" onToken={({ name }) => name} />;
// @ts-expect-error a relay is needed
void loadEkycConnect();
