import { useForm } from 'react-hook-form';

const answered = value => !value.startsWith('.') || value === '.declined' || 'Please answer.';

export function Onboarding({ theme, disabled, shown, form = useForm(), onSubmit }) {
  const { register, handleSubmit, formState } = form;
  return (
    <form onSubmit={handleSubmit(onSubmit)}>
      {shown && (
        <ekyc-connect
          sitekey="pk_test_pass"
          purpose="account-opening"
          required
          theme={theme}
          {...register('ekyc-connect-response', { disabled, validate: answered })}
        />
      )}
      <p role="alert">{formState.errors['ekyc-connect-response']?.message}</p>
      <button>Continue</button>
    </form>
  );
}
