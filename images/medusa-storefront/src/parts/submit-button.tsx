'use client';
// A form's button that says so while its form is being sent, and cannot be pressed twice meanwhile.
import type { ReactNode } from 'react';
import { useFormStatus } from 'react-dom';
import styles from './button.module.css';

interface SubmitButtonProps {
  children: ReactNode;
  pendingText: string;
  look?: 'primary' | 'quiet';
  isDisabled?: boolean;
}

export function SubmitButton({ children, pendingText, look = 'primary', isDisabled = false }: SubmitButtonProps) {
  const { pending } = useFormStatus();
  return (
    <button
      type="submit"
      className={look === 'primary' ? styles.primary : styles.quiet}
      disabled={isDisabled}
      // Not `disabled`: a disabled button loses the keyboard's focus.
      aria-disabled={pending}
      onClick={(event) => {
        if (pending) event.preventDefault();
      }}
    >
      {pending ? pendingText : children}
    </button>
  );
}
