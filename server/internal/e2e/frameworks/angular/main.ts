import '@angular/compiler';
import { provideZonelessChangeDetection } from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';
import { initial } from '../page.js';
import { Onboarding } from './onboarding.ts';

document.getElementById('app')!.append(document.createElement('x-onboarding'));
const { instance } = (await bootstrapApplication(Onboarding, { providers: [provideZonelessChangeDetection()] })).components[0];
const control = instance.form.get('ekyc-connect-response')!;
(globalThis as any).app = {
  get state() {
    return { token: control.value };
  },
  set({ theme, disabled, shown, token }: Partial<typeof initial>) {
    if (theme !== undefined) instance.theme.set(theme);
    if (shown !== undefined) instance.shown.set(shown);
    if (disabled !== undefined) disabled ? control.disable() : control.enable();
    if (token !== undefined) control.setValue(token);
  },
};
