// The awning of a market stall.
export function Logo({ size = 22 }: { readonly size?: number }) {
  return (
    <svg viewBox="0 0 32 32" width={size} height={size} aria-hidden="true">
      <path d="M4 12 7 5h18l3 7a4 4 0 0 1-8 0 4 4 0 0 1-8 0 4 4 0 0 1-8 0Z" fill="var(--accent)" />
      <path d="M6 18v9h20v-9" fill="none" stroke="var(--accent)" strokeWidth="2.5" />
    </svg>
  );
}
