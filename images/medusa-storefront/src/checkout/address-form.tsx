'use client';
// Contact and address. Checked on the server in one place; what was typed is kept, each field says what is wrong with it, and
// the keyboard lands on the first one that needs attention.
import { useActionState, useEffect, useRef } from 'react';
import { SubmitButton } from '../parts/submit-button.tsx';
import type { AddressValues, FieldName } from './address.ts';
import styles from './checkout.module.css';
import { type AddressOutcome, saveAddress } from './checkout-actions.ts';
import { Field } from './field.tsx';
import { Problem } from './problem.tsx';

interface AddressFormProps {
  initial: AddressValues;
  countries: { code: string; name: string }[];
}

export function AddressForm({ initial, countries }: AddressFormProps) {
  const [outcome, send] = useActionState(saveAddress, { values: null, errors: {}, message: null, at: 0 });
  const form = useRef<HTMLFormElement>(null);
  useFocusOnProblem(form, outcome);
  const values = outcome.values ?? initial;
  const field = (name: FieldName) => ({ name, value: values[name], error: outcome.errors[name], attempt: outcome.at });
  const wrong = Object.keys(outcome.errors).length;
  return (
    <form ref={form} action={send} className={styles.address} noValidate>
      {wrong > 0 && (
        <Problem>{wrong === 1 ? 'One field needs another look.' : `${wrong} fields need another look.`}</Problem>
      )}
      {outcome.message !== null && <Problem>{outcome.message}</Problem>}
      <Field {...field('email')} type="email" />
      <Field {...field('first_name')} isHalf />
      <Field {...field('last_name')} isHalf />
      <Field {...field('address_1')} />
      <Field {...field('address_2')} isHalf />
      <Field {...field('company')} isHalf />
      <Field {...field('postal_code')} isHalf />
      <Field {...field('city')} isHalf />
      <Field {...field('province')} isHalf />
      <Field {...field('country_code')} isHalf choices={countries} />
      <Field {...field('phone')} type="tel" />
      <div className={styles.submit}>
        <SubmitButton pendingText="Saving…">Continue to delivery</SubmitButton>
      </div>
    </form>
  );
}

function useFocusOnProblem(form: { current: HTMLFormElement | null }, { at, message }: AddressOutcome): void {
  useEffect(() => {
    if (at === 0) return;
    const target = message === null ? '[aria-invalid="true"]' : '[role="alert"]';
    form.current?.querySelector<HTMLElement>(target)?.focus();
  }, [form, at, message]);
}
