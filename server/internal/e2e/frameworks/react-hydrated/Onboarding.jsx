// The script may have run before React comes: suppressHydrationWarning lets the
// element's data-state be.
export function Onboarding({ theme, disabled, shown, onToken }) {
  return (
    <form action="/onboard" method="post">
      {shown && (
        <ekyc-connect
          sitekey="pk_test_pass"
          purpose="account-opening"
          required
          theme={theme}
          disabled={disabled}
          onChange={e => onToken(e.target.value)}
          suppressHydrationWarning
        />
      )}
      <button>Continue</button>
    </form>
  );
}
