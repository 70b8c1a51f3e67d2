import { Show } from 'solid-js';

export function Onboarding(props) {
  return (
    <form action="/onboard" method="post">
      <Show when={props.shown}>
        <ekyc-connect
          sitekey="pk_test_pass"
          purpose="account-opening"
          required
          theme={props.theme}
          disabled={props.disabled}
          value={props.token}
          onInput={e => props.onToken(e.currentTarget.value)}
        />
      </Show>
      <button>Continue</button>
    </form>
  );
}
