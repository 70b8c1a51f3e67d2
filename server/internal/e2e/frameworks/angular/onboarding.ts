import { Component, CUSTOM_ELEMENTS_SCHEMA, signal } from '@angular/core';
import { FormControl, FormGroup, ReactiveFormsModule } from '@angular/forms';

// ngDefaultControl reads value and hears input, as of a text field; ngNativeValidate
// leaves required to the browser.
@Component({
  selector: 'x-onboarding',
  imports: [ReactiveFormsModule],
  schemas: [CUSTOM_ELEMENTS_SCHEMA],
  template: `
    <form ngNativeValidate [formGroup]="form" (ngSubmit)="send()">
      @if (shown()) {
        <ekyc-connect
          ngDefaultControl
          formControlName="ekyc-connect-response"
          [sitekey]="'pk_test_pass'"
          [purpose]="'account-opening'"
          required
          [theme]="theme()"
        ></ekyc-connect>
      }
      <button>Continue</button>
    </form>
  `,
})
export class Onboarding {
  theme = signal('light');
  shown = signal(true);
  form = new FormGroup({ 'ekyc-connect-response': new FormControl('') });

  send() {
    return fetch('/onboard', { method: 'POST', body: new URLSearchParams(this.form.value as Record<string, string>) });
  }
}
