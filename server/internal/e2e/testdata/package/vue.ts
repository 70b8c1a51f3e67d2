// What a template of Vue knows of the element.
import type { GlobalComponents } from "vue";
import type { EkycConnectToken } from "ekyc-connect";

type Props = InstanceType<GlobalComponents["ekyc-connect"]>["$props"];

export const props: Props = { sitekey: "s", purpose: "p", theme: "dark", class: "wide", onEkycToken: (e) => e.detail satisfies EkycConnectToken };
// @ts-expect-error a widget has a purpose
export const a: Props = { sitekey: "s" };
// @ts-expect-error there is no such theme
export const b: Props = { sitekey: "s", purpose: "p", theme: "pink" };
// @ts-expect-error there is no such detail
export const c: Props = { sitekey: "s", purpose: "p", onEkycToken: (e) => e.detail.name };
