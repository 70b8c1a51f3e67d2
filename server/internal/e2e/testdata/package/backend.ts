// A partner's back end in strict TypeScript, with the package.
import { createClient, RelayError, type Client, type RelayCode } from "ekyc-connect/server";

const ekyc: Client = createClient({ relay: "https://consent.example.com", secret: "sk" });

export async function verify(response: string, aadhaar_number: string, otp: string): Promise<string | undefined> {
  const redeemed = await ekyc.siteverify({ response, idempotency_key: "a" });
  if (!redeemed.success) return redeemed["error-codes"][0];
  if (redeemed.consent.subject_source === "ticket" && redeemed.verification) {
    const sent = await ekyc.generateOtp({ verification: redeemed.verification, aadhaar_number, idempotency_key: "b" });
    const { data } = await ekyc.verifyOtp({ verification: sent.verification, otp, idempotency_key: "c" });
    return data.name;
  }
  // @ts-expect-error a refusal is no success
  if (redeemed.success === false) return redeemed.consent.id;
  return undefined;
}

export function advise(error: unknown): string {
  if (!(error instanceof RelayError)) throw error;
  const code: RelayCode = error.code;
  if (code === "vendor_refused") return error.vendor?.message ?? "";
  return error.retryable ? `again in ${error.retryAfter ?? 1} s` : `ask ${error.fault}, about ${error.requestId}`;
}

// @ts-expect-error an idempotency_key is needed: without one a repeat could call the vendor twice
void ekyc.verifyOtp({ verification: "v", otp: "123456" });
