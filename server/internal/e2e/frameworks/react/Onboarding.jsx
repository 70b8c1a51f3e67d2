export function Onboarding({ theme, disabled, shown, token, onToken }) {
  return (
    <form action="/onboard" method="post">
      {shown && (
        <ekyc-connect
          sitekey="pk_test_pass"
          purpose="account-opening"
          required
          theme={theme}
          disabled={disabled}
          value={token}
          onChange={e => onToken(e.target.value)}
        />
      )}
      <button>Continue</button>
    </form>
  );
}
