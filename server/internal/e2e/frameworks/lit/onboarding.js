import { html, LitElement } from 'lit';

export class Onboarding extends LitElement {
  static properties = { theme: {}, disabled: {}, shown: {}, token: {} };

  render() {
    return html`
      <form action="/onboard" method="post">
        ${this.shown
          ? html`<ekyc-connect
              .sitekey=${'pk_test_pass'}
              .purpose=${'account-opening'}
              required
              .theme=${this.theme}
              ?disabled=${this.disabled}
              .value=${this.token}
              @input=${e => (this.token = e.target.value)}
            ></ekyc-connect>`
          : ''}
        <button>Continue</button>
      </form>
    `;
  }

  // The form in the page itself, where the page's own styles reach it.
  createRenderRoot() {
    return this;
  }
}
