// One labelled field of the address with its own complaint below it, tied together for screen readers.
import { FIELDS, type FieldName } from './address.ts';
import styles from './field.module.css';

interface FieldProps {
  name: FieldName;
  value: string;
  error: string | undefined;
  /** Changes with every answer of the server: the field then starts from `value` again. */
  attempt: number;
  type?: 'text' | 'email' | 'tel';
  isHalf?: boolean;
  choices?: { code: string; name: string }[];
}

export function Field({ name, value, error, attempt, type = 'text', isHalf = false, choices }: FieldProps) {
  const { label, autoComplete, isRequired, longest } = FIELDS[name];
  const errorId = `${name}-error`;
  const common = {
    id: name,
    name,
    autoComplete,
    required: isRequired,
    defaultValue: value,
    'aria-invalid': error !== undefined,
    'aria-describedby': error === undefined ? undefined : errorId,
  };
  return (
    <div className={styles.field} data-half={isHalf || undefined}>
      <label htmlFor={name}>
        {label}
        {!isRequired && <span className={styles.optional}> (optional)</span>}
      </label>
      {choices === undefined ? (
        <input key={attempt} {...common} type={type} maxLength={longest} />
      ) : (
        <select key={attempt} {...common}>
          {choices.length > 1 && <option value="">Choose…</option>}
          {choices.map((choice) => (
            <option key={choice.code} value={choice.code}>
              {choice.name}
            </option>
          ))}
        </select>
      )}
      {error !== undefined && (
        <p id={errorId} className={styles.error}>
          {error}
        </p>
      )}
    </div>
  );
}
